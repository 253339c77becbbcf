"""Reflection as the light that neither the shape of the face nor the colour of its skin explains."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.srgb import SRGB_TO_LINEAR

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

DEPTH_TO_WIDTH = 0.8
"""How deep a face is, from its nearest to its farthest mesh point, over the square root of its area in the picture. The
depth map does not tell; 0.72 to 0.94 over portraits, and the result hardly depends on it."""

BRIGHT_SIDE = 0.5
"""Weight of pixels brighter than the shading fit: reflections only add light."""

ROUNDS = 5
"""Of the robust fit; more change nothing."""

FIT_STEP = 3
"""Every third pixel of the face is fitted: four constants need no more."""

FLOOR = 1e-3
"""A standard deviation that counts as nothing, a quarter of a grey level: keeps noise from being blown up."""

DARK = 0.1
"""Sum of the linear channels below which the colour of a pixel counts for less: noise and black level tint it."""

BLUR = 1 / 16
"""Standard deviation of the smoothing over the side of the map: the camera focuses on the displayed face, so what its
glass reflects is blurred, unlike wrinkles, brows and lips."""

UNLIT = 0.25
"""Part of the face that is assumed to show no reflection: neither cue knows its zero; a map with an offset would call
the whole face a reflection."""


class ShapeColour:
    """Reflection = the light that stands out by two cues, shape and colour.

    Shape: light brighter than a matt face of this shape (`shading_residual`), by channel. Colour: light less red
    than the skin (`lack_of_red`), the same in all channels. Each is smoothed and divided by its standard deviation over
    the face; what counts of their sum is above the level that a quarter of the face stays under.

    Light that a screen or a glossy print reflects follows neither the face's normals nor the colour of its skin. A veil
    that is constant over the face cannot be seen this way, and what is bright or white by itself (teeth, a shining
    nose) is found as well.
    """

    @property
    def identity(self) -> dict[str, str]:
        """Name and version of the formula."""
        return {"estimator": "shape-colour", "version": "1"}

    def __call__(self, crop: NDArray[np.uint8], depth: Floats) -> Floats:
        """The reflection layer of an RGB crop, float32 `(h, w, 3)` of the depth map's size; 0 outside the face."""
        face = depth > 0
        if not face.any():
            return np.zeros((*depth.shape, 3), np.float32)
        light = cv2.resize(cv2.LUT(crop, SRGB_TO_LINEAR), depth.shape[::-1], interpolation=cv2.INTER_AREA)
        shape, colour = np.zeros_like(light), np.zeros_like(light)
        shape[face] = shading_residual(light, depth)
        colour[face] = lack_of_red(light[face])[:, None]
        both = np.zeros((np.count_nonzero(face), 3), np.float32)
        for cue in (shape, colour):
            smooth = _smooth(cue, face, BLUR * depth.shape[0])[face]
            both += smooth / np.float32(smooth.std() + FLOOR)
        layer: Floats = np.zeros_like(light)
        layer[face] = np.maximum(both - np.quantile(both, UNLIT, axis=0).astype(np.float32), 0)
        return layer


def shading_residual(light: Floats, depth: Floats) -> Floats:
    """What is brighter (positive) or darker than a matt face of this shape and of one colour.

    A convex matt (Lambertian) surface of one colour under distant lights has, to first order, the brightness
    `a + b . n`, n its normal, a and b constants of each channel (Basri and Jacobs, "Lambertian Reflectance and Linear
    Subspaces", PAMI 2003). The four constants are fitted to the face by iteratively reweighted least squares with
    Cauchy weights.

    Args:
        light: Linear light `(h, w, 3)`.
        depth: Depth map `(h, w)`; the normals come from it. 0 is outside the face.

    Returns:
        `(N, 3)`, in the order of the face's pixels.
    """
    face = depth > 0
    basis = _shading_basis(depth, face)[face]
    values = np.ascontiguousarray(light[face].T)
    constants = _robust_fit(basis[::FIT_STEP], values[:, ::FIT_STEP])
    residual: Floats = (values - constants @ basis.T).T
    return residual


def _robust_fit(basis: Floats, values: Floats) -> Floats:
    """Constants `(C, 4)` of `values (C, N) = constants @ basis.T`, basis `(N, 4)`."""
    products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
    ridge = 1e-6 * len(basis) * np.eye(4, dtype=np.float32)  # a face of a few pixels leaves the fit undetermined
    weight: NDArray[np.floating] = np.ones_like(values)
    constants = np.zeros((len(values), 4), np.float32)
    for _ in range(ROUNDS):
        normal = (weight @ products).reshape(-1, 4, 4) + ridge
        constants = np.linalg.solve(normal, ((weight * values) @ basis)[..., None])[..., 0].astype(np.float32)
        residual = values - constants @ basis.T
        spread = 1.4826 * np.median(np.abs(residual), axis=1, keepdims=True) + np.float32(1e-4)
        weight = np.where(residual > 0, np.float32(BRIGHT_SIDE), np.float32(1)) / (1 + (residual / spread) ** 2)
    return constants


def lack_of_red(skin: Floats) -> Floats:
    """How much less red than the skin's own colour a pixel is.

    Skin of every tone reflects red best, so most light that is added to it lowers the share of red: the dichromatic
    reflection model (Shafer, "Using color to separate reflection components", 1985) with the share of red as the colour
    coordinate. A share follows shading less than an amount of light does. The skin's own share is the median of the
    redder half of the pixels; light as warm as the skin goes unseen.

    Args:
        skin: Linear light of the face's pixels, `(N, 3)`.

    Returns:
        `(N,)`; negative where it is redder.
    """
    total = skin.sum(axis=1) + np.float32(1e-4)
    share = skin[:, 0] / total
    own = np.median(share[share >= np.median(share)])
    lack: Floats = (own * total - skin[:, 0]) / (total + np.float32(DARK))
    return lack


def _shading_basis(depth: Floats, face: Mask) -> Floats:
    """`(h, w, 4)`: one and the unit normal, up to signs that the fit absorbs."""
    scale = DEPTH_TO_WIDTH * np.sqrt(np.count_nonzero(face))
    # Smoothed by a pixel, so that the edges of the mesh's triangles do not show.
    slope_y, slope_x = np.gradient(_smooth(depth, face, 1.0) * np.float32(scale))
    z = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.stack([np.ones_like(z), slope_x * z, slope_y * z, z], axis=-1)


def _smooth(values: Floats, face: Mask, sigma: float) -> Floats:
    """Gaussian smoothing within the face; beyond its outline the nearest values continue."""
    share = cv2.GaussianBlur(face.astype(np.float32), (0, 0), sigma)
    smooth: Floats = cv2.GaussianBlur(values, (0, 0), sigma)
    smooth /= np.maximum(share, 1e-6).reshape(share.shape + (1,) * (values.ndim - 2))
    return smooth
