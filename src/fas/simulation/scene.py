"""Three sessions: where the light comes from, what colour it has, and the room around."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.sensor import HEIGHT, WIDTH, Grid

ROOM_STEP = 4
"""A room's picture has one pixel for this many sensor pixels: it is out of focus anyway."""

_Colour = tuple[float, float, float]
_DAYLIGHT: _Colour = (0.98, 1.0, 1.03)
_CLOUDY: _Colour = (0.92, 1.0, 1.12)
_FLUORESCENT: _Colour = (1.06, 1.0, 0.82)
_WARM_LAMP: _Colour = (1.17, 1.0, 0.66)


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a session, as it falls on a subject or an attack instrument.

    Attributes:
        key: Colour of the main light; green is 1.
        ambient: Colour of the light from everywhere.
        ambient_share: How much of the irradiance of a surface that faces the camera is ambient.
        direction: Unit vector from the subject towards the main light (x right, y down, z away from the camera).
        level: Irradiance relative to session 1: it sets how much noise the camera makes.
        flicker: Relative depth of the mains flicker of the lamps.
    """

    key: _Colour
    ambient: _Colour
    ambient_share: float
    direction: NDArray[np.float64]
    level: float
    flicker: float

    def shading(self, normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Irradiance `(..., 3)` of surfaces with these unit normals; of mean level 1 for one facing the camera."""
        facing = max(float(-self.direction[2]), 0.2)
        lambert = np.maximum(normals @ self.direction.astype(np.float32), 0) / np.float32(facing)
        key = np.float32(1 - self.ambient_share) * np.array(self.key, np.float32)
        ambient = np.float32(self.ambient_share) * np.array(self.ambient, np.float32)
        # A light from the side would make one cheek many times brighter than a photograph's own light allows.
        return np.asarray(ambient + np.minimum(lambert, 1.7)[..., None] * key, np.float32)

    @property
    def frontal(self) -> NDArray[np.float32]:
        """Colour and level of the light on a surface that faces the camera, `(3,)`."""
        return self.shading(np.array([0, 0, -1], np.float32)) * np.float32(self.level)


class Flicker:
    """Light that pulses while the sensor is read row by row: faint bands that drift over the picture.

    Args:
        depth: Relative amplitude.
        rng: Draws the beat between lamp and sensor.
    """

    def __init__(self, depth: float, rng: np.random.Generator) -> None:
        self._depth = depth
        self._period = float(rng.uniform(450, 900))
        self._phase = float(rng.uniform(0, 2 * np.pi))
        self._drift = float(rng.uniform(-8, 8))

    def rows(self, grid: Grid, time: float) -> NDArray[np.float32]:
        """Factor of each row of a grid `(height, 1)` at a time in seconds."""
        y = grid.y0 + grid.step * np.arange(grid.height)
        wave = np.cos(2 * np.pi * y / self._period + self._phase + self._drift * time)
        return np.asarray(1 + self._depth * wave, np.float32)[:, None]


def _light(key: _Colour, ambient: _Colour, share: float, towards: _Colour, level: float, flicker: float) -> Light:
    direction = np.array(towards)
    return Light(key, ambient, share, direction / np.linalg.norm(direction), level, flicker)


SESSIONS: dict[int, Light] = {
    1: _light(_DAYLIGHT, _FLUORESCENT, 0.6, (-0.55, -0.5, -0.75), 1.0, 0.004),
    2: _light(_WARM_LAMP, _FLUORESCENT, 0.5, (0.2, -0.85, -0.6), 0.45, 0.02),
    3: _light(_CLOUDY, _WARM_LAMP, 0.45, (0.8, -0.25, -0.65), 0.7, 0.008),
}
"""1 open office with windows and lamps; 2 meeting room with lamps only; 3 small office with one window."""


def session_light(session: int, rng: np.random.Generator) -> Light:
    """The light of one recording: the session's, with the weather and the seat of the day."""
    base = SESSIONS[session]
    direction = base.direction + rng.normal(0, 0.12, 3)
    tint = float(rng.normal(0, 0.03))

    def warmer(colour: _Colour) -> _Colour:
        return colour[0] * (1 + tint), colour[1], colour[2] * (1 - tint)

    return replace(
        base,
        key=warmer(base.key),
        ambient=warmer(base.ambient),
        direction=direction / np.linalg.norm(direction),
        level=base.level * float(rng.uniform(0.8, 1.25)),
    )


