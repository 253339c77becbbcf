from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError
from fas.faces.align import ALIGNMENTS, crop_transform, square_transform, transform_mesh, transform_points, warp_crop
from fas.faces.face import Face

ARCFACE_112 = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]


def make_face(points=ARCFACE_112, box=(10, 20, 50, 100), mesh=None) -> Face:
    return Face(np.array(box, np.float32), 1.0, np.array(points, np.float32), mesh)


def turned(points, angle: float, scale: float, shift) -> np.ndarray:
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * np.asarray(points) @ rotation.T + shift


def test_none_is_an_upright_square_around_the_longer_side():
    # Box 40 x 80 around (30, 60): side 80, with a margin of a quarter on each side 120, so 12 crop pixels are 120.
    matrix = crop_transform(make_face(), size=12, margin=0.25, alignment="none")
    np.testing.assert_allclose(matrix, [[0.1, 0, 5.5 - 3.0], [0, 0.1, 5.5 - 6.0]], atol=1e-12)
    # Edges of the square are edges of the crop.
    np.testing.assert_allclose(
        transform_points(np.array([[-30.0, 0.0], [90.0, 120.0]]), matrix), [[-0.5] * 2, [11.5] * 2]
    )


def test_none_uses_the_bounds_of_the_mesh_where_there_is_one():
    mesh = np.zeros((468, 3), np.float32)
    mesh[7], mesh[9] = (100, 200, 5), (140, 220, -5)
    mesh[np.setdiff1d(np.arange(468), [7, 9])] = (120, 210, 0)
    matrix = crop_transform(make_face(mesh=mesh), size=40, margin=0.0, alignment="none")
    np.testing.assert_allclose(matrix, [[1, 0, 19.5 - 120], [0, 1, 19.5 - 210]], atol=1e-12)


@pytest.mark.parametrize("alignment", ["eyes", "similarity"])
def test_points_on_the_template_stay(alignment):
    matrix = crop_transform(make_face(), size=112, margin=0.0, alignment=alignment)
    np.testing.assert_allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-5)


@pytest.mark.parametrize("alignment", ["eyes", "similarity"])
def test_margin_shrinks_about_the_centre(alignment):
    matrix = crop_transform(make_face(), size=112, margin=0.5, alignment=alignment)
    # Twice the side: the centre (55.5, 55.5) stays, everything else moves half way to it.
    np.testing.assert_allclose(matrix, [[0.5, 0, 27.75], [0, 0.5, 27.75]], atol=1e-5)


@given(
    angle=st.floats(-np.pi, np.pi),
    scale=st.floats(0.2, 20),
    x=st.floats(-500, 3000),
    y=st.floats(-500, 3000),
    alignment=st.sampled_from(["eyes", "similarity"]),
)
def test_alignment_undoes_any_turn_and_scale(angle, scale, x, y, alignment):
    face = make_face(turned(ARCFACE_112, angle, scale, (x, y)))
    matrix = crop_transform(face, 112, 0.0, alignment)
    np.testing.assert_allclose(transform_points(face.points.astype(float), matrix), ARCFACE_112, atol=0.02)


