"""Frames with a real face, from a photo inside an installed package (scikit-image's astronaut, public domain)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut


def face_frames(count: int, *, height: int = 320, width: int = 240, step: int = 3) -> list[NDArray[np.uint8]]:
    """The astronaut's face, drifting to the left by `step` pixels a frame."""
    photo = astronaut()
    top, left = 10, 80
    return [np.ascontiguousarray(photo[top : top + height, left + step * i :][:, :width]) for i in range(count)]


def blank_frames(count: int, *, height: int = 320, width: int = 240) -> list[NDArray[np.uint8]]:
    """Frames without a face."""
    ramp = np.linspace(60, 120, width, dtype=np.uint8)
    return [np.broadcast_to(ramp[None, :, None], (height, width, 3)).copy()] * count
