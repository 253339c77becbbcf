from __future__ import annotations

import cv2
import numpy as np
import pytest

from fas.faces.face import Face
from fas.faces.tracking import FaceTracker, box_overlap

IMAGE = np.zeros((10, 10, 3), np.uint8)


def face_at(x: float, y: float, side: float, score: float = 0.9) -> Face:
    return Face(np.array([x, y, x + side, y + side], np.float32), score, np.zeros((5, 2), np.float32))


class Scene:
    """Detector and mesh model of a scripted scene: which faces there are, and which of them have a mesh."""

    def __init__(self) -> None:
        self.identity = {"name": "scene"}
        self.faces: list[Face] = []
        self.without_mesh: list[Face] = []

    def detect(self, image):
        return sorted([*self.faces, *self.without_mesh], key=lambda face: -face.score)

    def fit(self, image, face):
        """The face of the scene that overlaps the given one most, as a mesh would slip onto it."""
        near = [other for other in self.faces if box_overlap(face.box, other.box) > 0.1]
        found = max(near, key=lambda other: box_overlap(face.box, other.box), default=None)
        if found is None:
            return None
        return Face(found.box, 1.0, found.points, np.zeros((468, 3), np.float32))


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def tracker(scene) -> FaceTracker:
    return FaceTracker(scene, scene)


def test_takes_the_largest_face_not_the_surest(scene, tracker):
    scene.faces = [face_at(0, 0, 50, score=0.99), face_at(200, 0, 80, score=0.6)]
    assert tracker.track(IMAGE).box[0] == 200


def test_follows_without_detecting(scene, tracker):
    for x in range(0, 100, 10):
        scene.faces = [face_at(x, 0, 80)]
        assert tracker.track(IMAGE).box[0] == x
    assert tracker.detections == 1


def test_stays_with_its_face_when_a_larger_one_comes(scene, tracker):
    scene.faces = [face_at(0, 0, 50)]
    tracker.track(IMAGE)
    scene.faces = [face_at(5, 0, 50), face_at(300, 0, 200)]
    assert tracker.track(IMAGE).box[0] == 5


def test_detects_anew_when_the_mesh_jumps(scene, tracker):
    scene.faces = [face_at(0, 0, 50)]
    tracker.track(IMAGE)
    scene.faces = [face_at(0, 0, 150)]  # overlaps enough to be fitted, too little to be the same
    assert tracker.track(IMAGE).box[2] == 150
    assert tracker.detections == 2


def test_after_a_gap_takes_the_face_at_the_last_known_place(scene, tracker):
    scene.faces = [face_at(0, 0, 50)]
    tracker.track(IMAGE)
    scene.faces = []
    assert tracker.track(IMAGE) is None
    scene.faces = [face_at(300, 0, 200), face_at(10, 0, 50)]
    assert tracker.track(IMAGE).box[0] == 10


def test_after_a_gap_takes_the_largest_where_none_is_near(scene, tracker):
    scene.faces = [face_at(0, 0, 50)]
    tracker.track(IMAGE)
    scene.faces = []
    tracker.track(IMAGE)
    scene.faces = [face_at(600, 0, 60), face_at(300, 0, 90)]
    assert tracker.track(IMAGE).box[0] == 300


def test_a_detection_without_a_mesh_is_no_face(scene, tracker):
    scene.faces, scene.without_mesh = [face_at(0, 0, 50)], [face_at(300, 0, 200)]
    assert tracker.track(IMAGE).box[0] == 0
    scene.faces = []
    assert tracker.track(IMAGE) is None


def test_reset_forgets_the_last_place(scene, tracker):
    scene.faces = [face_at(0, 0, 50)]
    tracker.track(IMAGE)
    tracker.reset()
    scene.faces = [face_at(0, 0, 50), face_at(300, 0, 90)]
    assert tracker.track(IMAGE).box[0] == 300


def test_overlap_by_hand():
    a, b = (np.array(box, np.float32) for box in ([0, 0, 10, 10], [5, 0, 15, 10]))
    assert box_overlap(a, b) == pytest.approx(50 / 150)
    assert box_overlap(a, a) == 1
    assert box_overlap(a, b + 100) == 0
    assert box_overlap(a * 0, a * 0) == 0


def test_real_video_is_detected_once_and_again_after_a_cut(detector, mesh_model, astronaut):
    tracker = FaceTracker(detector, mesh_model)
    scene = cv2.copyMakeBorder(astronaut, 100, 300, 100, 300, cv2.BORDER_REPLICATE)
    first = None
    for step in range(12):
        motion = cv2.getRotationMatrix2D((325, 220), 2 * step, 1 + 0.02 * step)
        motion[:, 2] += 8 * step, 5 * step
        face = tracker.track(cv2.warpAffine(scene, motion, (912, 912), borderMode=cv2.BORDER_REPLICATE))
        first = face.points if first is None else first
        assert np.abs(face.points - (first @ motion[:, :2].T + motion[:, 2])).max() < 6
    assert tracker.detections == 1
    far = np.roll(scene, 450, axis=1)
    assert abs(tracker.track(far).points[2, 0] - (322 + 450)) < 10
    assert tracker.detections == 2
    assert tracker.track(np.full_like(scene, 128)) is None
