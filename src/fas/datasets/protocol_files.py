"""The protocols' text files that come with a dataset, compared with the recipe's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fas.datasets.presentation import BONA_FIDE, Presentation
from fas.datasets.protocol import folds, protocol_splits
from fas.datasets.recipe import SPLITS, ListFormat, Recipe, Split


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One place where a text file and the rules differ.

    Attributes:
        path: The text file, relative to the dataset's root.
        line: The line, from 1; None where it is about the file as a whole.
        problem: What is wrong.
    """

    path: str
    line: int | None
    problem: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f':{self.line}'}: {self.problem}"


def protocol_files(recipe: Recipe) -> Iterator[tuple[str, int | None, dict[Split, str]]]:
    """The text files that come with a dataset.

    Yields:
        Protocol, fold, and for each split the path relative to the root.
    """
    for name, rules in recipe.protocols.items():
        if rules.lists is not None:
            for fold in folds(recipe, name):
                yield name, fold, {s: rules.lists.format(split=s, Split=s.capitalize(), fold=fold) for s in SPLITS}


def check_protocol_files(
    recipe: Recipe,
    root: Path,
    expected: Iterable[Presentation],
    protocol: str | None = None,
    fold: int | None = None,
) -> list[Disagreement]:
    """Compares the text files in a tree with what the rules make of the names.

    Byte order marks, CRLF, blank lines and blanks around a line are accepted. Where `expected` is part of a dataset
    only (a simulated tree), folds that have an empty split are left out: they cannot be used and need no lists.

    Args:
        recipe: The dataset.
        root: Its raw tree.
        expected: What the lists should speak of, whether or not its media files are there (`DatasetIndex.expected`).
        protocol: Only this protocol; None for all.
        fold: Only this fold; None for all.
    """
    expected = list(expected)
    by_id = {presentation.video_id: presentation for presentation in expected}
    found: list[Disagreement] = []
    for name, number, paths in protocol_files(recipe):
        if protocol not in (None, name) or fold not in (None, number):
            continue
        assert recipe.list_format is not None  # the recipe's checks
        splits = protocol_splits(recipe, expected, name, number)
        if not all(splits.values()):
            continue
        for split, presentations in splits.items():
            rules = {presentation.video_id for presentation in presentations}
            found += _compare(recipe.list_format, root, paths[split], rules, by_id)
    return found


def _compare(
    written: ListFormat, root: Path, path: str, rules: set[str], by_id: Mapping[str, Presentation]
) -> Iterator[Disagreement]:
    try:
        # Bytes that are no text become a sign that matches no line, which is then reported by its number.
        lines = (root / path).read_text("utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        yield Disagreement(path, None, f"cannot be read: {error.strerror}")
        return
    listed: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        match = written.line.fullmatch(text)
        if match is None:
            yield Disagreement(path, number, f"{text[:60]!r} is not of the form {written.line.pattern}")
            continue
        video_id, code = match["video_id"], match["code"]
        if video_id in listed:
            yield Disagreement(path, number, f"{video_id} stands in line {listed[video_id]} already")
            continue
        listed[video_id] = number
        presentation = by_id.get(video_id)
        if presentation is None:
            yield Disagreement(path, number, f"{video_id} is no video of the dataset")
        elif video_id not in rules:
            yield Disagreement(path, number, f"{video_id} does not belong here by the protocol's rules")
        elif not _agrees(written.codes.get(code), presentation):
            kind = presentation.attack_type or "bona fide"
            yield Disagreement(path, number, f"{video_id} is {kind} by its name, but is listed with {code}")
    for video_id in sorted(rules - set(listed)):
        yield Disagreement(path, None, f"{video_id} belongs here by the protocol's rules, but is not listed")


def _agrees(meaning: str | None, presentation: Presentation) -> bool:
    if presentation.label == BONA_FIDE:
        return meaning == "bona_fide"
    return meaning in ("attack", presentation.attack_type.partition("/")[0])
