from __future__ import annotations

import pytest

from fas.errors import FasError
from fas.faces.backends import DETECTORS, make_detector, make_mesh_model
from fas.weights.fetching import model_file
from fas.weights.table import FACE_MESH, MODELS


def test_default_detector_needs_nothing():
    assert make_detector("mediapipe").identity["name"] == "mediapipe"


@pytest.mark.parametrize("name", DETECTORS)
def test_an_empty_folder_of_weights_is_a_clear_error(name, tmp_path):
    with pytest.raises(FasError, match="the folder of weights has no") as caught:
        make_detector(name, tmp_path)
    assert caught.value.path == tmp_path


def test_unknown_name_lists_the_known():
    with pytest.raises(FasError) as caught:
        make_detector("haar")
    assert all(name in caught.value.remedy for name in DETECTORS)


def test_mesh_comes_from_the_folder_where_it_is_there(tmp_path):
    assert make_mesh_model(tmp_path).identity[FACE_MESH] == MODELS[FACE_MESH].sha256
    (tmp_path / FACE_MESH).write_bytes(model_file(FACE_MESH).read_bytes() + b"\0")
    assert make_mesh_model(tmp_path).identity[FACE_MESH] != MODELS[FACE_MESH].sha256
