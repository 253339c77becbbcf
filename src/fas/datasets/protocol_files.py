"""The protocols' text files that come with a dataset, compared with the recipe's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fas.datasets.naming import facts, stem_of
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import folds, protocol_splits
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import ListFile, ListFormat
from fas.datasets.selection import satisfies
from fas.labels import BONA_FIDE, SPLITS, Split

_DEVEL = {"train": "train", "dev": "devel", "test": "test"}
"""How Idiap names the splits."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One place where a text file and the rules disagree.

    Attributes:
        path: The text file, relative to the dataset's root.
        line: The line, from 1; None for the file as a whole.
        problem: What is wrong.
    """

    path: str
    line: int | None
    problem: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f':{self.line}'}: {self.problem}"


@dataclass(frozen=True, slots=True)
class ProtocolFile:
    """One text file.

    Attributes:
        path: Relative to the root.
        protocol: Its protocol.
        fold: Its fold; None without folds.
        split: Its split.
        file: The recipe's entry for it.
    """

    path: str
    protocol: str
    fold: int | None
    split: Split
    file: ListFile


def protocol_files(recipe: Recipe) -> Iterator[ProtocolFile]:
    """The text files that come with a dataset: those of the splits that each protocol has."""
    for name, rules in recipe.protocols.items():
        for file in rules.lists:
            for fold in folds(recipe, name):
                for split in SPLITS:
                    if getattr(rules, split):
                        words = {"split": split, "Split": split.capitalize(), "devel": _DEVEL[split], "fold": fold}
                        yield ProtocolFile(file.path.format_map(words), name, fold, split, file)


def check_protocol_files(
    recipe: Recipe,
    root: Path,
    expected: Iterable[Presentation],
    protocol: str | None = None,
    fold: int | None = None,
) -> list[Disagreement]:
    """Compares the text files in a tree with the recipe's rules.

    Byte order marks, CRLF, blank lines and blanks around a line are accepted. Where `expected` is only part of a
    dataset (a simulated tree), folds with an empty split are skipped: they cannot be used and need no lists.

    Args:
        recipe: The dataset.
        root: Its raw tree.
        expected: What the lists should name, whether or not the media files exist (`DatasetIndex.expected`).
        protocol: Only this protocol; None for all.
        fold: Only this fold; None for all.
    """
    expected = list(expected)
    found: list[Disagreement] = []
    known: dict[tuple[str, int | None], dict[Split, list[Presentation]]] = {}
    for file in protocol_files(recipe):
        key = file.protocol, file.fold
        if protocol not in (None, file.protocol) or fold not in (None, file.fold):
            continue
        if key not in known:
            known[key] = protocol_splits(recipe, expected, *key)
        rules = recipe.protocols[file.protocol]
        if not all(presentations for split, presentations in known[key].items() if getattr(rules, split)):
            continue
        here = [one for one in known[key][file.split] if satisfies(facts(one), file.file.of)]
        assert recipe.list_format is not None  # the recipe's checks
        found += _Comparison(recipe.list_format, expected).compare(root, file.path, here)
    return found


class _Comparison:
    """Compares lists, whose lines name presentations by `video_id` or path, or subjects."""

    def __init__(self, written: ListFormat, expected: Iterable[Presentation]) -> None:
        self._written = written
        self._by_path = "path" in written.line.groupindex
        self._subjects = "subject" in written.line.groupindex
        self._known: Mapping[str, Presentation] = {self._key(one): one for one in expected}

    def _key(self, one: Presentation) -> str:
        if self._subjects:
            return one.subject
        return stem_of(one.path) if self._by_path else one.video_id

    def compare(self, root: Path, path: str, rules: Iterable[Presentation]) -> Iterator[Disagreement]:
        belongs = {self._key(one) for one in rules}
        try:
            # Bytes that are not UTF-8 become a character that matches no line format, so the line is reported.
            lines = (root / path).read_text("utf-8-sig", errors="replace").split("\n")
        except OSError as error:
            yield Disagreement(path, None, f"cannot be read: {error.strerror}")
            return
        listed: dict[str, int] = {}
        for number, line in enumerate(lines, start=1):
            text = line.strip()
            if not text:
                continue
            match = self._written.line.fullmatch(text)
            if match is None:
                problem = f"{text[:60]!r} is not of the form {self._written.line.pattern}"
                yield Disagreement(path, number, problem)
                continue
            groups = match.groupdict()
            key = groups.get("video_id") or groups.get("subject") or stem_of(groups["path"].replace("\\", "/"))
            if key in listed:
                yield Disagreement(path, number, f"{key} repeats line {listed[key]}")
                continue
            listed[key] = number
            if problem := self._problem(key, groups.get("code"), belongs):
                yield Disagreement(path, number, problem)
        for key in sorted(belongs - set(listed)):
            yield Disagreement(path, None, f"{key} belongs here by the protocol's rules, but is not listed")

    def _problem(self, key: str, code: str | None, belongs: set[str]) -> str:
        presentation = self._known.get(key)
        if presentation is None:
            return f"{key} is not a {'subject' if self._subjects else 'video'} of the dataset"
        if key not in belongs:
            return f"{key} does not belong here by the protocol's rules"
        if code is not None and not _agrees(self._written.codes.get(code), presentation):
            kind = presentation.attack_type or "bona fide"
            return f"{key} is {kind} by its name, but is listed with {code}"
        return ""


def _agrees(meaning: str | None, presentation: Presentation) -> bool:
    if presentation.label == BONA_FIDE:
        return meaning == "bona_fide"
    return meaning in ("attack", presentation.attack_type.partition("/")[0])
