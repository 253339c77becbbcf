"""Face boxes and eye positions that come with a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fas.datasets.naming import stem_of, words
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.datasets.selection import satisfies
from fas.errors import FasError

_SEPARATOR = re.compile(r"\s*,\s*|\s+")
_EYE_COLUMNS = ("eye1_x", "eye1_y", "eye2_x", "eye2_y")


class AnnotationError(FasError):
    """Annotations that cannot be read: their presentation fails, the others continue."""


@dataclass(frozen=True, slots=True)
class FrameAnnotation:
    """The annotation of one frame, in pixels of the image.

    Attributes:
        box: float32 `(4,)`: left, top, right, bottom; None if there is none.
        eyes: float32 `(2, 2)`: the eye on the image's left and the one on its right, each x, y; None if there are none.
    """

    box: NDArray[np.float32] | None
    eyes: NDArray[np.float32] | None


def annotation_path(recipe: Recipe, presentation: Presentation) -> str | None:
    """The path of a presentation's annotations, whether or not the file is there; None if there is none.

    None, too, for annotations inside the media file and for a list that covers all presentations: no file is missing
    without them.
    """
    written = recipe.annotations
    if written is None or written.array or "{" not in written.path:
        return None
    known = words(presentation)
    return written.path.format_map(known) if satisfies(known, written.only) else None


def read_annotations(
    recipe: Recipe, root: Path, presentation: Presentation, size: tuple[int, int]
) -> dict[int, FrameAnnotation]:
    """Reads the annotations of one presentation.

    Args:
        recipe: The dataset.
        root: Its raw tree.
        presentation: The presentation.
        size: Width and height of its frames.

    Returns:
        Frame, from 0 -> its annotation. Frames without a row, and rows that mean that nothing was found (zeros, a
        box without area), are not in it. Empty without a file.

    Raises:
        AnnotationError: The file cannot be read, a row is not of the recipe's form, or frames do not count up.
    """
    written = recipe.annotations
    if written is None:
        return {}
    known = words(presentation)
    if not satisfies(known, written.only):
        return {}
    file = root / written.path.format_map(known)
    if not file.is_file():
        return {}
    if written.array:
        rows: Iterable[tuple[int, Sequence[str]]] = _array_rows(file, written.array)
    elif "{" in written.path:
        rows = _text_rows(file)
    else:
        rows = _shared_list(file, written.columns).get(stem_of(presentation.path), ())
    scale = np.ones(2) if written.grid is None else np.array(size) / written.grid
    found = {}
    before = -1.0
    for position, (line, row) in enumerate(rows):
        values = _values(file, line, row, written.columns)
        frame = values.get("frame", float(position))
        if not frame.is_integer() or frame <= before:  # a column of something else would pass as frames
            raise AnnotationError(f"line {line}: {frame:g} is not a frame after {before:g}", path=file)
        before = frame
        one = FrameAnnotation(_box(values, scale), _eyes(values, scale))
        if one.box is not None or one.eyes is not None:
            found[int(frame)] = one
    return found


def _box(values: Mapping[str, float], scale: NDArray[np.float64]) -> NDArray[np.float32] | None:
    if "left" not in values:
        return None
    left, top = values["left"], values["top"]
    right = values["right"] if "right" in values else left + values["width"]
    bottom = values["bottom"] if "bottom" in values else top + values["height"]
    if right <= left or bottom <= top:
        return None
    return (np.array([left, top, right, bottom]) * np.tile(scale, 2)).astype(np.float32)


def _eyes(values: Mapping[str, float], scale: NDArray[np.float64]) -> NDArray[np.float32] | None:
    if "eye1_x" not in values:
        return None
    eyes = np.array([values[name] for name in _EYE_COLUMNS]).reshape(2, 2)
    return (eyes * scale).astype(np.float32) if eyes.any() else None


def _values(file: Path, line: int, row: Sequence[str], columns: Sequence[str]) -> dict[str, float]:
    for form in columns:
        names = form.split()
        if len(names) == len(row):
            try:
                return {name: float(value) for name, value in zip(names, row, strict=True) if name not in ("_", "path")}
            except ValueError:
                break
    wanted = "; or ".join(columns)
    raise AnnotationError(f"line {line}, {' '.join(row)[:60]!r}, is not of the form: {wanted}", path=file)


def _text_rows(file: Path) -> list[tuple[int, list[str]]]:
    try:
        lines = file.read_text("utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise AnnotationError(f"the annotations cannot be read: {error.strerror}", path=file) from None
    stripped = ((number, line.strip()) for number, line in enumerate(lines, start=1))
    return [(number, _SEPARATOR.split(text)) for number, text in stripped if text]


@lru_cache(maxsize=4)
def _shared_list(file: Path, columns: tuple[str, ...]) -> dict[str, list[tuple[int, list[str]]]]:
    """Path without suffix -> rows, of a file that covers many presentations."""
    position = columns[0].split().index("path")
    found: dict[str, list[tuple[int, list[str]]]] = {}
    for line, row in _text_rows(file):
        if len(row) > position:
            found.setdefault(stem_of(row[position].replace("\\", "/")), []).append((line, row))
    return found


def _array_rows(file: Path, array: str) -> list[tuple[int, list[str]]]:
    import h5py

    try:
        with h5py.File(file) as content:
            values = np.atleast_2d(np.asarray(content[array]))
    except (OSError, KeyError) as error:
        raise AnnotationError(f"the array {array} cannot be read: {error}", path=file) from None
    return [(number, [str(value) for value in row]) for number, row in enumerate(values.tolist(), start=1)]
