"""The triangles of MediaPipe's 468-point face mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MESH_POINTS = 468
"""The number of points of the mesh (MediaPipe Face Mesh without the iris points)."""

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face from the top of the forehead, in order; the boundary of the triangulation."""

TRIANGLES_FILE = Path(__file__).with_name("mesh_triangles.txt")
"""Written by `scripts/make_mesh_triangles.py`."""

TRIANGLES = np.loadtxt(TRIANGLES_FILE, dtype=np.int32)
"""int32 `(898, 3)`: indices of the corners, counter-clockwise as the camera sees a frontal face. One piece without
holes: eyes and mouth are closed. Every point is used; the boundary is `FACE_OVAL`."""
