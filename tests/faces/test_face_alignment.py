"""The face-alignment package's own networks and code, with weights of our making.

The networks have their full layout of 185 MB, but every tensor is one repeated value, which is saved as that value.
"""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest
import torch

from fas.errors import FasError
from fas.faces.face_alignment import FaceAlignmentDetector, _five_points
from fas.weights.sources import file_hash
from fas.weights.table import FAN, S3FD

SCORE = 1 / (1 + np.exp(-4.0))


def flat(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The network's state, all zeros, each tensor stored as a single number."""
    return {
        name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in network.state_dict().items()
    }


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """S3FD that finds one face in every cell of stride 128; FAN whose heat maps are flat."""
    numba.config.DISABLE_JIT = True  # compiling the package's loops takes longer than all tests here
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN as Fan

    numba.config.DISABLE_JIT = False
    folder = tmp_path_factory.mktemp("weights")
    with torch.device("meta"):  # no memory, no initialisation
        networks = s3fd(), Fan(4)
    detector, landmarks = map(flat, networks)
    for name, value in detector.items():
        if name.endswith("conf.bias"):
            bias = torch.full(value.shape, 9.0)
            bias[-1] = -9.0  # the last channel is the face
            detector[name] = bias
    detector["conv7_2_mbox_conf.bias"] = torch.tensor([0.0, 4.0])
    torch.save(detector, folder / S3FD)
    torch.save(landmarks, folder / FAN)
    return folder


@pytest.fixture(scope="session")
def finder(weights) -> FaceAlignmentDetector:
    return FaceAlignmentDetector(weights)


def test_decodes_box_and_score(finder):
    (face,) = finder.detect(np.zeros((128, 128, 3), np.uint8))
    # Anchors are four strides of 128 wide and centred in their cells. Padding makes cells of 2 x 2; one box is kept.
    corners = face.box.reshape(2, 2)
    np.testing.assert_allclose(corners[1] - corners[0], 512, atol=1e-3)
    assert set(corners.mean(axis=0).round(3).tolist()) <= {64.0, 192.0}
    assert face.score == pytest.approx(SCORE, abs=1e-5)
    assert face.points.shape == (5, 2)
    assert face.box.dtype == face.points.dtype == np.float32
    assert face.mesh is None


def test_large_images_are_shrunk_and_boxes_scaled_back(finder):
    faces = finder.detect(np.zeros((1280, 256, 3), np.uint8))  # 640 x 128 for S3FD
    assert len(faces) > 1
    for face in faces:
        corners = face.box.reshape(2, 2)
        np.testing.assert_allclose(corners[1] - corners[0], 1024, atol=1e-2)
        cell = ((corners.mean(axis=0) + 0.5) / 2 - 0.5) / 128 - 0.5
        np.testing.assert_allclose(cell, cell.round(), atol=1e-3)


def test_points_come_from_the_landmarks_in_the_order_of_300_w():
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[36:42, 0], landmarks[42:48, 0] = np.arange(6), np.arange(10, 16)
    landmarks[30], landmarks[48], landmarks[54] = (7, 8), (1, 20), (9, 21)
    np.testing.assert_allclose(_five_points(landmarks), [[2.5, 0], [12.5, 0], [7, 8], [1, 20], [9, 21]])


def test_leaves_the_hub_of_torch_as_it_was(weights):
    before = torch.hub.get_dir()
    FaceAlignmentDetector(weights).detect(np.zeros((64, 64, 3), np.uint8))
    assert torch.hub.get_dir() == before


def test_no_face(weights):
    assert FaceAlignmentDetector(weights, min_score=0.999).detect(np.zeros((128, 128, 3), np.uint8)) == []


def test_identity_hashes_both_files(weights, finder):
    hashes = {name: file_hash(weights / name) for name in (S3FD, FAN)}
    assert finder.identity == {"name": "face-alignment", **hashes}


def test_no_weights_is_a_clear_error(tmp_path):
    with pytest.raises(FasError, match=f"has no {S3FD}"):
        FaceAlignmentDetector(tmp_path)


@pytest.mark.parametrize("damaged", [S3FD, FAN])
def test_weights_that_are_no_network(weights, tmp_path, damaged):
    for name in (S3FD, FAN):
        (tmp_path / name).write_bytes((weights / name).read_bytes())
    (tmp_path / damaged).write_bytes(b"not a network")
    before = torch.hub.get_dir()
    with pytest.raises(FasError, match="face-alignment cannot load its weights"):
        FaceAlignmentDetector(tmp_path).detect(np.zeros((64, 64, 3), np.uint8))
    assert torch.hub.get_dir() == before


def test_weights_of_another_network(weights, tmp_path):
    (tmp_path / S3FD).write_bytes((weights / FAN).read_bytes())
    (tmp_path / FAN).write_bytes((weights / FAN).read_bytes())
    with pytest.raises(FasError, match="Error"):
        FaceAlignmentDetector(tmp_path).detect(np.zeros((64, 64, 3), np.uint8))


class Payload:
    def __reduce__(self):
        return print, ("code from a file ran",)


def test_pickled_code_is_refused(weights, tmp_path, capsys):
    torch.save({"weight": Payload()}, tmp_path / S3FD)
    (tmp_path / FAN).write_bytes((weights / FAN).read_bytes())
    with pytest.raises(FasError):
        FaceAlignmentDetector(tmp_path).detect(np.zeros((64, 64, 3), np.uint8))
    assert "ran" not in capsys.readouterr().out
