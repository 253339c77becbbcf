"""The geometry that all cameras share: an upright sensor with a Bayer mosaic, and smooth maps evaluated on it.

All positions in this package are in pixels of that sensor, x right and y down, pixel centres at integers, whatever the
size of the videos that are written. So moire and halftone have their true scale, and a smaller video is the same
recording scaled down by the camera, as in a phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1080, 1920
"""The sensor, upright."""
CENTRE = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
FOCAL_LENGTH = 1500.0
"""In sensor pixels: 40 degrees across the short side, 65 along the long one, as a phone's front camera."""

_Level = TypeVar("_Level", np.float32, np.uint8)

CELL = 12
"""Smooth maps are computed once per cell of this many sensor pixels and interpolated between."""

Planes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Irradiance at the four sites of the Bayer mosaic (red, green, green, blue), each float32 `(960, 540)`, linear."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Every `step`-th pixel of the sensor, beginning at `(x0, y0)`.

    Attributes:
        step: Distance of two samples in sensor pixels; divides `CELL`.
        x0: Sensor position of the first column.
        y0: Sensor position of the first row.
    """

    step: int
    x0: float
    y0: float

    @property
    def width(self) -> int:
        """Number of columns."""
        return WIDTH // self.step

    @property
    def height(self) -> int:
        """Number of rows."""
        return HEIGHT // self.step

    def nodes(self) -> NDArray[np.float32]:
        """Sensor positions `(rows, columns, 2)` at which a smooth map must be known so that `refine` can fill it."""
        factor = CELL // self.step
        x = self.x0 + self.step * ((np.arange(WIDTH // CELL + 2) - 0.5) * factor - 0.5)
        y = self.y0 + self.step * ((np.arange(HEIGHT // CELL + 2) - 0.5) * factor - 0.5)
        return np.dstack(np.meshgrid(x, y)).astype(np.float32)

    def refine(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values at `nodes()` interpolated linearly to every sample of the grid: `(height, width, ...)`."""
        factor = CELL // self.step
        fine = cv2.resize(values, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[factor:-factor, factor:-factor])


SITES = (Grid(2, 0, 0), Grid(2, 1, 0), Grid(2, 0, 1), Grid(2, 1, 1))
"""The four sites of the mosaic, row by row."""
SITE_CHANNELS = (0, 1, 1, 2)
"""The colour of each site: R G / G B."""
QUAD = Grid(2, 0.5, 0.5)
"""The middles of the mosaic's squares of four, for what need not be known at each site alone."""
GLARE = Grid(4, 1.5, 1.5)
"""The middles of squares of sixteen, for what is out of focus anyway; its nodes are those of `QUAD`."""


def at_sites(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """A smooth map at the nodes of each of the `SITES`, from its values `(rows, columns, 2)` at the nodes of `QUAD`.

    They are half a pixel apart, so the map's slope tells the difference.
    """
    down, right = (np.gradient(values, CELL, axis=axis) for axis in (0, 1))
    shifts = [(grid.x0 - QUAD.x0, grid.y0 - QUAD.y0) for grid in SITES]
    return [np.asarray(values + dx * right + dy * down, np.float32) for dx, dy in shifts]


def planes_to_rgb(planes: Planes) -> NDArray[np.float32]:
    """A colour image `(480, 270, 3)` from the mosaic: each pixel is the mean over 4 x 4 sensor pixels."""
    red, green, other_green, blue = (
        cv2.resize(p, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA) for p in planes
    )
    return np.dstack([red, (green + other_green) / 2, blue])


def sample(
    texture: NDArray[_Level], positions: NDArray[np.float32], border: int = cv2.BORDER_REPLICATE
) -> NDArray[_Level]:
    """Values of a texture at positions `(h, w, 2)` in its own pixels, bilinear."""
    return np.asarray(cv2.remap(texture, positions, None, cv2.INTER_LINEAR, borderMode=border))
