"""A print or a display before the camera: what it shows, what it mirrors, and what is around it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.camera import Camera
from fas.simulation.display import Panel
from fas.simulation.glare import Glare
from fas.simulation.plane import Plane, PlanePose
from fas.simulation.printing import DENSITY
from fas.simulation.scene import Flicker, Light
from fas.simulation.sensor import CENTRE, QUAD, SITE_CHANNELS, SITES, WIDTH, Grid, Planes, at_sites, sample
from fas.simulation.surround import Surround

Shown = Callable[[NDArray[np.float32], Grid, int], NDArray[np.float32]]
"""Light of the shown picture: (plane positions at a grid's nodes, the grid, channel) -> `(height, width)`."""


class AttackScene:
    """An instrument of which everything but the shown picture is fixed.

    Args:
        plane: Its geometry.
        surround: What is around the picture.
        glare: What it mirrors.
    """

    def __init__(self, plane: Plane, surround: Surround, glare: Glare) -> None:
        self.plane = plane
        self._surround = surround
        self._glare = glare

    def layers(self, pose: PlanePose, shown: Shown) -> tuple[Planes, Planes]:
        """The light at the sensor's mosaic without the mirrored room, and the mirrored room alone.

        The camera sees the sum of both.
        """
        seen = self.plane.to_plane(QUAD.nodes(), pose)
        mirrored = self._glare.light(seen, pose)
        framing = self._surround.look(seen)
        clean, reflection = [], []
        for grid, channel, positions in zip(SITES, SITE_CHANNELS, at_sites(seen), strict=True):
            light = shown(positions, grid, channel)
            glare = cv2.resize(mirrored[channel], (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
            if framing is not None:
                light = light * framing.shown + framing.around[channel]
                glare = glare * framing.surface
            clean.append(light)
            reflection.append(glare)
        return (clean[0], clean[1], clean[2], clean[3]), (reflection[0], reflection[1], reflection[2], reflection[3])


class PrintedPicture:
    """A printed sheet in a session's light.

    Args:
        sheet: From `print_sheet`.
        plane: Its geometry.
        light: What falls on it.
        rng: Draws how evenly.
    """

    def __init__(self, sheet: NDArray[np.uint8], plane: Plane, light: Light, rng: np.random.Generator) -> None:
        self._channels = [np.ascontiguousarray(sheet[..., channel]) for channel in range(3)]
        self._plane = plane
        self._light = light
        self._flicker = Flicker(light.flicker, rng)
        self._slope = rng.normal(0, 0.15, 2)

    def at(self, pose: PlanePose, time: float) -> Shown:
        """What the sheet shows in a pose at a time in seconds."""

        def shown(positions: NDArray[np.float32], grid: Grid, channel: int) -> NDArray[np.float32]:
            irradiance = self._light.shading(self._plane.normals(positions, pose))[..., channel]
            ramp = 1 + (positions - CENTRE) @ self._slope / WIDTH
            irradiance = irradiance * np.maximum(ramp, 0.3).astype(np.float32) * np.float32(self._light.level / 255)
            where = grid.refine((positions + np.float32(0.5)) * np.float32(DENSITY) - np.float32(0.5))
            light = sample(self._channels[channel], where).astype(np.float32)
            light *= grid.refine(irradiance)
            light *= self._flicker.rows(grid, time)
            return light

        return shown


class ReplayedPicture:
    """A video on a display; it gives its own light.

    Args:
        panel: The display.
        camera: Its lens damps the grid of sub-pixels.
        rng: Draws the beat of the backlight.
    """

    def __init__(self, panel: Panel, camera: Camera, rng: np.random.Generator) -> None:
        self._panel = panel
        self._camera = camera
        self._flicker = Flicker(panel.model.flicker * float(rng.uniform(0, 1)), rng)

    def at(self, pose: PlanePose, time: float, picture: NDArray[np.uint8]) -> Shown:
        """What the display shows, RGB uint8 `(h, w, 3)` over its whole picture, in a pose at a time in seconds."""
        channels = cv2.split(self._panel.light(picture))
        scale = np.float32(picture.shape[1] / WIDTH)

        def shown(positions: NDArray[np.float32], grid: Grid, channel: int) -> NDArray[np.float32]:
            fine = grid.refine(positions)
            light = sample(channels[channel], fine * scale + (scale - 1) / 2)
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), self._camera.blur / 2))
            light *= self._panel.grid(fine, channel, self._camera.blur / pose.zoom)
            light *= self._flicker.rows(grid, time)
            return light

        return shown
