"""The direction of a head from its mesh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Outer corners of the eyes, the left of the image first; the top of the forehead and the chin.
_LEFT, _RIGHT, _TOP, _BOTTOM = 33, 263, 10, 152


class HeadPose(NamedTuple):
    """Angles in degrees, 0 for a face that looks straight into the camera.

    Attributes:
        yaw: Positive when the face turns to the right of the image.
        pitch: Positive when it looks down.
        roll: Positive when the head tilts clockwise in the image, in (-180, 180].
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(mesh: NDArray[np.float32]) -> HeadPose:
    """The head's direction, from the line through the eyes and the line from forehead to chin.

    The mesh comes from weak perspective, so the angles are relative to the line of sight. Its depth is an estimate:
    over portraits that look at the camera the median pitch is 7 degrees; those of yaw and roll are within 4 of 0.

    Args:
        mesh: `(468, 3)` with z in pixels, smaller is nearer.
    """
    points = mesh.astype(np.float64)
    across = points[_RIGHT] - points[_LEFT]
    down = points[_BOTTOM] - points[_TOP]
    into = np.cross(across, down)  # x right, y down, z away from the camera: from the face into the head
    across, into = across / np.linalg.norm(across), into / np.linalg.norm(into)
    down = np.cross(into, across)
    # Columns are the head's axes: R = Rz(roll) Ry(-yaw) Rx(pitch), applied to a frontal head.
    yaw = np.arcsin(np.clip(across[2], -1.0, 1.0))
    pitch = np.arctan2(down[2], into[2])
    roll = np.arctan2(across[1], across[0])
    return HeadPose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
