"""From a crop and its mesh to the map layers as they are stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.maps.depth import depth_map
from fas.maps.reflection import ReflectionEstimator, reflection_map
from fas.preprocessing.acquire import FaceCrop
from fas.preprocessing.settings import DEPTH, REFLECTION


def compute_maps(
    crop: FaceCrop, layers: tuple[str, ...], size: int, estimator: ReflectionEstimator | None
) -> dict[str, NDArray[np.uint8]]:
    """The wanted maps of one crop, for bona fide and attacks alike: the label decides later who is shown them.

    Args:
        crop: Image and mesh in the crop's pixels.
        layers: Which of `depth` and `reflection` to compute.
        size: Side of the maps in pixels.
        estimator: Needed for the reflection layer.

    Returns:
        Layer -> uint8 map, 255 standing for 1: depth `(size, size)`, reflection `(size, size, 3)`.
    """
    depth = depth_map(crop.mesh, crop.image.shape[0], size)
    maps: dict[str, NDArray[np.uint8]] = {}
    if DEPTH in layers:
        maps[DEPTH] = _to_bytes(depth)
    if REFLECTION in layers:
        assert estimator is not None, "the worker makes the estimator when the reflection layer is wanted"
        maps[REFLECTION] = _to_bytes(reflection_map(crop.image, depth, estimator, size))
    return maps


def _to_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(values * 255).astype(np.uint8)
