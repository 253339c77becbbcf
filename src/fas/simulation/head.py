"""A living head before a camera: its surface turns in three dimensions, the backdrop stays behind.

The photograph is a texture on the surface that the mesh gives. For every frame the surface is turned, and each pixel
of the sensor looks up which point of the surface it sees. What a head uncovers is the painted backdrop.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.camera import Camera
from fas.simulation.motion import rotation, wander
from fas.simulation.scene import Flicker, Light
from fas.simulation.sensor import CELL, CENTRE, FOCAL_LENGTH, QUAD, SITE_CHANNELS, SITES, Planes, at_sites, sample
from fas.simulation.subjects import MARGIN, Subject
from fas.srgb import SRGB_TO_LINEAR

_EYES = ((33, 133), (362, 263))
"""The corners of the eye on the image's left and of the one on its right."""
_PATHS = ((6, 2), (3.5, 1.5), (2, 1), (12, 8), (7, 5), (14, 12), (12, 12), (0.8, 0.8))
"""Of each field of a pose, how far it wanders and how far from zero it begins: degrees, or pixels of the sensor."""
_DARKEST = np.float32(0.012)
"""Reflectance of the blackest hair or cloth; a photograph's black says 0."""
_BACKDROP_DISTANCE = 3.0
"""Of the wall behind, relative to the head's distance: what the camera's sway moves less."""
_ITERATIONS = 4
"""Of the search for the surface point behind a pixel; head turns of 10 degrees need three for 0.1 pixels."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where head and camera are in one frame.

    Attributes:
        yaw: Turn of the head about the vertical, radians, from the photograph's pose.
        pitch: Nod, radians.
        roll: Tilt, radians.
        shift: Movement of the whole person in sensor pixels, x and y.
        sway: Movement of the camera's picture in sensor pixels, x and y.
        tilt: Turn of the camera about its axis, radians.
    """

    yaw: float
    pitch: float
    roll: float
    shift: tuple[float, float]
    sway: tuple[float, float]
    tilt: float


def draw_poses(rng: np.random.Generator, times: NDArray[np.float64]) -> list[Pose]:
    """A natural path of a person who looks at a phone in somebody's hand, one pose for each of the times."""
    paths = [rng.normal(0, offset) + wander(rng, times, amplitude) for amplitude, offset in _PATHS]
    return [
        Pose(radians(yaw), radians(pitch), radians(roll), (shift_x, shift_y), (sway_x, sway_y), radians(tilt))
        for yaw, pitch, roll, shift_x, shift_y, sway_x, sway_y, tilt in np.column_stack(paths).tolist()
    ]


