"""The tone curve of sRGB (IEC 61966-2-1), between the levels of an image and linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEVELS = np.arange(256) / 255

SRGB_TO_LINEAR: NDArray[np.float32] = np.where(
    _LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4
).astype(np.float32)
"""Linear light in [0, 1] of each 8-bit level, `(256,)`: a table for `cv2.LUT`."""
SRGB_TO_LINEAR.flags.writeable = False


def linear_to_srgb(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """SRGB in [0, 1] of linear light in [0, 1], of the same shape and type."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
