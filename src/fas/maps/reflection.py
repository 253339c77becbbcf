"""Reflection of a spoof medium: what a reflection estimator finds, cut to the face (BASN, section 3.1, equation 2)."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray


class ReflectionEstimator(Protocol):
    """Estimates the light that was added to an image by a reflecting surface."""

    @property
    def identity(self) -> dict[str, str]:
        """Name and settings or weight hash: goes into the store, since another estimator gives other maps."""

    def __call__(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The reflection layer of an RGB crop `(H, W, 3)`: float32, not negative, `(h, w, 3)`, in any fixed unit."""


def reflection_map(
    crop: NDArray[np.uint8],
    depth: NDArray[np.float32],
    estimator: ReflectionEstimator,
    size: int = 64,
    threshold: float = 0.0,
) -> NDArray[np.float32]:
    """The reflection inside the face, each channel divided by its maximum there.

    Args:
        crop: uint8 RGB `(H, H, 3)`.
        depth: The face's depth map of the same crop, float32 `(h, h)`; resized to `size` where it has another size.
        estimator: Gives the reflection layer.
        size: Side of the map in pixels.
        threshold: The face is where the depth is greater than this; 0 takes the whole face.

    Returns:
        float32 `(size, size, 3)` in [0, 1], 0 outside the face. The maximum of each channel is 1; a channel without
        any reflection in the face stays 0.
    """
    if depth.shape != (size, size):
        depth = cv2.resize(depth, (size, size), interpolation=cv2.INTER_AREA)
    layer = cv2.resize(estimator(crop), (size, size), interpolation=cv2.INTER_AREA)
    layer = np.where((depth > threshold)[..., None], layer, np.float32(0))
    maximum = layer.max(axis=(0, 1))
    return np.divide(layer, maximum, out=np.zeros_like(layer), where=maximum > 0)