class HeadScene:
    """One recording of one subject.

    Args:
        subject: Texture and surface.
        light: What falls on it.
        zoom: Size of the picture relative to the subject's base framing.
        camera: Gives the lens's distortion.
        rng: Draws how the light lies on the backdrop.
    """

    def __init__(self, subject: Subject, light: Light, zoom: float, camera: Camera, rng: np.random.Generator) -> None:
        self._subject = subject
        self._light = light
        self._zoom = zoom
        self._camera = camera
        self._flicker = Flicker(light.flicker, rng)
        self._curve = _DARKEST + (1 - _DARKEST) * SRGB_TO_LINEAR
        self._texture, self._backdrop = cv2.split(subject.texture), cv2.split(subject.backdrop)
        rows, columns = subject.depth.shape
        y, x = np.mgrid[:rows, :columns].astype(np.float32) * CELL + (CELL - 1) / 2
        self._points = np.dstack([x, y, subject.depth]).astype(np.float32)
        self._pivot = _pivot(subject)
        self._normals = _normals(subject.depth)
        face = np.zeros(subject.depth.shape, np.float32)
        cv2.fillConvexPoly(face, _to_cells(cv2.convexHull(subject.mesh[:, :2].copy())).round().astype(np.int32), 1.0)
        self._is_face = cv2.GaussianBlur(face, (0, 0), 0.1 * subject.face_width / CELL)[..., None]
        slope = np.array(rng.normal(0, 0.25, 2) - 0.3 * light.direction[:2], np.float32)
        ramp = 1 + ((x - x.mean()) * slope[0] + (y - y.mean()) * slope[1]) / np.float32(columns * CELL)
        ramp *= np.float32(rng.uniform(0.8, 1.1))
        self._frontal = light.shading(np.array([0, 0, -1], np.float32))
        self._backdrop_light = np.maximum(ramp, 0.4)[..., None] * self._frontal

    def move(self, points: NDArray[np.floating], rigidity: NDArray[np.floating], pose: Pose) -> NDArray[np.float64]:
        """Where surface points are seen once head and person have moved: canvas positions `(..., 2)`.

        Args:
            points: `(..., 3)` in canvas pixels at rest.
            rigidity: `(...)`, the share of the head's turn that each point follows.
            pose: The head's and the person's.
        """
        centre = CENTRE + MARGIN
        # Back to three dimensions: at depth z a pixel is (f + z) / f units wide.
        widened = (FOCAL_LENGTH + points[..., 2:]) / FOCAL_LENGTH
        spatial = np.concatenate([(points[..., :2] - centre) * widened, points[..., 2:]], axis=-1)
        turned = (spatial - self._pivot) @ rotation(pose.yaw, pose.pitch, pose.roll).T + self._pivot
        spatial = spatial + rigidity[..., None] * (turned - spatial)
        seen = spatial[..., :2] * FOCAL_LENGTH / (FOCAL_LENGTH + spatial[..., 2:])
        return np.asarray(centre + seen + np.array(pose.shift))

    def planes(self, pose: Pose, time: float) -> Planes:
        """The light at the sensor's mosaic, with the head in a pose at a time in seconds."""
        displacement = (self.move(self._points, self._subject.rigidity, pose) - self._points[..., :2]).astype(
            np.float32
        )
        shading = self._shading(pose)
        seen = self._to_canvas(QUAD.nodes(), pose)
        source = _find_source(seen, displacement)
        # The wall is farther away, so the same sway moves it less.
        wall = seen + np.array(pose.sway, np.float32) * np.float32(1 - 1 / _BACKDROP_DISTANCE)
        person_light = sample(shading, _to_cells(source))
        wall_light = sample(self._backdrop_light, _to_cells(wall))
        planes = []
        for grid, channel, from_person, from_wall in zip(
            SITES, SITE_CHANNELS, at_sites(source), at_sites(wall), strict=True
        ):
            where = grid.refine(from_person)
            matte = sample(self._subject.matte, where) * np.float32(1 / 255)
            colour = cv2.LUT(sample(self._texture[channel], where), self._curve)
            colour *= grid.refine(person_light[..., channel])
            plane = cv2.LUT(sample(self._backdrop[channel], grid.refine(from_wall)), self._curve)
            plane *= grid.refine(wall_light[..., channel])
            colour -= plane
            colour *= matte
            plane += colour
            plane *= np.float32(self._light.level) * self._flicker.rows(grid, time)
            planes.append(cv2.GaussianBlur(plane, (0, 0), self._camera.blur / 2))
        return planes[0], planes[1], planes[2], planes[3]

    def eyes(self, pose: Pose) -> NDArray[np.float64]:
        """Centres of the two eyes on the sensor `(2, 2)`, the one on the image's left first."""
        corners = np.array([self._subject.mesh[list(pair)].mean(axis=0) for pair in _EYES])
        moved = self.move(corners, np.ones(2), pose)
        return self._camera.distort(self._from_canvas(moved, pose))

    def _to_canvas(self, positions: NDArray[np.float32], pose: Pose) -> NDArray[np.float32]:
        """Canvas positions that sensor positions show when nobody moves."""
        ideal = self._camera.undistort(positions) - CENTRE - np.array(pose.sway)
        turned = ideal @ _turn(-pose.tilt).T
        return np.asarray(turned / self._zoom + CENTRE + MARGIN, np.float32)

    def _from_canvas(self, positions: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
        turned = ((positions - CENTRE - MARGIN) * self._zoom) @ _turn(pose.tilt).T
        return np.asarray(turned + CENTRE + np.array(pose.sway))

    def _shading(self, pose: Pose) -> NDArray[np.float32]:
        turn = rotation(pose.yaw, pose.pitch, pose.roll).astype(np.float32)
        turned = self._normals @ turn.T
        lit = self._light.shading(turned)
        # Skin is a little oily: a faint highlight that wanders as the head turns (Blinn and Phong).
        half = self._light.direction + np.array([0, 0, -1])
        half = (half / np.linalg.norm(half)).astype(np.float32)
        gloss = 0.12 * np.maximum(turned @ half, 0) ** 24 * self._subject.rigidity
        lit = lit + gloss[..., None] * np.array(self._light.key, np.float32)
        # Beyond the face the normals are a guess: hair and cloth, and the edge of the matte, are lit evenly.
        return np.asarray(self._frontal + self._is_face * (lit - self._frontal), np.float32)


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _pivot(subject: Subject) -> NDArray[np.float64]:
    """The joint of head and neck: below the face and half a head behind it."""
    width = subject.face_width
    low, high = subject.mesh[:, :2].min(axis=0), subject.mesh[:, :2].max(axis=0)
    below = np.array([(low[0] + high[0]) / 2, low[1] + 0.85 * (high[1] - low[1])])
    return np.array([*(below - CENTRE - MARGIN), 0.45 * width])


def _normals(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit normals towards the camera, of a smoother surface: the photograph has its own fine shading."""
    smooth = cv2.GaussianBlur(depth, (0, 0), 2.0) / CELL
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    normals = np.dstack([dx, dy, np.full_like(dx, -1)]) * np.array([0.7, 0.7, 1], np.float32)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True), np.float32)


def _to_cells(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Canvas pixels to indices of the canvas's cells."""
    return (positions - np.float32((CELL - 1) / 2)) / np.float32(CELL)


def _find_source(seen: NDArray[np.float32], displacement: NDArray[np.float32]) -> NDArray[np.float32]:
    """The points at rest that are now seen at these canvas positions: fixed-point search of p + d(p) = seen."""
    source = seen
    for _ in range(_ITERATIONS):
        source = seen - sample(displacement, _to_cells(source))
    return source
