from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from fas.maps.depth import depth_map
from fas.maps.shading import ShadingResidual
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


@pytest.mark.parametrize("direction", [(0.0, -0.3, -1.0), (0.6, -0.3, -1.0), (-0.5, 0.4, -1.0)])
def test_a_matt_face_under_a_lamp_reflects_nothing_and_a_spot_is_found(direction):
    face = lit_face(direction)
    plain = ShadingResidual()(encode(face), DEPTH)
    glare = spot(100, 150, 18)
    found = ShadingResidual()(encode(face + glare), DEPTH)
    assert found.dtype == np.float32 and found.shape == (64, 64, 3)
    assert np.percentile(plain[FACE], 95) < 0.1 * found.max()
    truth = cv2.resize(glare, (64, 64), interpolation=cv2.INTER_AREA)
    for channel in range(3):
        assert np.corrcoef(found[FACE][:, channel], truth[FACE][:, channel])[0, 1] > 0.9


def test_it_is_never_negative_and_zero_outside_the_face():
    layer = ShadingResidual()(cv2.resize(astronaut(), (256, 256)), DEPTH)
    assert layer.min() >= 0 and layer.max() > 0 and not layer[~FACE].any()


def test_twice_the_light_is_twice_the_reflection():
    light = lit_face((0.3, -0.3, -1.0)) * 0.5 + 0.5 * spot(150, 100, 25)
    once, twice = (ShadingResidual()(encode(scale * light), DEPTH) for scale in (0.5, 1.0))
    assert np.allclose(twice, 2 * once, atol=0.01) and twice.max() > 0.05


def test_a_crop_without_a_face_and_a_face_of_one_colour():
    crop = np.full((256, 256, 3), 120, np.uint8)
    assert not ShadingResidual()(crop, np.zeros((64, 64), np.float32)).any()
    assert ShadingResidual()(crop, DEPTH).max() < 1e-3


def test_a_face_of_a_single_pixel():
    depth = np.zeros((64, 64), np.float32)
    depth[10, 10] = 1
    assert np.isfinite(ShadingResidual()(astronaut(), depth)).all()
