"""Pseudo depth of a face: its mesh, drawn with a z-buffer (BASN, section 3.1 and equation 1)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.maps.topology import MESH_POINTS, TRIANGLES

FARTHEST = 1 / 255
"""The value of the farthest vertex: one grey level of an 8-bit file, so that the outline survives storage."""

_NEAR, _FAR = 1.0, 2.0
_IDENTITY = np.eye(4)
_SETTINGS = cv2.TriangleRasterizeSettings()
_SETTINGS.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
_SETTINGS.setGlCompatibleMode(cv2.RASTERIZE_COMPAT_INVDEPTH)


def depth_map(mesh: NDArray[np.floating], crop_size: int, size: int = 64) -> NDArray[np.float32]:
    """Draws the depth of a face mesh.

    The depth of a vertex is `FARTHEST + (1 - FARTHEST) * (z_far - z) / (z_far - z_near)`, with z_near and z_far taken
    over all 468 vertices, whether they are visible or not; it is linear over each triangle, and where triangles
    overlap the nearest wins. So 1 is the nearest point of the face, the farthest stays above 0, and 0 is only outside
    the face. A mesh without extent in z is 1 everywhere.

    The map is sampled at pixel centres. Pixel (i, j) of the map covers the crop's area from
    `j * crop_size / size - 0.5` to `(j + 1) * crop_size / size - 0.5` in x, likewise in y.

    Args:
        mesh: `(468, 3)` in pixels of the crop: x right, y down, pixel centres at integers; smaller z is nearer. May
            reach beyond the crop.
        crop_size: Side of the square crop in pixels.
        size: Side of the map in pixels.

    Returns:
        float32 `(size, size)` in [0, 1].

    Raises:
        ValueError: The mesh has another shape or is not finite.
    """
    if mesh.shape != (MESH_POINTS, 3) or not np.isfinite(mesh).all():
        raise ValueError(f"a mesh is a finite ({MESH_POINTS}, 3) array, not {mesh.shape} or with NaN")
    z = mesh[:, 2].astype(np.float64)
    nearest, extent = z.min(), np.ptp(z)
    far = (z - nearest) * ((1 - FARTHEST) / extent) if extent > 0 else np.zeros_like(z)

    # OpenCV draws in perspective and interpolates far * (1 - near / distance) / (far - near) linearly on the screen.
    # So a vertex goes to the distance at which that is the value wanted, and its x and y are scaled by the distance,
    # which the perspective division takes out again: an orthographic drawing, exact but for float32. (A pixel centre
    # within 1e-5 pixels of an edge may so fall to either side of it.)
    distance = _FAR * _NEAR / (_FAR - far * (_FAR - _NEAR))
    screen = (mesh[:, :2] + 0.5) * (2 / crop_size) - 1
    vertices = np.empty(mesh.shape, np.float32)
    vertices[:, 0] = screen[:, 0] * distance
    vertices[:, 1] = -screen[:, 1] * distance
    vertices[:, 2] = -distance
    buffer = np.ones((size, size), np.float32)
    cv2.triangleRasterizeDepth(vertices, TRIANGLES, buffer, _IDENTITY, np.pi / 2, _NEAR, _FAR, _SETTINGS)
    return np.float32(1) - buffer
