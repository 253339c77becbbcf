from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fas.errors import FasError
from fas.maps.reflection import ESTIMATORS, make_estimator, reflection_map
from fas.maps.shape_colour import ShapeColour
from fas.maps.yang import YangSuppression


class Fixed:
    """An estimator that always sees the same."""

    identity = {"estimator": "fixed"}  # noqa: RUF012

    def __init__(self, layer: np.ndarray) -> None:
        self.layer = layer.astype(np.float32)

    def __call__(self, crop: np.ndarray, depth: np.ndarray) -> np.ndarray:
        return self.layer


CROP = np.zeros((8, 8, 3), np.uint8)


def test_equation_2_by_hand():
    layer = np.zeros((2, 2, 3))
    layer[..., 0] = [[1, 2], [4, 100]]  # the 100 lies outside the face and must not count
    layer[..., 1] = [[0.5, 0.25], [0, 3]]
    depth = np.array([[0.2, 1.0], [0.6, 0.0]], np.float32)
    found = reflection_map(CROP, depth, Fixed(layer), size=2)
    assert found.dtype == np.float32
    assert np.allclose(found[..., 0], [[0.25, 0.5], [1, 0]])
    assert np.allclose(found[..., 1], [[1, 0.5], [0, 0]])
    assert not found[..., 2].any()  # all zero, not 0 / 0


def test_the_threshold_cuts_the_face():
    depth = np.array([[0.2, 1.0], [0.6, 0.0]], np.float32)
    found = reflection_map(CROP, depth, Fixed(np.ones((2, 2, 3))), size=2, threshold=0.5)
    assert np.array_equal(found[..., 0], [[0, 1], [1, 0]])


def test_the_layer_is_averaged_down_to_the_size():
    layer = np.zeros((4, 4, 3))
    layer[0, 0], layer[2, 2] = 4.0, 8.0
    found = reflection_map(CROP, np.ones((2, 2), np.float32), Fixed(layer), size=2)
    assert np.allclose(found[..., 0], [[0.5, 0], [0, 1]])


@pytest.mark.parametrize("name", ["shape-colour", "yang"])
def test_estimators_give_maps_of_the_face(name):
    crop = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    depth = np.zeros((64, 64), np.float32)
    depth[10:50, 15:45] = np.linspace(0.1, 1, 30)
    found = reflection_map(crop, depth, make_estimator(name))
    assert found.shape == (64, 64, 3) and found.dtype == np.float32
    assert found.min() == 0 and np.allclose(found.max((0, 1)), 1) and not found[depth == 0].any()


def test_names():
    assert isinstance(make_estimator(), ShapeColour)
    assert isinstance(make_estimator("yang"), YangSuppression)
    assert make_estimator("yang").identity != make_estimator("shape-colour").identity
    with pytest.raises(FasError, match="no reflection estimator 'zhang'") as caught:
        make_estimator("zhang")
    assert all(name in str(caught.value) for name in ESTIMATORS)


def test_weights_where_they_belong():
    with pytest.raises(FasError, match="needs a weight file"):
        make_estimator("network")
    with pytest.raises(FasError, match="has no weights"):
        make_estimator("yang", Path("some.onnx"))
