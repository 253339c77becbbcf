"""What glass and gloss add: the room, mirrored, moving with the tilt of the plane and not with what it shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.plane import PlanePose
from fas.simulation.scene import ROOM_STEP
from fas.simulation.sensor import CENTRE, FOCAL_LENGTH, GLARE, sample


class Glare:
    """A mirror image of a room on a plane.

    Args:
        room: Linear light `(480, 270, 3)`, lamps above 1.
        reflectance: Share of the light that the surface mirrors.
        blur: Standard deviation of the surface's scatter in sensor pixels: small for glass, large for a matte screen.
        rng: Draws where in the room the mirror looks.
    """

    def __init__(self, room: NDArray[np.float32], reflectance: float, blur: float, rng: np.random.Generator) -> None:
        mirrored = cv2.flip(room, 1) * np.float32(reflectance)
        blurred = cv2.GaussianBlur(mirrored, (0, 0), max(blur / ROOM_STEP, 0.5), borderType=cv2.BORDER_REFLECT)
        self._channels = cv2.split(blurred)
        self._scale = float(rng.uniform(0.7, 1.2))
        self._offset = rng.uniform(-200, 200, 2)

    def light(self, seen: NDArray[np.float32], pose: PlanePose) -> list[NDArray[np.float32]]:
        """Mirrored light at the samples of `GLARE`: red, green and blue, `(480, 270)` each.

        Args:
            seen: Plane positions at the nodes of `GLARE`.
            pose: The plane's.
        """
        # A mirror that turns by an angle turns its image by twice that.
        swing = 2 * FOCAL_LENGTH * np.array([pose.yaw, pose.pitch])
        looked_at = (seen - CENTRE) * self._scale + CENTRE + self._offset + swing
        where = GLARE.refine((looked_at / ROOM_STEP).astype(np.float32))
        return [sample(channel, where, cv2.BORDER_REFLECT) for channel in self._channels]
