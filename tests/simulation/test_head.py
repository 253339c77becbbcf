from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from fas.simulation.camera import PHONES, Camera
from fas.simulation.head import HeadScene, Pose, draw_poses
from fas.simulation.scene import SESSIONS
from fas.simulation.sensor import CENTRE, FOCAL_LENGTH
from fas.simulation.subjects import CANVAS_HEIGHT, CANVAS_WIDTH, MARGIN, Subject

REST = Pose(0, 0, 0, (0, 0), (0, 0), 0)
TURNED = Pose(0.15, -0.08, 0.05, (6, -4), (5, 3), 0.01)


def scene(subject: Subject, zoom: float = 1.0) -> HeadScene:
    # A lens without distortion and a light without flicker: the rest of the picture is known exactly.
    phone = replace(PHONES[1], distortion=0.0)
    light = replace(SESSIONS[1], flicker=0.0)
    return HeadScene(
        subject, light, zoom, Camera(phone, (270, 480), np.random.default_rng(0)), np.random.default_rng(0)
    )


def spot_subject(subject: Subject, at: tuple[float, float]) -> Subject:
    """Black but for one white spot on the person's surface."""
    texture = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH, 3), np.uint8)
    cv2.circle(texture, (round(at[0]), round(at[1])), 9, (255, 255, 255), -1)
    return replace(
        subject, texture=texture, matte=np.full(texture.shape[:2], 255, np.uint8), backdrop=np.zeros_like(texture)
    )


def brightest(planes: tuple[np.ndarray, ...]) -> np.ndarray:
    """Centroid of the spot on the sensor, from the first green site."""
    light = planes[1] - np.median(planes[1])
    light[light < 0.3 * light.max()] = 0
    y, x = np.mgrid[0:960, 0:540]
    return np.array([(x * light).sum() / light.sum() * 2 + 1, (y * light).sum() / light.sum() * 2])


@pytest.mark.parametrize("pose", [REST, TURNED], ids=["rest", "turned"])
@pytest.mark.parametrize("vertex", [1, 33, 234, 152])  # nose tip, eye corner, the face's side, chin
def test_a_point_of_the_face_is_rendered_where_the_geometry_says(subject: Subject, pose: Pose, vertex: int) -> None:
    rounded = np.round(subject.mesh[vertex, :2])
    cell = ((rounded - 5.5) / 12).astype(np.float32).reshape(1, 1, 2)
    surface, rigidity = (
        float(cv2.remap(field, cell, None, cv2.INTER_LINEAR)[0, 0]) for field in (subject.depth, subject.rigidity)
    )
    rendered = brightest(scene(spot_subject(subject, tuple(rounded))).planes(pose, 0.0))
    expected = scene(subject)
    moved = expected.move(np.array([[*rounded, surface]]), np.array([rigidity]), pose)
    told = expected._from_canvas(moved, pose)[0]
    # The tip of this drawn nose is sharper than the grid of 12 pixels on which the surface is known.
    assert np.linalg.norm(rendered - told) < 2.5


def test_at_rest_the_picture_is_the_photograph(subject: Subject) -> None:
    assert np.allclose(scene(subject).move(subject.mesh, np.ones(468), REST), subject.mesh[:, :2])
    eyes = scene(subject).eyes(REST)
    expected = np.array([subject.mesh[[33, 133], :2].mean(axis=0), subject.mesh[[362, 263], :2].mean(axis=0)]) - MARGIN
    assert eyes == pytest.approx(expected, abs=0.5)
    assert eyes[0, 0] < eyes[1, 0]


def test_a_turning_head_follows_no_homography(subject: Subject) -> None:
    points = subject.mesh
    seen = scene(subject).move(points, np.ones(len(points)), TURNED)
    matrix, _ = cv2.findHomography(points[:, :2].astype(np.float64), seen)
    rest = cv2.perspectiveTransform(points[None, :, :2].astype(np.float64), matrix)[0] - seen
    assert np.abs(rest).max() > 5


def test_near_points_move_more_than_far_ones(subject: Subject) -> None:
    """By hand: about the pivot at depth p, a small yaw moves a point at depth z by (p - z) * yaw to larger x."""
    view = scene(subject)
    yaw = 0.01
    pose = replace(REST, yaw=yaw)
    near, far = np.array([*(CENTRE + MARGIN), -100.0]), np.array([*(CENTRE + MARGIN), 0.0])
    shift = view.move(np.stack([near, far]), np.ones(2), pose)[:, 0] - (CENTRE + MARGIN)[0]
    pivot = view._pivot[2]
    # In pixels: divided by the perspective of the depth; the sign is that of `rotation`, x' = x cos + z sin.
    by_hand = [(z - pivot) * yaw * FOCAL_LENGTH / (FOCAL_LENGTH + z) for z in (-100.0, 0.0)]
    assert shift == pytest.approx(by_hand, abs=0.3)
    assert abs(shift[0]) > abs(shift[1])


def test_the_backdrop_does_not_turn_with_the_head(subject: Subject) -> None:
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.uniform(0, 255, subject.texture.shape).astype(np.float32), (0, 0), 4)
    empty = replace(
        subject, matte=np.zeros_like(subject.matte), backdrop=np.clip((noise - 127) * 6 + 127, 0, 255).astype(np.uint8)
    )
    turned = replace(REST, yaw=0.15, pitch=0.05)
    before, after = (scene(empty).planes(pose, 0.0)[1] for pose in (REST, turned))
    assert np.array_equal(before, after)


def test_an_uncovered_backdrop_is_painted(subject: Subject) -> None:
    """Behind the person there is no second person: the painted backdrop has none of the face's colour."""
    face = np.round(subject.mesh[1, :2]).astype(int)
    around = subject.backdrop[face[1] - 50 : face[1] + 50, face[0] - 50 : face[0] + 50]
    edge = subject.texture[:40].reshape(-1, 3)
    assert np.linalg.norm(around.reshape(-1, 3).mean(axis=0) - edge.mean(axis=0)) < 60


def test_light_from_the_left_brightens_the_left_cheek(subject: Subject) -> None:
    direction = np.array([-0.9, 0.0, -0.4])
    light = replace(SESSIONS[1], direction=direction / np.linalg.norm(direction), ambient_share=0.2, flicker=0.0)
    camera = Camera(PHONES[1], (270, 480), np.random.default_rng(0))
    grey = replace(subject, texture=np.full_like(subject.texture, 128), matte=np.full_like(subject.matte, 255))
    plane = HeadScene(grey, light, 1.0, camera, np.random.default_rng(0)).planes(REST, 0.0)[1]
    low, high = subject.mesh[:, :2].min(axis=0) - MARGIN, subject.mesh[:, :2].max(axis=0) - MARGIN
    row = int((low[1] + high[1]) / 4)
    left, right = int((low[0] + 60) / 2), int((high[0] - 60) / 2)
    assert plane[row, left] > 1.15 * plane[row, right]


def test_poses_are_small_smooth_and_by_the_seed() -> None:
    times = np.arange(45) / 15
    first, again = (draw_poses(np.random.default_rng(2), times) for _ in range(2))
    assert first == again
    yaw = np.degrees([pose.yaw for pose in first])
    assert 1 < np.ptp(yaw) < 20
    assert np.abs(np.diff(yaw)).max() < 4