def draw_room(session: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A picture of the session's room, linear light with lamps and windows far above 1, out of focus.

    It is what stands behind an attack instrument, and what its glass reflects.

    Returns:
        float32 `(480, 270, 3)`; 1 is white paper in the room's light.
    """
    height, width = HEIGHT // ROOM_STEP, WIDTH // ROOM_STEP
    light = SESSIONS[session]
    room = np.empty((height, width, 3), np.float32)
    wall = rng.uniform(0.3, 0.65) * np.array([1, rng.uniform(0.94, 1), rng.uniform(0.85, 1)]) * np.array(light.ambient)
    room[:] = wall * np.linspace(1.15, 0.75, height)[:, None, None]
    horizon = int(height * rng.uniform(0.22, 0.34))
    room[:horizon] *= np.float32(rng.uniform(1.2, 1.5))  # ceiling
    _ceiling_lamps(room, horizon, light, rng)
    if session == 1:
        _window(room, (-20, horizon + 10, 95, 300), light, rng)
        _furniture(room, rng, count=7)
    elif session == 2:
        _rectangle(room, (60, horizon + 40, 200, horizon + 150), np.full(3, rng.uniform(0.75, 0.9)))  # white board
        _furniture(room, rng, count=4)
    else:
        _window(room, (175, horizon - 20, 300, 320), light, rng)
        _shelf(room, (5, horizon + 10, 110, 380), rng)
        _furniture(room, rng, count=3)
    room *= 1 + 0.04 * cv2.GaussianBlur(rng.standard_normal(room.shape, np.float32), (0, 0), 1.5)
    return np.asarray(cv2.GaussianBlur(np.maximum(room, 0.004), (0, 0), float(rng.uniform(0.8, 2.2))))


def _rectangle(room: NDArray[np.float32], box: tuple[int, int, int, int], colour: NDArray[np.float64]) -> None:
    x0, y0, x1, y1 = box
    room[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = colour


def _ceiling_lamps(room: NDArray[np.float32], horizon: int, light: Light, rng: np.random.Generator) -> None:
    colour = np.array(light.ambient) * rng.uniform(12, 35)
    width = room.shape[1]
    for row in range(int(rng.integers(1, 4))):
        y, shrink = int(horizon * (0.2 + 0.27 * row)), 1 - 0.25 * row
        offset = rng.uniform(0.1, 0.4) * width
        for column in range(3):
            x = int(offset + column * 0.4 * width * shrink)
            corners = np.array([[x, y], [x + 42 * shrink, y], [x + 38 * shrink, y + 7], [x - 5, y + 7]], np.int32)
            cv2.fillConvexPoly(room, corners, colour.tolist())


def _window(room: NDArray[np.float32], box: tuple[int, int, int, int], light: Light, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    sky = np.array(light.key) * rng.uniform(4, 9)
    _rectangle(room, box, sky)
    _rectangle(room, (x0, int(y0 + 0.6 * (y1 - y0)), x1, y1), sky * np.array([0.35, 0.42, 0.3]))  # trees
    for bar in np.linspace(x0, x1, int(rng.integers(3, 5))).astype(int):
        _rectangle(room, (int(bar) - 3, y0, int(bar) + 3, y1), np.full(3, 0.6))
    for bar in np.linspace(y0, y1, 3).astype(int):
        _rectangle(room, (x0, int(bar) - 3, x1, int(bar) + 3), np.full(3, 0.6))


def _furniture(room: NDArray[np.float32], rng: np.random.Generator, count: int) -> None:
    height, width = room.shape[:2]
    _rectangle(room, (0, int(0.72 * height), width, height), np.array([0.3, 0.22, 0.15]) * rng.uniform(0.5, 1.6))
    for _ in range(count):
        x, w, h = int(rng.integers(0, width)), int(rng.integers(25, 80)), int(rng.integers(30, 110))
        y = int(0.75 * height) - h
        body = rng.choice([0.03, 0.12, 0.4]) * rng.uniform(0.6, 1.4, 3)
        _rectangle(room, (x, y, x + w, y + h), body)
        if rng.random() < 0.5:  # a screen, or a picture
            _rectangle(room, (x + 4, y + 4, x + w - 4, y + h // 2), rng.uniform(0.1, 1.2, 3))


def _shelf(room: NDArray[np.float32], box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    _rectangle(room, box, np.array([0.2, 0.13, 0.08]))
    for y in range(y0 + 6, y1 - 40, 48):
        x = x0 + 4
        while x < x1 - 8:
            w = int(rng.integers(4, 11))
            _rectangle(room, (x, y + int(rng.integers(0, 14)), x + w - 1, y + 40), rng.uniform(0.03, 0.7, 3))
            x += w
