"""Faces from the annotations of a dataset, instead of those of a detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.faces.face import Face

GIVEN = "annotations"
"""The name of this detector on the command line."""

_DOWN = 0.45
"""From between the eyes to the middle of the face, in distances of the eyes."""
_SIDE = 2.3
"""The side of a face's box in distances of its eyes. Both from the five-point template of ArcFace."""
_LEVEL_POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
"""Eyes, nose and mouth corners of an upright face in its box."""


class GivenFaces:
    """Returns the face that was put into it for the current image.

    Attributes:
        current: That face; None if nothing is known of the image.
    """

    identity = {"name": GIVEN}  # noqa: RUF012 - constant; the protocol asks for a plain dict

    def __init__(self) -> None:
        self.current: Face | None = None

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """The face put into it, whatever the image shows."""
        return [] if self.current is None else [self.current]


def face_at(box: NDArray[np.float32] | None, eyes: NDArray[np.float32] | None) -> Face | None:
    """A rough face from a box or from eye positions; the box is taken where there are both.

    Args:
        box: `(4,)` x1, y1, x2, y2, or None.
        eyes: `(2, 2)` the eye on the image's left, then the one on its right, or None.

    Returns:
        A face without mesh, of score 1; None if there is neither, or the eyes are one point.
    """
    if box is not None:
        corners = box.reshape(2, 2)
        return Face(box, 1.0, (corners[0] + _LEVEL_POINTS * (corners[1] - corners[0])).astype(np.float32))
    if eyes is None:
        return None
    across = (eyes[1] - eyes[0]).astype(np.float64)
    distance = float(np.hypot(*across))
    if distance == 0:
        return None
    down = np.array([-across[1], across[0]])
    middle = eyes.mean(axis=0) + _DOWN * down
    half = _SIDE / 2 * distance
    nose, mouth = eyes.mean(axis=0) + 0.6 * down, eyes.mean(axis=0) + 1.1 * down
    points = np.stack([eyes[0], eyes[1], nose, mouth - 0.4 * across, mouth + 0.4 * across])
    return Face(np.concatenate([middle - half, middle + half]).astype(np.float32), 1.0, points.astype(np.float32))
