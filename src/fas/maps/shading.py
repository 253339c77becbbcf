"""Reflection as the light that the shape of the face cannot explain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DEPTH_TO_WIDTH = 0.8
"""How deep a face is, from its nearest to its farthest mesh point, over the square root of its area in the picture. The
depth map does not tell; 0.72 to 0.94 over portraits, and the result hardly depends on it (docs/maps.md)."""

BRIGHT_SIDE = 0.5
"""Weight of pixels brighter than the fit: reflections only add light."""

ROUNDS = 5
"""Of the robust fit; more change nothing."""

BLUR = 1 / 32
"""Standard deviation of the final smoothing over the side of the map: the camera focuses on the displayed face, so what
its glass reflects is blurred, unlike wrinkles, brows and lips."""

_LINEAR = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1


class ShadingResidual:
    """Reflection = what is brighter than a matt face of this shape and one colour.

    In linear light a convex matt (Lambertian) surface of one colour under distant lights has, to first order, the
    brightness `a + b . n` with n its normal and a, b constants of each channel (Basri and Jacobs, "Lambertian
    Reflectance and Linear Subspaces", PAMI 2003). The four constants are fitted robustly to the face, with normals from
    its depth map. Light reflected by a screen or a glossy print does not follow the face's normals, so it stays in the
    residual; its positive part, smoothed, is the reflection. A veil that is constant over the face, or happens to vary
    like the shading, cannot be seen this way.
    """

    @property
    def identity(self) -> dict[str, str]:
        """Name and version of the formula."""
        return {"estimator": "shading", "version": "1"}

    def __call__(self, crop: NDArray[np.uint8], depth: Floats) -> Floats:
        """The reflection layer in linear light, float32 `(h, w, 3)` of the depth map's size; 0 outside the face."""
        face = depth > 0
        layer = np.zeros((*depth.shape, 3), np.float32)
        if not face.any():
            return layer
        light = cv2.resize(cv2.LUT(crop, _LINEAR), depth.shape[::-1], interpolation=cv2.INTER_AREA)
        layer[face] = np.maximum(_residual(_shading_basis(depth, face)[face], light[face]), 0)
        return np.where(face[..., None], _smooth(layer, face, BLUR * depth.shape[0]), np.float32(0))


def _shading_basis(depth: Floats, face: NDArray[np.bool_]) -> Floats:
    """`(h, w, 4)`: one and the unit normal, up to signs that the fit absorbs."""
    scale = DEPTH_TO_WIDTH * np.sqrt(np.count_nonzero(face))
    # Smoothed by a pixel, lest the edges of the mesh's triangles show.
    slope_y, slope_x = np.gradient(_smooth(depth, face, 1.0) * np.float32(scale))
    z = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.stack([np.ones_like(z), slope_x * z, slope_y * z, z], axis=-1)


def _residual(basis: Floats, light: Floats) -> Floats:
    """Residual `(N, 3)` of the fit of each channel, with Cauchy weights against outliers (IRLS)."""
    products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
    ridge = 1e-6 * len(basis) * np.eye(4, dtype=np.float32)  # a face of a few pixels leaves the fit undetermined
    weight = np.ones_like(light)
    for _ in range(ROUNDS):
        normal = (weight.T @ products).reshape(-1, 4, 4) + ridge
        constants = np.linalg.solve(normal, ((weight * light).T @ basis)[..., None])[..., 0]
        residual = light - basis @ constants.T
        spread = 1.4826 * np.median(np.abs(residual), axis=0) + np.float32(1e-4)
        weight = np.where(residual > 0, np.float32(BRIGHT_SIDE), np.float32(1)) / (1 + (residual / spread) ** 2)
    return residual


def _smooth(values: Floats, face: NDArray[np.bool_], sigma: float) -> Floats:
    """Gaussian smoothing that takes nothing from outside the face; beyond its outline the nearest values go on."""
    share = cv2.GaussianBlur(face.astype(np.float32), (0, 0), sigma)
    smooth: Floats = cv2.GaussianBlur(values, (0, 0), sigma)
    smooth /= np.maximum(share, 1e-6).reshape(share.shape + (1,) * (values.ndim - 2))
    return smooth
