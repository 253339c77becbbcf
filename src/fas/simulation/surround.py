"""What is around a shown picture: bezel or paper's border, fingers, and the room behind."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.plane import inside
from fas.simulation.scene import ROOM_STEP
from fas.simulation.sensor import HEIGHT, QUAD, WIDTH, sample

_PAD = 600
"""Plane pixels around the picture in which hands are drawn."""
_SKIN = np.array([[0.55, 0.33, 0.23], [0.42, 0.24, 0.15], [0.24, 0.12, 0.07], [0.62, 0.41, 0.31]])


@dataclass(frozen=True, slots=True)
class Framing:
    """What one frame shows around the picture, at the quads of the mosaic `(960, 540)`.

    Attributes:
        around: Light of everything but the picture, weighted with its coverage: red, green, blue.
        shown: Coverage of the picture.
        surface: Coverage of the instrument's own surface, picture and border: what can mirror.
    """

    around: list[NDArray[np.float32]]
    shown: NDArray[np.float32]
    surface: NDArray[np.float32]


class Surround:
    """Everything that the camera sees around the picture, in linear light.

    Args:
        room: Linear light `(480, 270, 3)` behind the instrument.
        border: Widths of bezel or paper's border: left, top, right, bottom, in plane pixels.
        border_colour: Its reflectance.
        illumination: Colour and level of the light on border and fingers.
        hands: Whether fingers hold it.
        rng: Draws the fingers.
    """

    def __init__(
        self,
        room: NDArray[np.float32],
        border: NDArray[np.float32],
        border_colour: NDArray[np.float32],
        illumination: NDArray[np.float32],
        hands: bool,
        rng: np.random.Generator,
    ) -> None:
        self._room = cv2.split(cv2.resize(room, (QUAD.width, QUAD.height), interpolation=cv2.INTER_LINEAR))
        self._border = border
        self._colour = (border_colour * illumination).astype(np.float32)
        self._hands = None
        if hands:
            self._hands = _draw_hands(border, rng)
            self._hands[..., :3] *= illumination * self._hands[..., 3:]

    def look(self, positions: NDArray[np.float32]) -> Framing | None:
        """What one frame shows around the picture.

        Args:
            positions: Plane positions seen at the nodes of `QUAD`.

        Returns:
            None if the picture fills the frame.
        """
        if self._hands is None and inside(positions, np.full(4, -2, np.float32)).min() >= 1:
            return None
        where = QUAD.refine(positions)
        shown, surface = inside(where, np.zeros(4, np.float32)), inside(where, self._border)
        free, bare = 1 - surface, surface - shown
        around = [room * free + bare * colour for room, colour in zip(self._room, self._colour, strict=True)]
        if self._hands is not None:
            # Edges of fingers are round and soft: a quarter of the resolution is enough for them.
            hands = sample(self._hands, (where + np.float32(_PAD)) / np.float32(ROOM_STEP), cv2.BORDER_CONSTANT)
            *fingers, covered = cv2.split(hands)
            free = 1 - covered
            around = [light * free + finger for light, finger in zip(around, fingers, strict=True)]
            shown, surface = shown * free, surface * free
        return Framing(around, shown, surface)


def _draw_hands(border: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Fingers at one or two edges: colour and coverage, `(h, w, 4)`, one pixel per `ROOM_STEP` plane pixels."""
    drawn = np.zeros(((HEIGHT + 2 * _PAD) // ROOM_STEP, (WIDTH + 2 * _PAD) // ROOM_STEP, 4), np.float32)
    skin = _SKIN[rng.integers(len(_SKIN))] * rng.uniform(0.85, 1.15)
    for side in rng.choice(4, size=int(rng.integers(1, 3)), replace=False, p=(0.35, 0.05, 0.35, 0.25)):
        along = rng.uniform(0.25, 0.8)
        for finger in range(int(rng.integers(1, 5))):
            _draw_finger(drawn, border, int(side), along + 0.055 * finger, skin, rng)
    drawn[..., :3] = cv2.GaussianBlur(drawn[..., :3], (0, 0), 1.0)
    drawn[..., 3] = cv2.GaussianBlur(drawn[..., 3], (0, 0), 0.8)
    return drawn


def _draw_finger(
    drawn: NDArray[np.float32],
    border: NDArray[np.float32],
    side: int,
    along: float,
    skin: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """One finger across the edge of a side (0 left, 1 top, 2 right, 3 bottom), lit from above."""
    reach = float(rng.uniform(20, 90))
    if side in (0, 2):
        edge = -border[0] if side == 0 else WIDTH + border[2]
        inward = 1 if side == 0 else -1
        tip, root = (
            (edge + inward * reach, along * HEIGHT),
            (edge - inward * 450, along * HEIGHT + rng.uniform(-60, 160)),
        )
    else:
        edge = -border[1] if side == 1 else HEIGHT + border[3]
        inward = 1 if side == 1 else -1
        tip, root = (
            (along * WIDTH, edge + inward * reach),
            (along * WIDTH + rng.uniform(-120, 120), edge - inward * 450),
        )
    start, end = ((np.array(p) + _PAD) / ROOM_STEP for p in (tip, root))
    width = rng.uniform(62, 84) / ROOM_STEP
    for share in np.linspace(1, 0.15, 9):  # from the outline inwards, brighter and a little higher: round
        shade = skin * (0.55 + 0.5 * (1 - share**2))
        lift = np.array([0, -0.12 * width * (1 - share)])
        thickness = max(round(width * share), 1)
        points = [tuple(int(v) for v in np.round(p + lift)) for p in (start, end)]
        cv2.line(drawn, points[0], points[1], (*shade.tolist(), 1.0), thickness, cv2.LINE_AA)
