"""Two printers: tone, inks, halftone and paper of a printed photograph.

The inks follow Neugebauer's model with Demichel's probabilities, which for four independent screens is a product:
`R = paper * prod_i (1 - a_i (1 - T_i))`, with coverage `a_i` and transmittance `T_i` of ink i (Yule, "Principles of
Color Reproduction", 1967).

A phone does not resolve single dots; what reaches the sensor of a clustered-dot screen is its first harmonic, which
the lens has damped, and the sensor then samples (moire where the two beat). So the screen is not drawn dot by dot: the
coverage is `a + 2 B(a) MTF(f) (cos u + cos v)`, where `B(a)` is the Fourier coefficient of a dot screen of coverage a.
Its mean is `a` exactly, as that of a calibrated screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.sensor import HEIGHT, WIDTH
from fas.srgb import SRGB_TO_LINEAR

DENSITY = 1.25
"""Pixels of the drawn sheet per plane pixel: enough for screens of 0.62 cycles per pixel; no lens shows finer ones."""
SHEET_WIDTH, SHEET_HEIGHT = int(WIDTH * DENSITY), int(HEIGHT * DENSITY)

_INKS = np.array([[0.10, 0.60, 0.80], [0.72, 0.09, 0.33], [0.94, 0.84, 0.10], [0.05, 0.05, 0.05]], np.float32)
"""Transmittance of cyan, magenta, yellow and black in red, green and blue light, both ways through the ink."""
_SWEEPS = 3
"""Of the solution for the inks: no coverage is then a hundredth from where it ends."""
_ANGLES = np.radians([15.0, 75.0, 0.0, 45.0])
"""The usual angles of the four screens."""


@dataclass(frozen=True, slots=True)
class Printer:
    """One printer.

    Attributes:
        screen: Cycles per plane pixel of its clustered-dot screens; None for a stochastic screen.
        grain: Standard deviation of a stochastic screen at half coverage, after the lens.
        banding: Depth of the bands along the sheet.
        mottle: Depth of the uneven toner or ink.
        gamma: Above 1 prints darker.
        black: Reflectance of the deepest black.
        saturation: Of colours relative to the photograph, smallest and largest: drivers make photographs vivid.
        paper: Reflectance of the bare paper in red, green and blue.
        gloss: Smallest and largest reflectance of its surface.
        scatter: Blur of what the surface mirrors, in sensor pixels.
    """

    screen: tuple[float, float] | None
    grain: float
    banding: float
    mottle: float
    gamma: float
    black: float
    saturation: tuple[float, float]
    paper: tuple[float, float, float]
    gloss: tuple[float, float]
    scatter: float


PRINTERS: dict[int, Printer] = {
    1: Printer(
        screen=(0.38, 0.60),
        grain=0.0,
        banding=0.004,
        mottle=0.010,
        gamma=1.12,
        black=0.010,
        saturation=(0.9, 1.25),
        paper=(0.86, 0.87, 0.88),
        gloss=(0.004, 0.030),
        scatter=50.0,
    ),
    2: Printer(
        screen=None,
        grain=0.020,
        banding=0.012,
        mottle=0.006,
        gamma=1.04,
        black=0.018,
        saturation=(0.82, 1.15),
        paper=(0.88, 0.87, 0.84),
        gloss=(0.002, 0.018),
        scatter=90.0,
    ),
}
"""Printer 1: a colour laser with clustered-dot screens; printer 2: an inkjet with stochastic ones."""


def print_sheet(
    coverage: NDArray[np.uint8], printer: Printer, blur: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Prints a separated photograph, as a lens of a given sharpness will see it.

    Args:
        coverage: From `separate`, uint8 `(4, h, w)`, of the whole photograph.
        printer: Inks, screens and paper.
        blur: Standard deviation of the lens in plane pixels: damps the screens.
        rng: Draws what differs from print to print.

    Returns:
        Reflectance times 255, uint8 `(SHEET_HEIGHT, SHEET_WIDTH, 3)`, linear.
    """
    shape = (SHEET_HEIGHT, SHEET_WIDTH)
    reflectance = [np.full(shape, level * 255, np.float32) for level in printer.paper]
    frequency = None if printer.screen is None else float(rng.uniform(*printer.screen))
    for ink in range(4):
        levels = cv2.resize(coverage[ink], shape[::-1], interpolation=cv2.INTER_LINEAR)
        amount = levels.astype(np.float32) / 255
        if frequency is None:
            amount += stochastic_screen(levels, printer.grain, rng)
        else:
            amount += clustered_screen(levels, frequency, float(_ANGLES[ink]), blur)
        for channel in range(3):
            reflectance[channel] *= 1 - amount * (1 - _INKS[ink, channel])
    unevenness = _paper(shape, printer, rng)
    return np.asarray(cv2.merge([np.clip(r * unevenness + 0.5, 0, 255).astype(np.uint8) for r in reflectance]))


