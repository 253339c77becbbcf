"""Fake trees: the real names and side files of a dataset, empty or with tiny playable media.

For tests, and for trying out a pipeline before the licence arrives. The names come from the recipe's `contents`; where
only their form and number are known, they are invented, and the tree's SIMULATED.json says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fas.datasets.annotations import annotation_path
from fas.datasets.contents import combinations, published_presentations
from fas.datasets.naming import facts, is_safe, words
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.datasets.protocol_files import protocol_files
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import ListFormat, Table
from fas.datasets.selection import satisfies
from fas.datasets.simulated import SIMULATED_FILE
from fas.datasets.templates import placeholders
from fas.errors import FasError
from fas.labels import BONA_FIDE, Split

FRAMES = 4
"""Number of frames of a fake video, folder of frames or annotation file."""

MediaWriter = Callable[[Path, Presentation], None]
Advance = Callable[[int], None]


def empty_media(path: Path, presentation: Presentation) -> None:
    """The media of a tree in which only names matter."""
    path.write_bytes(b"")


def make_fake_tree(
    recipe: Recipe, root: Path, write_media: MediaWriter, advance: Advance = lambda _: None
) -> list[Presentation]:
    """Writes a tree.

    Args:
        recipe: The dataset.
        root: A new or empty folder.
        write_media: Writes one media file, or one frame of a folder of frames.
        advance: Called with 1 after each presentation.

    Returns:
        The presentations, ordered by path.

    Raises:
        FasError: The recipe has no `contents`, the folder is not empty, or cannot be written.
    """
    presentations = published_presentations(recipe, invented=True)
    if not presentations:
        raise FasError(
            f"the recipe of {recipe.name!r} has no `contents` to build a tree from", remedy="see docs/datasets.md"
        )
    try:
        if root.exists() and any(root.iterdir()):
            raise FasError("the folder is not empty", path=root, remedy="give a new folder; nothing is overwritten")
        root.mkdir(parents=True, exist_ok=True)
        _write_text(root / SIMULATED_FILE, json.dumps(_mark(recipe), indent=1) + "\n")
        for presentation in presentations:
            _write_presentation(recipe, root, presentation, write_media)
            advance(1)
        _write_lists(recipe, root, presentations)
        for table in recipe.tables:
            _write_table(table, root, presentations)
        for side in recipe.side_files:
            for one in side.products:
                for values in combinations(one):
                    _write_text(root / side.path.format_map(values), side.text)
    except OSError as error:
        raise FasError(f"the tree cannot be written: {error.strerror}", path=error.filename or root) from None
    return presentations


def _mark(recipe: Recipe) -> dict[str, Any]:
    invented = any(part.invented for part in recipe.contents)
    names = "Some names are invented, since only their form is known." if invented else "The names are the real ones."
    return {
        "simulated": True,
        "made_by": "fas datasets fake",
        "dataset": recipe.name,
        "about": f"No recording of {recipe.title}: a fake tree with its layout. {names}",
    }


def _write_presentation(recipe: Recipe, root: Path, presentation: Presentation, write_media: MediaWriter) -> None:
    path = root / presentation.path
    if "." not in path.name or recipe.media == ("frames",):
        path.mkdir(parents=True, exist_ok=True)
        for number in range(1, FRAMES + 1):
            write_media(path / f"{number:04d}.jpg", presentation)
    else:
        _in_folder(path, lambda: write_media(path, presentation))
    written = recipe.annotations
    file = annotation_path(recipe, presentation)
    if written is None or written.optional or file is None:
        return
    frames = 1 if recipe.media == ("image",) else FRAMES
    rows = "".join(f"{written.example.format(frame=frame)}\n" for frame in range(frames))
    _write_text(root / file, rows)


def _write_lists(recipe: Recipe, root: Path, presentations: list[Presentation]) -> None:
    splits: dict[tuple[str, int | None], dict[Split, list[Presentation]]] = {}
    for file in protocol_files(recipe):
        assert recipe.list_format is not None  # the recipe's checks
        key = file.protocol, file.fold
        if key not in splits:
            splits[key] = protocol_splits(recipe, presentations, *key)
        listed = (one for one in splits[key][file.split] if satisfies(facts(one), file.file.of))
        lines = dict.fromkeys(_list_lines(recipe.list_format, file.split, listed))
        newline = "\r\n" if recipe.list_format.newline == "crlf" else "\n"
        text = newline.join(lines) + (newline if recipe.list_format.last_newline else "")
        _write_text(root / file.path, text)


def _list_lines(written: ListFormat, split: Split, listed: Iterable[Presentation]) -> Iterator[str]:
    codes = written.writes.get(split, {})
    for one in listed:
        meaning = "bona_fide" if one.label == BONA_FIDE else one.attack_type.partition("/")[0]
        yield written.write.format_map({**words(one), "code": codes.get(meaning, codes.get("attack", ""))})


def _write_table(table: Table, root: Path, presentations: list[Presentation]) -> None:
    listed = [one for one in presentations if satisfies(facts(one), ({k: (v,) for k, v in table.sets.items()},))]
    if table.line is None:
        content = {one.path.removeprefix(table.prefix): _row(table, one.attributes) for one in listed}
        _write_text(root / table.path, json.dumps(content))
        return
    newline = "\r\n" if table.newline == "crlf" else "\n"
    lines = [*table.header.splitlines()]
    needed = placeholders(table.write)
    for one in listed:
        path = one.path.removeprefix(table.prefix)
        known = {**words(one), "path": path, "backslashed": path.replace("/", "\\")}
        if needed <= known.keys():  # otherwise this table does not list it
            lines.append(table.write.format_map(known))
    _write_text(root / table.path, "".join(f"{line}{newline}" for line in lines))


def _row(table: Table, attributes: Mapping[str, str]) -> list[int]:
    row = [0] * (max(table.columns.values()) + 1)
    for name, column in table.columns.items():
        row[column] = int(attributes.get(name, 0))
    return row


def _write_text(path: Path, text: str) -> None:
    assert is_safe(path.name)
    _in_folder(path, lambda: path.write_text(text, "utf-8", newline=""))


def _in_folder(path: Path, write: Callable[[], object]) -> None:
    """Writes a file, and makes its folder only if it is missing: a call for each of a million files would be slow."""
    try:
        write()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        write()
