"""Two displays: gamma, primaries, black level, and the grid of sub-pixels that a sensor beats with.

The grid is never drawn. Its red, green and blue stripes are periodic, so at the sensor each colour is the picture
times a Fourier series whose harmonics the lens has damped, evaluated where a site of the Bayer mosaic is. This is
exact for a picture that is smooth over a display pixel, and it aliases as a real sensor does: moire.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.camera import LUMA
from fas.simulation.sensor import WIDTH

_STRIPE_PHASES = (1 / 6, 1 / 2, 5 / 6)
"""Middles of the red, green and blue stripes in a display pixel."""


@dataclass(frozen=True, slots=True)
class Display:
    """One model of a display.

    Attributes:
        pixels: Display pixels across the width of the shown picture, smallest and largest.
        stripe: Lit width of a stripe, in display pixels.
        row: Lit height of a row, in display pixels.
        white: Light of full white relative to white paper in session 1, smallest and largest.
        black: Light of black relative to white, smallest and largest.
        gamma: Of the display, smallest and largest.
        saturation: Of the colours it shows, smallest and largest: narrow primaries lower it, vivid modes raise it.
        tint: Its white: red and blue relative to green.
        reflectance: Of its surface, smallest and largest.
        scatter: Blur of what the surface mirrors in sensor pixels, smallest and largest.
        flicker: Largest depth of the band that its backlight leaves.
    """

    pixels: tuple[float, float]
    stripe: float
    row: float
    white: tuple[float, float]
    black: tuple[float, float]
    gamma: tuple[float, float]
    saturation: tuple[float, float]
    tint: tuple[float, float]
    reflectance: tuple[float, float]
    scatter: tuple[float, float]
    flicker: float


DISPLAYS: dict[int, Display] = {
    1: Display(
        pixels=(540, 620),
        stripe=0.27,
        row=0.82,
        white=(0.8, 1.6),
        black=(0.001, 0.006),
        gamma=(2.05, 2.5),
        saturation=(0.82, 1.2),
        tint=(0.97, 1.06),
        reflectance=(0.006, 0.03),
        scatter=(20, 90),
        flicker=0.03,
    ),
    2: Display(
        pixels=(860, 940),
        stripe=0.27,
        row=0.85,
        white=(1.0, 2.4),
        black=(0.0005, 0.003),
        gamma=(2.1, 2.4),
        saturation=(0.95, 1.2),
        tint=(1.0, 1.03),
        reflectance=(0.012, 0.05),
        scatter=(3, 14),
        flicker=0.01,
    ),
}
"""Display 1: a matte desktop monitor of 1280 x 1024; display 2: a glossy notebook of twice the density."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One display as it is set for one recording: what `draw_panel` drew from a model's ranges.

    Attributes:
        model: The display.
        pitch: Plane pixels per display pixel.
        curve: Light of 256 levels of the picture.
        primaries: Matrix `(3, 3)` from the picture's colours to light.
    """

    model: Display
    pitch: float
    curve: NDArray[np.float32]
    primaries: NDArray[np.float32]

    def light(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Mean light of a shown picture RGB uint8 `(h, w, 3)`, without the grid."""
        light = cv2.transform(cv2.LUT(picture, self.curve), self.primaries)
        return np.asarray(np.maximum(light, 0, out=light))

    def grid(self, positions: NDArray[np.float32], channel: int, blur: float) -> NDArray[np.float32]:
        """Factor of mean 1 by which stripes and rows modulate a colour at these plane positions `(h, w, 2)`.

        Args:
            positions: Where the sites of one colour of the mosaic look, in plane pixels.
            channel: 0 red, 1 green, 2 blue.
            blur: Standard deviation of the lens in plane pixels.
        """
        turn = np.float32(2 * np.pi / self.pitch)
        across = positions[..., 0] * turn - np.float32(2 * np.pi * _STRIPE_PHASES[channel])
        stripes = _series(across, self.model.stripe, blur / self.pitch)
        rows = _series(positions[..., 1] * turn, self.model.row, blur / self.pitch)
        return np.asarray(stripes * rows)


def draw_panel(model: Display, rng: np.random.Generator) -> Panel:
    """Brightness, gamma, scale and tint of one recording."""
    white, black, gamma = (float(rng.uniform(*limits)) for limits in (model.white, model.black, model.gamma))
    level = (np.arange(256) / 255) ** gamma
    saturation = float(rng.uniform(*model.saturation))
    mixing = saturation * np.eye(3) + (1 - saturation) * np.outer(np.ones(3), LUMA)
    tint = np.array([model.tint[0], 1, model.tint[1]]) * np.exp(rng.normal(0, 0.02, 3))
    return Panel(
        model=model,
        pitch=WIDTH / float(rng.uniform(*model.pixels)),
        curve=(white * (black + (1 - black) * level)).astype(np.float32),
        primaries=(tint[:, None] * mixing).astype(np.float32),
    )


def _series(phase: NDArray[np.float32], lit: float, blur: float) -> NDArray[np.float32]:
    """A square wave of mean 1, lit for a share of its period, after a Gaussian blur in periods; two harmonics."""
    first = np.cos(phase)
    strengths = [2 * float(np.sinc(k * lit) * np.exp(-2 * (np.pi * k * blur) ** 2)) for k in (1, 2)]
    wave = first * np.float32(strengths[0]) + 1
    if abs(strengths[1]) > 1e-3:
        wave += (2 * first * first - 1) * np.float32(strengths[1])
    return np.asarray(wave)
