"""Reflection of a spoof medium: the output of an estimator, masked to the face (BASN, section 3.1, equation 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.maps.network import SeparationNetwork
from fas.maps.shape_colour import ShapeColour
from fas.maps.yang import YangSuppression


class ReflectionEstimator(Protocol):
    """Estimates the light that was added to an image by a reflecting surface."""

    @property
    def identity(self) -> dict[str, str]:
        """Name and settings or weight hash: goes into the store, since another estimator gives other maps."""

    def __call__(self, crop: NDArray[np.uint8], depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """The reflection layer of a crop.

        Args:
            crop: uint8 RGB `(H, H, 3)`.
            depth: The depth map of the same crop, float32 `(h, h)`; 0 is outside the face.

        Returns:
            float32 `(n, n, 3)` of any size, not negative, in any unit.
        """


DEFAULT_ESTIMATOR = "shape-colour"
"""The one that matches known reflections best (docs/maps.md)."""

ESTIMATORS = (DEFAULT_ESTIMATOR, "yang", "network")
"""The names that `make_estimator` knows."""


def make_estimator(name: str = DEFAULT_ESTIMATOR, weights: Path | None = None) -> ReflectionEstimator:
    """A reflection estimator by name.

    Args:
        name: One of `ESTIMATORS`.
        weights: The weight file; `network` needs one, the others do not accept one.

    Raises:
        FasError: The name is unknown; the weights are missing, unreadable or not accepted.
    """
    if name not in ESTIMATORS:
        raise FasError(f"there is no reflection estimator {name!r}", remedy=f"choose one of: {', '.join(ESTIMATORS)}")
    if name == "network":
        if weights is None:
            raise FasError(
                "the reflection estimator 'network' needs a weight file", remedy="give --reflection-weights FILE"
            )
        return SeparationNetwork(weights)
    if weights is not None:
        raise FasError(
            f"the reflection estimator {name!r} has no weights",
            path=weights,
            remedy="leave the weights out, or choose network",
        )
    return YangSuppression() if name == "yang" else ShapeColour()


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
    layer = cv2.resize(estimator(crop, depth), (size, size), interpolation=cv2.INTER_AREA)
    face = depth > threshold
    inside = layer[face]
    maximum = inside.max(axis=0, initial=0)
    normalised = np.zeros((size, size, 3), np.float32)
    normalised[face] = inside / np.where(maximum > 0, maximum, 1)
    return normalised