def separate(photo: NDArray[np.uint8], black: float, gamma: float, saturation: float) -> NDArray[np.uint8]:
    """Separates an sRGB photograph `(H, W, 3)` into coverages of cyan, magenta, yellow and black.

    Colours that the inks cannot mix come out as near as full coverage allows: the printer's gamut.

    Args:
        photo: The photograph.
        black: The wanted reflectance, relative to the paper's, begins here instead of at 0.
        gamma: Above 1 darkens, below brightens.
        saturation: Of colours relative to the photograph.

    Returns:
        Coverages times 255, uint8 `(4, H, W)`.
    """
    linear = cv2.LUT(photo, SRGB_TO_LINEAR) ** np.float32(gamma)
    grey = linear.mean(axis=-1, keepdims=True)
    wanted = np.clip(grey + np.float32(saturation) * (linear - grey), 0, 1)
    wanted = black + (1 - black) * wanted
    target = [np.ascontiguousarray(wanted[..., channel]) for channel in range(3)]
    # Grey component replacement: a part of what all three inks share is printed in black.
    under = (1 - np.maximum(np.maximum(target[0], target[1]), target[2])) ** 2 * np.float32(0.85)
    under_black = 1 - under * (1 - _INKS[3, 0])
    amounts = [np.zeros_like(under) for _ in range(3)]
    # Every ink also takes light from the other colours, so each colour's own ink is solved for given the other two.
    for _ in range(_SWEEPS):
        for own in range(3):
            others = [1 - amounts[ink] * (1 - _INKS[ink, own]) for ink in range(3) if ink != own]
            passed = target[own] / (under_black * others[0] * others[1])
            amounts[own] = np.clip((1 - passed) / (1 - _INKS[own, own]), 0, 1)
    return np.stack([(amount * 255 + 0.5).astype(np.uint8) for amount in (*amounts, under)])


def clustered_screen(levels: NDArray[np.uint8], frequency: float, angle: float, blur: float) -> NDArray[np.float32]:
    """What a clustered-dot screen adds to an ink's coverage, seen through a lens; its mean is zero.

    Args:
        levels: Coverage times 255 on the sheet's grid, `(SHEET_HEIGHT, SHEET_WIDTH)` or any part of it.
        frequency: Of the screen, in cycles per plane pixel.
        angle: Of the screen, radians.
        blur: Standard deviation of the lens in plane pixels.
    """
    damping = float(np.exp(-2 * (np.pi * frequency * blur) ** 2))
    strength = 2 * damping * dot_harmonic()
    step = 2 * np.pi * frequency / DENSITY
    y, x = (np.arange(n, dtype=np.float32) * np.float32(step) for n in levels.shape)
    along_u = _plane_wave(x * np.float32(np.cos(angle)), y * np.float32(np.sin(angle)))
    along_v = _plane_wave(x * np.float32(-np.sin(angle)), y * np.float32(np.cos(angle)))
    return np.asarray(cv2.LUT(levels, strength.astype(np.float32)) * (along_u + along_v))


def stochastic_screen(levels: NDArray[np.uint8], grain: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """What a stochastic screen adds to an ink's coverage, seen through a lens: grain of mean zero.

    Args:
        levels: Coverage times 255.
        grain: Standard deviation at half coverage.
        rng: Draws the dots.
    """
    tile = rng.standard_normal((512, 512), np.float32)
    # Blue noise: dots keep their distance, so slow differences are missing.
    tile = cv2.GaussianBlur(tile, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT)
    tile -= cv2.GaussianBlur(tile, (0, 0), 2.5, borderType=cv2.BORDER_REFLECT)
    tile *= np.float32(2 * grain) / tile.std()
    rows, columns = (-(-size // 512) for size in levels.shape)
    grained = np.tile(tile, (rows, columns))[: levels.shape[0], : levels.shape[1]]
    share = np.arange(256) / 255
    return np.asarray(cv2.LUT(levels, np.sqrt(share * (1 - share)).astype(np.float32)) * grained)


@lru_cache(maxsize=1)
def dot_harmonic() -> NDArray[np.float64]:
    """The Fourier coefficient B(a) of a clustered-dot screen for 256 coverages: mean of `dot * cos u`.

    The dots are where `cos u + cos v` exceeds the level that gives the coverage.
    """
    u = (np.arange(128) + 0.5) * (2 * np.pi / 128)
    height = np.cos(u)[:, None] + np.cos(u)[None, :]
    order = np.argsort(-height, axis=None)
    summed = np.concatenate([[0.0], np.cumsum(np.broadcast_to(np.cos(u), height.shape).ravel()[order])]) / height.size
    return np.asarray(summed[np.round(np.linspace(0, height.size, 256)).astype(int)])


def _plane_wave(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """`cos(x + y)` on a grid, from its rows and columns."""
    return np.asarray(np.outer(np.cos(y), np.cos(x)) - np.outer(np.sin(y), np.sin(x)), np.float32)


def _paper(shape: tuple[int, int], printer: Printer, rng: np.random.Generator) -> NDArray[np.float32]:
    """Relative brightness of the sheet: fibres, mottle and bands; mean 1."""
    small = (shape[1] // 6, shape[0] // 6)
    mottle = cv2.GaussianBlur(rng.standard_normal(small[::-1], np.float32), (0, 0), 2.5)
    mottle = cv2.resize(mottle * np.float32(printer.mottle) / mottle.std(), shape[::-1], interpolation=cv2.INTER_LINEAR)
    tile = cv2.GaussianBlur(rng.standard_normal((480, 540), np.float32), (0, 0), 0.9)
    fibres = np.tile(tile * np.float32(0.006) / tile.std(), (6, 3))[: shape[0], : shape[1]]
    rows = cv2.GaussianBlur(rng.standard_normal((shape[0], 1), np.float32), (1, 0), sigmaX=0.5, sigmaY=6)
    return np.asarray(1 + mottle + fibres + rows * np.float32(printer.banding) / rows.std())
