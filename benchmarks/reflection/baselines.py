"""Estimates of a reflection without weights that `fas` does not use; each maps (crop, depth) to a layer."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from reflection.blends import to_light

from fas.maps.shape_colour import shading_residual

Light = NDArray[np.float32]
Image = NDArray[np.uint8]

SIZE = 64


def _small(values: NDArray[np.generic]) -> Light:
    return cv2.resize(values.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _grey(values: Light) -> Light:
    return np.repeat(values[..., None], 3, axis=2)


def brightness(crop: Image, depth: Light) -> Light:
    """The image itself."""
    return _small(crop)


def high_brightness(crop: Image, depth: Light) -> Light:
    """What exceeds 80 % of full scale."""
    return _small(np.maximum(crop.astype(np.float32) / 255 - 0.8, 0))


def smooth_brightness(crop: Image, depth: Light) -> Light:
    """The image out of focus, inside the face."""
    return _blur(_small(to_light(crop)), depth > 0)


def above_surroundings(crop: Image, depth: Light) -> Light:
    """The image above its local mean."""
    image = _small(crop)
    return np.maximum(image - cv2.GaussianBlur(image, (0, 0), 10), 0)


def above_mirror_image(crop: Image, depth: Light) -> Light:
    """The image above its left-right mirror image."""
    image = _small(crop)
    return np.maximum(image - image[:, ::-1], 0)


def least_channel(crop: Image, depth: Light) -> Light:
    """The smallest channel of linear light, inside the face out of focus: skin has little blue."""
    return _blur(_grey(_small(to_light(crop)).min(axis=2)), depth > 0)


def intensity_ratio(crop: Image, depth: Light) -> Light:
    """Shen and Zheng, "Real-time highlight removal using intensity ratio", Applied Optics 2013; one cluster."""
    image, face = _small(to_light(crop)), depth > 0
    largest, spread = image.max(axis=2), np.ptp(image, axis=2)
    ratio = np.median(largest[face] / np.maximum(spread[face], 1e-3))
    return _blur(_grey(np.maximum(largest - ratio * spread, 0)), face)


def dichromatic(crop: Image, depth: Light) -> Light:
    """The white part when each pixel is a sum of the face's most saturated colour and white (Shafer, 1985)."""
    image, face = _small(to_light(crop)), depth > 0
    skin = image[face]
    total = skin.sum(axis=1)
    saturation = 1 - 3 * skin.min(axis=1) / np.maximum(total, 1e-4)
    chosen = (saturation >= np.quantile(saturation, 0.7)) & (total > np.quantile(total, 0.1))
    colour = np.median(skin[chosen] / total[chosen, None], axis=0)
    unmix = np.linalg.pinv(np.stack([colour / np.linalg.norm(colour), np.ones(3) / np.sqrt(3)], axis=1))
    return _blur(_grey(np.maximum(image @ unmix[1], 0)), face)


def shading(crop: Image, depth: Light) -> Light:
    """One of the two cues of `shape-colour`; `dichromatic` is much like the other."""
    light, face = _small(to_light(crop)), depth > 0
    layer = np.zeros_like(light)
    layer[face] = np.maximum(shading_residual(light, depth), 0)
    return _blur(layer, face)


def _blur(layer: Light, face: NDArray[np.bool_], sigma: float = 2.0) -> Light:
    inside = face.astype(np.float32)[..., None]
    return cv2.GaussianBlur(layer * inside, (0, 0), sigma) / (cv2.GaussianBlur(inside, (0, 0), sigma)[..., None] + 1e-3)
