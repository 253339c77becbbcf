"""Converts images and points between their stored form and the form that networks receive."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_tensor(image: NDArray[np.uint8], size: int) -> Tensor:
    """`(H, W)` or `(H, W, C)` uint8 to `(C, size, size)` float32 in [0, 1]."""
    if image.shape[:2] != (size, size):
        # Shrinking averages over areas, since aliased fine structure would look like moire.
        shrinks = size < min(image.shape[:2])
        resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        image = resized.astype(np.uint8, copy=False)
    planes = torch.from_numpy(np.atleast_3d(image)).permute(2, 0, 1)
    return planes.to(torch.float32, memory_format=torch.contiguous_format).div_(255)


def points_to_tensor(points: NDArray[np.float32], height: int, width: int) -> Tensor:
    """Points in pixels of an image, `(N, 2)` or more columns, to x and y in [-1, 1]: float32 `(N, 2)`.

    Pixel centres are at whole numbers; -1 and 1 are the outer edges of the image, outside of which points may be.
    """
    scale = np.array([2 / width, 2 / height], dtype=np.float32)
    return torch.from_numpy((points[:, :2].astype(np.float32) + np.float32(0.5)) * scale - 1)


def to_image(planes: Tensor) -> NDArray[np.uint8]:
    """`(C, H, W)` in [0, 1] to uint8 `(H, W)` for one channel, else `(H, W, C)`; values outside are clipped."""
    values = (planes.float().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    image: NDArray[np.uint8] = values[0] if len(values) == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))
    return image
