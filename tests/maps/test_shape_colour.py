from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from fas.maps.depth import depth_map
from fas.maps.shape_colour import ShapeColour, lack_of_red, shading_residual
from tests.fakes.mesh import face_mesh

MESH = face_mesh()
DEPTH = depth_map(MESH, 256)
FACE = DEPTH > 0
SKIN = np.array([0.45, 0.28, 0.2])


def encode(light: np.ndarray) -> np.ndarray:
    """sRGB of linear light, written the other way round than in the module."""
    light = np.clip(light, 0, 1)
    return np.rint(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def lit_face(direction: tuple[float, float, float]) -> np.ndarray:
    """Linear light `(256, 256, 3)` of a matt face of one colour under ambient light and one lamp."""
    depth = depth_map(MESH, 256, 256)
    slope_y, slope_x = np.gradient(-np.ptp(MESH[:, 2]) * 255 / 254 * cv2.GaussianBlur(depth, (0, 0), 4))
    normal = np.dstack([slope_x, slope_y, -np.ones_like(depth)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    towards = np.array(direction) / np.linalg.norm(direction)
    return (0.4 + 0.6 * np.maximum(normal @ towards, 0))[..., None] * SKIN * (depth > 0)[..., None]


def spot(x: float, y: float, sigma: float) -> np.ndarray:
    rows, columns = np.mgrid[:256, :256]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))[..., None] * np.array([0.2, 0.22, 0.25])


LAMPS = [(0.0, -0.3, -1.0), (0.6, -0.3, -1.0), (-0.5, 0.4, -1.0)]


def small(light: np.ndarray) -> np.ndarray:
    return cv2.resize(light.astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("lamp", LAMPS)
def test_the_shape_explains_a_matt_face_but_not_a_spot(lamp):
    face, glare = small(lit_face(lamp)), small(spot(100, 150, 18))
    assert np.percentile(np.abs(shading_residual(face, DEPTH)), 95) < 0.1 * np.ptp(face[FACE][:, 0])
    assert shading_residual(face + glare, DEPTH).max() > 0.7 * glare.max()


def test_lack_of_red_by_hand():
    # Three pixels of skin with 0.5 of red in a total of 0.9, and one with (0.1, 0.1, 0.1) added: its share of red is
    # 0.6 / 1.2. (0.9 and 1.2 plus the 0.1 of DARK divide.)
    skin = np.array([[0.5, 0.3, 0.1]] * 3 + [[0.6, 0.4, 0.2]], np.float32)
    expected = (0.5 / 0.9 * 1.2 - 0.6) / 1.3
    assert np.allclose(lack_of_red(skin), [0, 0, 0, expected], atol=1e-4)


def test_shading_does_not_change_the_lack_of_red():
    skin = (np.linspace(0.5, 1.5, 50)[:, None] * SKIN).astype(np.float32)
    assert np.ptp(lack_of_red(skin)) < 1e-3


@pytest.mark.parametrize("lamp", LAMPS)
def test_a_known_reflection_is_found_in_every_channel(lamp):
    glare = spot(100, 150, 18)
    found = ShapeColour()(encode(lit_face(lamp) + glare), DEPTH)
    assert found.dtype == np.float32 and found.shape == (64, 64, 3)
    for channel in range(3):
        assert np.corrcoef(found[FACE][:, channel], small(glare)[FACE][:, channel])[0, 1] > 0.9


def test_it_is_never_negative_and_zero_outside_the_face():
    layer = ShapeColour()(cv2.resize(astronaut(), (256, 256)), DEPTH)
    assert layer.min() >= 0 and layer.max() > 0 and not layer[~FACE].any()


def test_where_nothing_is_reflected_the_layer_is_zero():
    layer = ShapeColour()(encode(lit_face(LAMPS[0]) + spot(100, 150, 12)), DEPTH)
    assert 0.24 < (layer[FACE] == 0).mean() < 0.3


def test_the_level_of_the_light_does_not_matter():
    light = lit_face((0.3, -0.3, -1.0)) + spot(150, 100, 25)
    dim, bright = (ShapeColour()(encode(level * light), DEPTH) for level in (0.5, 1.0))
    assert np.corrcoef(dim[FACE].ravel(), bright[FACE].ravel())[0, 1] > 0.99


def test_a_crop_without_a_face_and_a_face_of_one_colour():
    crop = np.full((256, 256, 3), 120, np.uint8)
    assert not ShapeColour()(crop, np.zeros((64, 64), np.float32)).any()
    assert ShapeColour()(crop, DEPTH).max() < 0.1


def test_a_face_of_a_single_pixel():
    depth = np.zeros((64, 64), np.float32)
    depth[10, 10] = 1
    assert np.isfinite(ShapeColour()(astronaut(), depth)).all()
