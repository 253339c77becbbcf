"""The real networks on real photographs. Positions were read off the photographs by eye."""

from __future__ import annotations

import multiprocessing
import pickle

import cv2
import numpy as np
import pytest

from fas.errors import FasError
from fas.faces.face import Face
from fas.faces.mediapipe import MediaPipeDetector
from fas.weights.table import FACE_DETECTOR, FACE_MESH, MODELS

# Eye centres, nose tip and mouth corners of the astronaut.
ASTRONAUT = np.array([[203, 101], [246, 103], [223, 128], [202, 141], [244, 142]])
# Nose tips of the six people of the group photo.
GROUP = np.array([[512, 357], [107, 343], [793, 415], [921, 134], [326, 215], [1176, 345]])
LOOSE, TIGHT = 9, 6  # pixels; the distance of the astronaut's eyes is 43
FOREHEAD, CHIN, NOSE, EARS = 10, 152, 1, [234, 454]


def largest_error(points, expected) -> float:
    return float(np.linalg.norm(points - expected, axis=1).max())


def test_detects_one_face_with_its_points(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert face.score > 0.9
    assert largest_error(face.points, ASTRONAUT) < LOOSE
    assert (face.box[:2] < ASTRONAUT.min(axis=0)).all() and (face.box[2:] > ASTRONAUT.max(axis=0)).all()
    assert face.mesh is None


def test_detects_every_face_of_a_group_the_surest_first(detector, group):
    faces = detector.detect(group)
    assert len(faces) == 6
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    noses = np.stack([face.points[2] for face in faces])
    distances = np.linalg.norm(noses[:, None] - GROUP[None], axis=2)
    assert sorted(distances.argmin(axis=1)) == list(range(6))
    assert distances.min(axis=1).max() < 30  # the largest face is 136 pixels wide


def test_no_face_in_noise_or_grey(detector, mesh_model, astronaut):
    grey = np.full((300, 400, 3), 128, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert detector.detect(grey) == detector.detect(noise) == []
    face = detector.detect(astronaut)[0]
    assert mesh_model.fit(np.full_like(astronaut, 128), face) is None


@pytest.mark.parametrize("shape", [(512, 900), (900, 512), (600, 1300)])
def test_letterbox_of_any_shape_keeps_positions(detector, mesh_model, astronaut, shape):
    top, left = (shape[0] - 512) // 2, (shape[1] - 512) // 3
    image = np.zeros((*shape, 3), np.uint8)
    image[top : top + 512, left : left + 512] = astronaut
    face = detector.detect(image)[0]
    moved = ASTRONAUT + np.array([left, top])
    assert largest_error(face.points[:3], moved[:3]) < LOOSE
    assert largest_error(mesh_model.fit(image, face).points, moved) < TIGHT


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_sideways_and_upside_down(detector, mesh_model, astronaut, quarters):
    face = mesh_model.fit(*_detected(detector, np.ascontiguousarray(np.rot90(astronaut, quarters))))
    points = face.points
    for _ in range(quarters):  # undo counter-clockwise quarters
        points = np.stack([511 - points[:, 1], points[:, 0]], axis=1)
    assert largest_error(points, ASTRONAUT) < TIGHT


def _detected(detector, image):
    return image, detector.detect(image)[0]


@pytest.mark.parametrize("angle", [-50, -30, 30, 50])
def test_tilted(detector, mesh_model, astronaut, angle):
    turn = cv2.getRotationMatrix2D((255.5, 255.5), angle, 0.8)
    image = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    face = mesh_model.fit(*_detected(detector, image))
    assert largest_error(face.points, ASTRONAUT @ turn[:, :2].T + turn[:, 2]) < TIGHT


def test_face_that_fills_the_image(detector, mesh_model, astronaut):
    close = np.ascontiguousarray(astronaut[50:190, 155:295])
    face = mesh_model.fit(*_detected(detector, cv2.resize(close, (1400, 1400), interpolation=cv2.INTER_CUBIC)))
    expected = (ASTRONAUT - [155, 50] + 0.5) * 10 - 0.5
    assert largest_error(face.points, expected) < 10 * TIGHT


def test_two_faces_are_told_apart(detector, mesh_model, astronaut):
    pair = np.hstack([astronaut, astronaut[:, ::-1]])
    meshes = [mesh_model.fit(pair, face) for face in detector.detect(pair)]
    noses = sorted(tuple(face.points[2]) for face in meshes)
    assert largest_error(np.array(noses), [ASTRONAUT[2], [1023 - ASTRONAUT[2, 0], ASTRONAUT[2, 1]]]) < TIGHT


def test_mesh_renews_the_whole_face(detector, mesh_model, astronaut):
    face = mesh_model.fit(*_detected(detector, astronaut))
    assert face.mesh.shape == (468, 3) and face.mesh.dtype == np.float32
    assert face.score > 0.9
    assert largest_error(face.points, ASTRONAUT) < TIGHT
    np.testing.assert_array_equal(face.box[:2], face.mesh[:, :2].min(axis=0))
    np.testing.assert_array_equal(face.box[2:], face.mesh[:, :2].max(axis=0))


def test_depth_is_in_pixels_and_smaller_is_nearer(detector, mesh_model, astronaut):
    mesh = mesh_model.fit(*_detected(detector, astronaut)).mesh
    assert mesh[NOSE, 2] < mesh[[FOREHEAD, CHIN], 2].min() < mesh[EARS, 2].max()
    # From nose to ear a head is about half as deep as it is wide to about as deep.
    depth, width = np.ptp(mesh[:, 2]), np.ptp(mesh[:, 0])
    assert 0.4 < depth / width < 1.2
    double = cv2.resize(astronaut, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    assert np.ptp(mesh_model.fit(*_detected(detector, double)).mesh[:, 2]) == pytest.approx(2 * depth, rel=0.05)


@pytest.mark.parametrize("shift", [(0.2, 0), (-0.2, 0.1), (0, -0.25)])
@pytest.mark.parametrize("scale", [0.8, 1.0, 1.3])
def test_mesh_corrects_a_bad_box(detector, mesh_model, astronaut, shift, scale):
    good = mesh_model.fit(*_detected(detector, astronaut))
    center, side = (good.box[:2] + good.box[2:]) / 2, 108
    corner = center + np.array(shift) * side - side * scale / 2
    bad = Face(np.concatenate([corner, corner + side * scale]).astype(np.float32), 1.0, good.points)
    height = good.box[3] - good.box[1]
    error = np.linalg.norm((mesh_model.fit(astronaut, bad).mesh - good.mesh)[:, :2], axis=1).mean() / height
    assert error < 0.03


def test_mesh_is_lost_when_its_face_is_gone(detector, mesh_model, astronaut):
    face = mesh_model.fit(*_detected(detector, astronaut))
    assert mesh_model.fit(np.roll(astronaut, 200, axis=1), face) is None


def test_identity_names_the_weights(detector, mesh_model):
    assert detector.identity == {"name": "mediapipe", FACE_DETECTOR: MODELS[FACE_DETECTOR].sha256}
    assert mesh_model.identity == {"name": "mediapipe-mesh", FACE_MESH: MODELS[FACE_MESH].sha256}


def _send_points(detector, mesh_model, image, queue) -> None:
    queue.put(mesh_model.fit(image, detector.detect(image)[0]).points)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_in_other_processes_after_use_in_this_one(detector, mesh_model, astronaut, method):
    here = mesh_model.fit(*_detected(detector, astronaut)).points
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=_send_points, args=(detector, mesh_model, astronaut, queue))
    process.start()
    np.testing.assert_array_equal(queue.get(), here)
    process.join()


def test_survives_pickling(detector, astronaut):
    copy = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copy.detect(astronaut)[0].box, detector.detect(astronaut)[0].box)


def test_weights_that_are_no_network(tmp_path, astronaut):
    (tmp_path / FACE_DETECTOR).write_bytes(b"not a network")
    with pytest.raises(FasError, match="cannot load") as caught:
        MediaPipeDetector(tmp_path).detect(astronaut)
    assert caught.value.path == tmp_path / FACE_DETECTOR
