"""A flat thing held before a camera: its pose, its homography, its bend, and what the sensor sees where.

Plane positions are in pixels of the photograph or video shown, scaled to the sensor's 1080 x 1920: at zoom 1, upright
and centred, plane and sensor positions are the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fas.simulation.camera import Camera
from fas.simulation.motion import rotation, wander
from fas.simulation.sensor import CENTRE, FOCAL_LENGTH, HEIGHT, WIDTH

_ITERATIONS = 5
_NEAR_ZOOM, _FAR_ZOOM = (1.07, 1.18), (0.85, 1.0)
_FAR_SHARE = 0.3
"""Of the attacks, how many are held so far away that an edge comes into the picture."""


@dataclass(frozen=True, slots=True)
class PlanePose:
    """Where the plane is in one frame.

    Attributes:
        yaw: Turn about the vertical, radians; 0 faces the camera.
        pitch: Turn about the horizontal, radians.
        roll: Turn in its own plane, radians.
        shift: Place of the plane's centre relative to the picture's, in sensor pixels.
        zoom: Sensor pixels per plane pixel at the plane's centre.
    """

    yaw: float
    pitch: float
    roll: float
    shift: tuple[float, float]
    zoom: float


def draw_plane_poses(rng: np.random.Generator, times: NDArray[np.float64], shake: float) -> list[PlanePose]:
    """The path of an instrument in a hand, or on a table before a phone in a hand.

    Args:
        rng: Draws pose and path.
        times: Seconds of the frames.
        shake: 1 for an instrument in a hand; less for one that stands.
    """
    radians = np.pi / 180
    low, high = _FAR_ZOOM if rng.random() < _FAR_SHARE else _NEAR_ZOOM
    zoom = rng.uniform(low, high) * (1 + 0.012 * wander(rng, times, shake))
    yaw = rng.normal(0, 5 * radians) + wander(rng, times, 2.5 * shake * radians)
    pitch = rng.normal(0, 4 * radians) + wander(rng, times, 2 * shake * radians)
    roll = rng.normal(0, 1.5 * radians) + wander(rng, times, 1.2 * shake * radians)
    # The hand that holds the phone trembles, too.
    shift_x = rng.normal(0, 20) + wander(rng, times, 9 * shake + 8)
    shift_y = rng.normal(0, 20) + wander(rng, times, 9 * shake + 8)
    return [
        PlanePose(float(p[0]), float(p[1]), float(p[2]), (float(p[3]), float(p[4])), float(p[5]))
        for p in zip(yaw, pitch, roll, shift_x, shift_y, zoom, strict=True)
    ]


class Plane:
    """The geometry between a sheet or a screen and the sensor.

    Args:
        camera: Gives the lens's distortion.
        bend: Curvature about the sheet's vertical middle line in 1 / pixels; positive bends the sides away from the
            camera. 0 is flat.
    """

    def __init__(self, camera: Camera, bend: float = 0.0) -> None:
        self._camera = camera
        self.bend = bend

    @staticmethod
    def homography(pose: PlanePose) -> NDArray[np.float64]:
        """The matrix `(3, 3)` from plane positions to positions on the sensor of a camera without distortion."""
        turn, offset = _extrinsics(pose)
        to_camera = np.column_stack([turn[:, 0], turn[:, 1], offset])
        intrinsics = np.array([[FOCAL_LENGTH, 0, CENTRE[0]], [0, FOCAL_LENGTH, CENTRE[1]], [0, 0, 1]])
        centred = np.array([[1, 0, -CENTRE[0]], [0, 1, -CENTRE[1]], [0, 0, 1]])
        matrix = intrinsics @ to_camera @ centred
        return np.asarray(matrix / matrix[2, 2])

    def to_plane(self, positions: NDArray[np.floating], pose: PlanePose) -> NDArray[np.float32]:
        """Plane positions that are seen at these sensor positions `(..., 2)`."""
        inverse = np.asarray(np.linalg.inv(self.homography(pose)), np.float64)
        hit = _project(inverse, self._camera.undistort(positions))
        found = hit
        if self.bend:
            for _ in range(_ITERATIONS):
                found = found + hit - self._flatten(found, pose)
        return found.astype(np.float32)

    def to_sensor(self, points: NDArray[np.floating], pose: PlanePose) -> NDArray[np.float64]:
        """Sensor positions at which these plane positions `(..., 2)` are seen."""
        flat = self._flatten(points, pose) if self.bend else np.asarray(points, np.float64)
        return self._camera.distort(_project(self.homography(pose), flat))

    def normals(self, positions: NDArray[np.floating], pose: PlanePose) -> NDArray[np.float32]:
        """Unit normals `(..., 3)` towards the camera at plane positions `(..., 2)`."""
        turn, _ = _extrinsics(pose)
        angle = self.bend * (positions[..., 0] - CENTRE[0])
        normals = np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=-1)
        return np.asarray(normals @ turn.T, np.float32)

    def _flatten(self, points: NDArray[np.floating], pose: PlanePose) -> NDArray[np.float64]:
        """Where on the flat plane a point of the bent sheet seems to be, seen from the camera."""
        arc = np.asarray(points, np.float64) - CENTRE
        x, z = np.sin(self.bend * arc[..., 0]) / self.bend, (1 - np.cos(self.bend * arc[..., 0])) / self.bend
        turn, offset = _extrinsics(pose)
        eye = -turn.T @ offset
        reach = (eye[2] / (eye[2] - z))[..., None]
        bent = np.stack([x, arc[..., 1]], axis=-1)
        return np.asarray(eye[:2] + (bent - eye[:2]) * reach + CENTRE)


def _extrinsics(pose: PlanePose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation `(3, 3)` and place `(3,)` of the plane's middle in camera axes, in plane pixels."""
    depth = FOCAL_LENGTH / pose.zoom
    offset = np.array([pose.shift[0] / pose.zoom, pose.shift[1] / pose.zoom, depth])
    return rotation(pose.yaw, pose.pitch, pose.roll), offset


def _project(matrix: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    mapped = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[..., :2] / mapped[..., 2:])


def inside(positions: NDArray[np.float32], border: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far plane positions `(..., 2)` are inside the shown picture widened by a border, as coverage in [0, 1].

    Args:
        positions: Plane positions.
        border: Widths left, top, right, bottom in plane pixels.
    """
    x, y = positions[..., 0], positions[..., 1]
    depth_x = np.minimum(x + border[0], WIDTH - 1 + border[2] - x)
    depth_y = np.minimum(y + border[1], HEIGHT - 1 + border[3] - y)
    return np.asarray(np.clip(np.minimum(depth_x, depth_y) + np.float32(0.5), 0, 1))
