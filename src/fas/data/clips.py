"""Cuts presentations into clips, by one rule for training, testing, prediction and report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.data.batch import Clip


def clip_starts(presentations: NDArray[np.integer], frames: NDArray[np.integer], clip: Clip) -> NDArray[np.intp]:
    """Positions of the frames where a whole clip can start: all its frames exist, by their numbers.

    A frame that is missing (no face was found, or it was not stored) breaks every clip that needs it.

    Args:
        presentations: `(N,)` integer codes; together with `frames` sorted ascending.
        frames: `(N,)` frame numbers.
        clip: Length and step.

    Returns:
        Ascending positions in 0..N-1.
    """
    # One ascending key per frame: numbers of different presentations are further apart than any clip is long.
    gap = int(frames.max(initial=0)) + (clip.length - 1) * clip.step + 1
    keys = presentations.astype(np.int64) * gap + frames
    whole = np.ones(len(keys), dtype=bool)
    for place in range(1, clip.length):
        wanted = keys + place * clip.step
        found = np.searchsorted(keys, wanted)
        whole &= keys[np.minimum(found, len(keys) - 1)] == wanted
    return np.flatnonzero(whole)


def separate_starts(
    starts: NDArray[np.intp], presentations: NDArray[np.integer], frames: NDArray[np.integer], clip: Clip
) -> NDArray[np.intp]:
    """The starts that testing uses: the first, then each next one at least `clip.length` frame numbers later.

    Args:
        starts: From `clip_starts`.
        presentations: As for `clip_starts`.
        frames: As for `clip_starts`.
        clip: Length and step.

    Returns:
        Some of `starts`, ascending.
    """
    kept = []
    last: tuple[int, int] | None = None
    for start in starts.tolist():
        here = int(presentations[start]), int(frames[start])
        if last is None or here[0] != last[0] or here[1] >= last[1] + clip.length:
            kept.append(start)
            last = here
    return np.array(kept, dtype=np.intp)


def clip_rows(frames: NDArray[np.integer], start: int, stop: int, row: int, clip: Clip) -> NDArray[np.intp]:
    """Rows of the frames of one clip.

    Args:
        frames: `(rows,)` frame numbers of a whole index, ascending within a presentation.
        start: First row of the presentation.
        stop: The row after its last.
        row: The row of the clip's first frame.
        clip: Length and step.

    Returns:
        `(length,)`.
    """
    wanted = int(frames[row]) + np.arange(clip.length) * clip.step
    found: NDArray[np.intp] = start + np.searchsorted(frames[start:stop], wanted)
    return found
