from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fas.simulation.camera import PHONES, Camera
from fas.simulation.plane import Plane, PlanePose, draw_plane_poses, inside
from fas.simulation.sensor import CENTRE

CAMERA = Camera(PHONES[4], (270, 480), np.random.default_rng(0))
POINTS = np.dstack(np.meshgrid(np.linspace(0, 1079, 9), np.linspace(0, 1919, 13))).reshape(-1, 2)
ANGLE = st.floats(-0.25, 0.25)
POSES = st.builds(
    PlanePose, ANGLE, ANGLE, ANGLE, st.tuples(st.floats(-60, 60), st.floats(-60, 60)), st.floats(0.8, 1.25)
)
UPRIGHT = PlanePose(0, 0, 0, (0, 0), 1)


def test_upright_at_zoom_one_plane_and_sensor_are_the_same() -> None:
    assert np.allclose(Plane.homography(UPRIGHT), np.eye(3))


def test_zoom_and_shift_by_hand() -> None:
    matrix = Plane.homography(PlanePose(0, 0, 0, (10, -20), 2))
    corner = matrix @ [0, 0, 1]
    assert corner[:2] / corner[2] == pytest.approx([-539.5 + 10, -959.5 - 20])


def test_the_side_that_turns_away_is_smaller() -> None:
    # A positive yaw turns the plane's right side towards the camera (z away): sin(yaw) > 0 takes x to -z.
    matrix = Plane.homography(PlanePose(0.2, 0, 0, (0, 0), 1))
    left, right = (cv2.perspectiveTransform(np.array([[[x, 0.0], [x, 1919.0]]]), matrix)[0] for x in (0.0, 1079.0))
    assert np.ptp(right[:, 1]) > np.ptp(left[:, 1])


@settings(max_examples=30)
@given(POSES, st.sampled_from([0.0, 5e-4, -5e-4]))
def test_to_plane_undoes_to_sensor(pose: PlanePose, bend: float) -> None:
    plane = Plane(CAMERA, bend)
    seen = plane.to_sensor(POINTS, pose)
    assert np.abs(plane.to_plane(seen, pose) - POINTS).max() < 0.15


@settings(max_examples=30)
@given(POSES)
def test_points_of_a_flat_sheet_follow_the_homography(pose: PlanePose) -> None:
    straight = Camera(PHONES[1], (270, 480), np.random.default_rng(0))
    seen = straight.undistort(Plane(straight).to_sensor(POINTS, pose))
    told = cv2.perspectiveTransform(POINTS[None], Plane.homography(pose))[0]
    assert np.abs(seen - told).max() < 0.01


def test_a_bent_sheet_follows_none() -> None:
    pose = PlanePose(0.2, 0.1, 0, (0, 0), 1)
    seen = CAMERA.undistort(Plane(CAMERA, 5e-4).to_sensor(POINTS, pose)).astype(np.float64)
    fitted, _ = cv2.findHomography(POINTS, seen)
    rest = np.abs(cv2.perspectiveTransform(POINTS[None], fitted)[0] - seen)
    assert rest.max() > 2
    # Its length is kept: the sides come nearer to the middle.
    flat = Plane(CAMERA, 5e-4).to_sensor(POINTS, UPRIGHT)
    assert np.ptp(flat[:, 0]) < 1079


def test_normals_face_the_camera_and_turn_with_the_plane() -> None:
    plane = Plane(CAMERA, 5e-4)
    middle, right = plane.normals(np.array([CENTRE, CENTRE + np.array([400, 0])]), UPRIGHT)
    assert middle == pytest.approx([0, 0, -1])
    assert right == pytest.approx([np.sin(0.2), 0, -np.cos(0.2)], abs=1e-6)
    turned = plane.normals(CENTRE[None], PlanePose(0.3, 0, 0, (0, 0), 1))[0]
    assert turned == pytest.approx([-np.sin(0.3), 0, -np.cos(0.3)], abs=1e-6)


def test_inside_is_the_coverage_of_the_picture() -> None:
    points = np.array([[540, 960], [0, 960], [-0.5, 960], [-1, 960], [540, 1919.25], [-20, 960]], np.float32)
    assert inside(points, np.zeros(4, np.float32)) == pytest.approx([1, 0.5, 0, 0, 0.25, 0])
    assert inside(points, np.array([30, 0, 0, 0], np.float32))[-1] == 1


def test_poses_wander_smoothly_and_by_the_seed() -> None:
    times = np.arange(30) / 15
    first, again = (draw_plane_poses(np.random.default_rng(1), times, 1.0) for _ in range(2))
    assert first == again
    yaw = np.degrees([pose.yaw for pose in first])
    assert 0 < np.abs(np.diff(yaw)).max() < 2
