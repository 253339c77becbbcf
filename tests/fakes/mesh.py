"""A face mesh made from the triangulation alone: no weights are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.maps.topology import FACE_OVAL, MESH_POINTS, TRIANGLES

NOSE_TIP = 1

Mesh = NDArray[np.float64]


def unit_disc() -> Mesh:
    """The mesh in the plane, its oval on the unit circle, every other point the mean of its neighbours (Tutte, 1963).

    x to the right, y down, the oval's first point (the forehead) at the top.
    """
    neighbours = np.zeros((MESH_POINTS, MESH_POINTS))
    for a, b, c in TRIANGLES:
        neighbours[[a, b, b, c, c, a], [b, a, c, b, a, c]] = 1
    laplacian = np.diag(neighbours.sum(1)) - neighbours
    oval = list(FACE_OVAL)
    inner = np.setdiff1d(np.arange(MESH_POINTS), oval)
    angle = 2 * np.pi * np.arange(len(oval)) / len(oval)
    plane = np.zeros((MESH_POINTS, 2))
    plane[oval] = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    plane[inner] = np.linalg.solve(laplacian[np.ix_(inner, inner)], -laplacian[np.ix_(inner, oval)] @ plane[oval])
    return plane


def face_mesh(turn: float = 0.0, crop: int = 256) -> Mesh:
    """An ellipsoid with a nose that fills three quarters of a crop.

    Args:
        turn: Degrees about the vertical axis; a positive turn moves the nose to larger x.
        crop: Side of the crop in pixels.
    """
    plane = unit_disc()
    x, y = (plane * [72.0, 95.0]).T
    from_nose = np.linalg.norm(plane - plane[NOSE_TIP], axis=1)
    z = -70 * np.sqrt(np.maximum(1 - (plane**2).sum(1), 0)) - 30 * np.exp(-((from_nose / 0.12) ** 2))
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mesh = np.stack([cos * x - sin * z, y, sin * x + cos * z], axis=1) * (crop / 256)
    # Odd shifts, so that no edge passes exactly through a pixel centre.
    return mesh + np.array([crop / 2 + 0.137, crop / 2 + 0.271, 0])
