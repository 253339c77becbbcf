from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from fas.maps.yang import YangSuppression, suppress_reflection


def differences(n: int) -> sp.csr_matrix:
    """Forward differences; the last is zero (Neumann)."""
    matrix = sp.diags([-np.ones(n), np.ones(n - 1)], [0, 1]).tolil()
    matrix[n - 1] = 0
    return matrix.tocsr()


def normal_equations(image: np.ndarray, h: float, epsilon: float) -> np.ndarray:
    """Equation 4 of the paper minimised by solving its normal equations as they stand."""
    rows, columns = image.shape
    gradient_y = sp.kron(differences(rows), sp.eye(columns))
    gradient_x = sp.kron(sp.eye(rows), differences(columns))
    laplacian = -(gradient_y.T @ gradient_y + gradient_x.T @ gradient_x)
    y = image.ravel()
    gy, gx = gradient_y @ y, gradient_x @ y
    keep = np.sqrt(gx**2 + gy**2) >= h
    divergence = -(gradient_y.T @ (gy * keep) + gradient_x.T @ (gx * keep))
    left = laplacian.T @ laplacian + epsilon * sp.eye(len(y))
    return spsolve(left.tocsc(), laplacian.T @ divergence + epsilon * y).reshape(image.shape)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-3])
def test_the_closed_form_solves_the_normal_equations(epsilon):
    image = np.random.default_rng(0).random((3, 11, 14))
    image[0] *= 0.05  # differences on both sides of the threshold
    expected = np.stack([normal_equations(channel, 0.03, epsilon) for channel in image])
    assert np.abs(expected - image).max() > 1e-3
    assert np.allclose(suppress_reflection(image, 0.03, epsilon), expected, atol=1e-6)


def test_threshold_zero_gives_the_image_back():
    image = np.random.default_rng(1).random((2, 9, 12))
    assert np.allclose(suppress_reflection(image, h=0), image, atol=1e-12)


def test_each_channel_keeps_its_mean():
    image = np.random.default_rng(2).random((3, 20, 20)) * 0.1
    suppressed = suppress_reflection(image, h=0.05)
    assert np.allclose(suppressed.mean((1, 2)), image.mean((1, 2)))


def test_a_constant_crop_has_no_reflection():
    crop = np.full((16, 16, 3), 200, np.uint8)
    reflection = YangSuppression()(crop, np.ones((16, 16), np.float32))
    assert reflection.shape == (16, 16, 3) and reflection.dtype == np.float32
    assert reflection.max() < 1e-6


def test_edges_stay_and_faint_glare_goes():
    columns = np.arange(64) / 64
    glare = 0.15 * np.exp(-(((columns - 0.3) / 0.1) ** 2))  # its steepest slope is 0.02 a pixel
    scene = np.where(columns > 0.6, 0.7, 0.2)
    image = np.broadcast_to(scene + glare, (3, 64, 64)).copy()
    suppressed = suppress_reflection(image, h=0.03)
    assert np.ptp(suppressed[:, :, :38]) < 0.02  # the glare is gone
    assert suppressed[0, 0, 39] - suppressed[0, 0, 38] == pytest.approx(0.5, abs=0.02)  # the edge is not
