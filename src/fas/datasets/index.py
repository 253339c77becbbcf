"""From a raw tree on disk to the table of its presentations, with every missing or unexpected file by name."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from fas.datasets.annotations import annotation_path
from fas.datasets.contents import covers_all, published_presentations
from fas.datasets.dataset_name import DatasetName
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol_files import protocol_files
from fas.datasets.recipe import Recipe
from fas.datasets.simulated import SIMULATED_FILE, read_simulated
from fas.datasets.tables import read_tables
from fas.datasets.tree import printable, walk_files
from fas.errors import FasError, FasWarning

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
"""Files that make a folder one of frames."""


@dataclass(frozen=True, slots=True)
class DatasetIndex:
    """The content of a raw tree.

    Attributes:
        name: The dataset's name; that of a simulated tree says so, so that the two never share a store.
        recipe: The dataset.
        root: The tree.
        presentations: The presentations found, ordered by path.
        expected: The presentations that should exist, if known: of the published dataset, of a manifest, or that a
            simulated tree declares.
        missing: Paths of media files, of their annotations and of what tables list that should be there and are not,
            ordered.
        unexpected: Paths that belong to no part of the dataset, ordered; unprintable characters are escaped.
    """

    name: DatasetName
    recipe: Recipe
    root: Path
    presentations: list[Presentation]
    expected: list[Presentation]
    missing: list[str]
    unexpected: list[str]

    @property
    def simulated(self) -> bool:
        """Whether the tree is marked as simulated."""
        return self.name.simulated


def index_dataset(recipe: Recipe, root: Path, *, strict: bool = False) -> DatasetIndex:
    """Walks a tree once and reads every name by the recipe's grammar. No media file is opened.

    Args:
        recipe: The dataset.
        root: Its raw tree.
        strict: Raise for missing and unexpected files instead of warning.

    Raises:
        FasError: The tree has no presentation; two files are the same presentation; a file is in another split's
            folder than published; a link leaves the tree; a folder or table cannot be read; with `strict`, a file is
            missing or unexpected.

    Warns:
        FasWarning: Files are missing or unexpected: how many, and the first by name.
    """
    with _collector_paused():
        index = _index(recipe, root)
    _report(index, strict)
    return index


def _index(recipe: Recipe, root: Path) -> DatasetIndex:
    expected = published_presentations(recipe)
    simulated = read_simulated(recipe, root, expected)
    if simulated is not None:
        expected = simulated.expected
    tables = read_tables(recipe, root)
    found, others = _read_names(recipe, NameReader(recipe, tables), root)
    if not found:
        raise _nothing_found(recipe, root, expected, others)
    _check_splits(root, found, expected)
    annotations = {path for one in found.values() if (path := annotation_path(recipe, one)) is not None}
    optional = recipe.annotations is not None and recipe.annotations.optional
    further = recipe.other_files + (() if simulated is None else simulated.other_files)
    return DatasetIndex(
        name=DatasetName(recipe.name, simulated=simulated is not None),
        recipe=recipe,
        root=root,
        presentations=sorted(found.values(), key=lambda one: one.path),
        expected=expected,
        missing=sorted(
            {one.path for one in expected if one.video_id not in found}
            | (set() if optional else annotations - others)
            | _unfound(found, tables)
        ),
        unexpected=sorted(
            _unpublished(recipe, found, expected) | _unknown_files(recipe, others - annotations, further)
        ),
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pauses Python's garbage collector: on a million objects that all stay it takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _report(index: DatasetIndex, strict: bool) -> None:
    for what, paths in (("missing", index.missing), ("unexpected", index.unexpected)):
        if paths:
            files = "1 file is" if len(paths) == 1 else f"{len(paths)} files are"
            cause = f"{files} {what}: {', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''}"
            remedy = f"`fas datasets show` with --root {index.root} --list - lists them all"
            problem = FasError(cause, path=index.root, remedy=remedy)
            if strict:
                raise problem
            warnings.warn(str(problem), FasWarning, stacklevel=3)


def _read_names(recipe: Recipe, reader: NameReader, root: Path) -> tuple[dict[str, Presentation], set[str]]:
    """The presentations by their id, and every other path (printable; folders that were not entered included)."""
    found: dict[str, Presentation] = {}
    others: set[str] = set()
    in_folders = "frames" in recipe.media
    in_files = any(kind != "frames" for kind in recipe.media)
    folder, of_folder = None, None  # files come folder by folder
    for path, is_file in walk_files(root):
        presentation = reader.read(path) if is_file and in_files else None
        if presentation is None and is_file and in_folders and path.lower().endswith(FRAME_SUFFIXES):
            if path.rpartition("/")[0] != folder:
                folder = path.rpartition("/")[0]
                of_folder = reader.read(folder)
            presentation = of_folder
        if presentation is None:
            others.add(printable(path))
        elif found.setdefault(presentation.video_id, presentation) is not presentation:
            first = found[presentation.video_id].path
            if first == presentation.path:
                continue
            raise FasError(
                f"presentation {presentation.video_id} exists twice: {first} and {path}",
                path=root,
                remedy="keep one of the two files",
            )
    return found, others


def _check_splits(root: Path, found: Mapping[str, Presentation], expected: Iterable[Presentation]) -> None:
    for published in expected:
        presentation = found.get(published.video_id)
        if presentation is not None and presentation.split != published.split:
            raise FasError(
                f"{presentation.video_id} is in the {presentation.split} split, but was published in {published.split}",
                path=root / presentation.path,
                remedy=f"move it to {published.path}: subjects must not be in two splits",
            )


def _unfound(found: Mapping[str, Presentation], tables: Collection[str]) -> set[str]:
    """Entries of tables, by path or by id, that the tree lacks."""
    paths = {one.path for one in found.values()} if tables else set()
    return {key for key in tables if key not in found and key not in paths}


def _unpublished(recipe: Recipe, found: Mapping[str, Presentation], expected: Iterable[Presentation]) -> set[str]:
    if not covers_all(recipe):
        return set()
    known = {presentation.video_id for presentation in expected}
    return {presentation.path for video_id, presentation in found.items() if video_id not in known}


def _unknown_files(recipe: Recipe, others: set[str], patterns: Iterable[str]) -> set[str]:
    lists = {file.path for file in protocol_files(recipe)} | {table.path for table in recipe.tables}
    unknown = others - lists - {SIMULATED_FILE}
    return {path for path in unknown if not any(fnmatchcase(path, pattern) for pattern in patterns)}


def _nothing_found(recipe: Recipe, root: Path, expected: list[Presentation], others: set[str]) -> FasError:
    patterns = " or ".join(pattern.pattern for pattern in recipe.grammar)
    wanted = f"files such as {expected[0].path}" if expected else f"paths that match {patterns}"
    there = f"there are {len(others)} other files, such as {min(others)}" if others else "there are no files at all"
    return FasError(
        f"no presentation of {recipe.title} found: looked for {wanted}; {there}",
        path=root,
        remedy="give the folder that has these files as --root",
    )
