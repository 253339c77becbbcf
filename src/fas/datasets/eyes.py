"""Eye positions that come with a dataset."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError

_LINE = re.compile(r"\s*,\s*".join([r"(\d{1,9})"] + [r"(-?\d{1,9})"] * 4))


def read_eyes(path: Path, frames: int) -> NDArray[np.float32] | None:
    """Reads lines `frame,x1,y1,x2,y2`, frames counted from 0; `0,0,0,0` means not found.

    Args:
        path: The eye file of a video.
        frames: How many frames the video has. A shorter file is filled up, lines beyond are left out.

    Returns:
        float32 `(frames, 2, 2)`: per frame the eye on the image's left and the one on its right, each x, y in pixels;
        NaN where the file has no position. None if there is no such file.

    Raises:
        FasError: The file cannot be read, or a line is not of that form.
    """
    try:
        lines = path.read_text("utf-8-sig", errors="replace").split("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FasError(f"the eye positions cannot be read: {error.strerror}", path=path) from None
    eyes = np.full((frames, 2, 2), np.nan, dtype=np.float32)
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise FasError(f"line {number}, {text[:60]!r}, is not frame,x1,y1,x2,y2", path=path)
        frame, *position = (int(value) for value in match.groups())
        if frame < frames and any(position):
            eyes[frame] = np.reshape(position, (2, 2))
    return eyes
