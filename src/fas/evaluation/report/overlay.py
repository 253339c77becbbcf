"""Predicted maps overlaid on their face: where a network sees a face, and where an attack (SSR-FCN, figure 8)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.evaluation.report.plot import ATTACK_COLOURS, BONA_FIDE_COLOUR
from fas.labels import ATTACK, BONA_FIDE
from fas.layers import LAYERS

_OPAQUE = 0.8  # the face stays visible below the highest value


def has_overlay(name: str) -> bool:
    """Whether a predicted map says something about the class: all do but stored layers that are a sign of neither."""
    return name not in LAYERS or LAYERS[name].sign_of is not None


def overlay_key(name: str) -> str:
    """What the colour of a map's overlay means: `blue where depth is high`."""
    sign_of = LAYERS[name].sign_of if name in LAYERS else None
    if sign_of is None:
        return f"orange where {name} is low"
    return f"{'blue' if sign_of == BONA_FIDE else 'orange'} where {name} is high"


def map_overlay(name: str, crop: NDArray[np.uint8], values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A predicted map over its face, where it is a sign of a class.

    A stored layer is shown where it is high. Any other map holds scores of places, high = bona fide, and is shown where
    it is low.

    Args:
        name: The map's name, for which `has_overlay` is true.
        crop: uint8 `(H, W, 3)` RGB.
        values: uint8 `(h, w)` or `(h, w, C)`.

    Returns:
        uint8 `(H, W, 3)` RGB.
    """
    sign_of = LAYERS[name].sign_of if name in LAYERS else None
    if sign_of is None:
        return overlay(crop, 255 - values, ATTACK)
    return overlay(crop, values, sign_of)


def overlay(crop: NDArray[np.uint8], values: NDArray[np.uint8], sign_of: int) -> NDArray[np.uint8]:
    """The face in grey below the map in colour: blue is a sign of bona fide, orange of an attack.

    The higher the value, the less is seen through; of several channels the highest counts. Both colours are of the
    palette of the charts, and colour-blind readers can tell them apart.

    Args:
        crop: uint8 `(H, W, 3)` RGB.
        values: uint8 `(h, w)` or `(h, w, C)`.
        sign_of: The label that a high value is a sign of: 1 bona fide, 0 attack.

    Returns:
        uint8 `(H, W, 3)` RGB.
    """
    highest = values if values.ndim == 2 else values.max(axis=2)
    height, width = crop.shape[:2]
    share = cv2.resize(highest, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255 * _OPAQUE
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    hexadecimal = BONA_FIDE_COLOUR if sign_of == BONA_FIDE else ATTACK_COLOURS[0]
    colour = np.frombuffer(bytes.fromhex(hexadecimal[1:]), np.uint8).astype(np.float32)
    mixed = grey[..., None] * (1 - share[..., None]) + colour * share[..., None]
    image: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return image