@given(noise=st.integers(0, 2**32 - 1))
def test_similarity_is_the_least_squares_one(noise):
    rng = np.random.default_rng(noise)
    points = np.array(ARCFACE_112) * 2 + rng.normal(0, 5, (5, 2))
    ours = crop_transform(make_face(points), 112, 0.0, "similarity")
    # The same problem as a linear system in (a, b, x, y).
    rows, values = [], []
    for (x, y), (u, v) in zip(make_face(points).points.astype(float), ARCFACE_112, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        values += [u, v]
    a, b, dx, dy = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    np.testing.assert_allclose(ours, [[a, -b, dx], [b, a, dy]], atol=1e-6)


def test_unknown_alignment_lists_the_known():
    with pytest.raises(FasError) as caught:
        crop_transform(make_face(), 112, 0.0, "sideways")
    assert all(name in caught.value.remedy for name in ALIGNMENTS)


def test_square_transform_turns_clockwise():
    matrix = square_transform((50.0, 40.0), side=20.0, angle=np.pi / 2, size=10)
    # The square's top edge points down in the image, so its top left corner is at the image's top right.
    np.testing.assert_allclose(transform_points(np.array([[60.0, 30.0]]), matrix), [[-0.5, -0.5]], atol=1e-12)
    np.testing.assert_allclose(transform_points(np.array([[60.0, 50.0]]), matrix), [[9.5, -0.5]], atol=1e-12)


def test_mesh_is_scaled_in_depth_and_not_shifted():
    matrix = square_transform((50.0, 40.0), side=20.0, angle=0.3, size=10)
    mesh = np.array([[50, 40, 8], [50, 40, -4]], np.float32)
    moved = transform_mesh(mesh, matrix)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, [[4.5, 4.5, 4], [4.5, 4.5, -2]], atol=1e-5)


def test_warp_without_scaling_copies_pixels():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    matrix = np.array([[1.0, 0, -20], [0, 1, -5]])
    np.testing.assert_array_equal(warp_crop(image, matrix, 16), image[5:21, 20:36])


@pytest.mark.parametrize("shrink", [1.0, 1.4, 2.0, 3.1, 4.5, 7.3])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_warp_keeps_positions_at_every_scale(shrink, angle):
    # On a linear ramp every symmetric filter is the identity, so a crop pixel must hold its own position.
    y, x = np.mgrid[:900, :900]
    image = np.stack([x, y, (x + y) / 2], axis=2) * (255 / 900)
    side, size = 64 * shrink, 64
    matrix = square_transform((453.3, 441.8), side, angle, size)
    crop = warp_crop(image.astype(np.uint8), matrix, size).astype(float)
    rows, columns = np.mgrid[:size, :size]
    grid = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(float)
    expected = transform_points(grid, cv2.invertAffineTransform(matrix)) * (255 / 900)
    errors = crop[..., :2].reshape(-1, 2) + 0.5 - expected  # the ramp was cut to whole numbers, half a step down
    assert np.abs(errors.mean(axis=0)).max() < 0.3
    assert np.abs(errors).max() < 1.5


@pytest.mark.parametrize("shrink", [2.0, 2.5, 3.7, 6.0])
def test_warp_does_not_alias(shrink):
    def kept(cycles_per_crop_pixel: float) -> float:
        phase = 2 * np.pi * cycles_per_crop_pixel / shrink * np.arange(1200)
        image = np.repeat(np.rint(127.5 + 100 * np.sin(phase))[None, :, None], 1200, axis=0).repeat(3, axis=2)
        matrix = square_transform((600.0, 600.0), 128 * shrink, 0.1, 128)
        return float(warp_crop(image.astype(np.uint8), matrix, 128).std() / (100 / np.sqrt(2)))

    # Moire of a screen: beyond the crop's Nyquist frequency of 0.5. Plain bilinear sampling keeps over half of these.
    assert max(kept(cycles) for cycles in (0.7, 0.8, 0.93, 1.05)) < 0.25
    assert min(kept(cycles) for cycles in (0.02, 0.1, 0.2)) > 0.75


def test_warp_repeats_the_border():
    image = np.full((50, 50, 3), 10, np.uint8)
    image[:, 0] = 200
    crop = warp_crop(image, square_transform((0.0, 25.0), 20.0, 0.0, 20), 20)
    assert (crop[:, :10] == 200).all()
    assert (crop[:, 11:] == 10).all()


@pytest.mark.parametrize("side", [20.0, 200.0])
def test_warp_outside_of_the_image_is_its_border(side):
    image = np.full((50, 50, 3), 77, np.uint8)
    assert (warp_crop(image, square_transform((500.0, -500.0), side, 0.2, 32), 32) == 77).all()
