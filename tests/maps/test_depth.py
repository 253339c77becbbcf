from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.maps.depth import FARTHEST, depth_map
from fas.maps.topology import FACE_OVAL, TRIANGLES
from tests.fakes.mesh import NOSE_TIP, face_mesh

MESH = face_mesh(20.0)


def plain_z_buffer(mesh: np.ndarray, crop_size: int, size: int) -> np.ndarray:
    """The definition, a pixel at a time, in float64."""
    z = mesh[:, 2]
    value = 1 / 255 + 254 / 255 * (z.max() - z) / (z.max() - z.min())
    xy = (mesh[:, :2] + 0.5) * size / crop_size - 0.5
    out = np.zeros((size, size))
    for triangle in TRIANGLES:
        (ax, ay), (bx, by), (cx, cy) = xy[triangle]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        for row in range(max(0, int(np.ceil(min(ay, by, cy)))), min(size - 1, int(np.floor(max(ay, by, cy)))) + 1):
            for column in range(max(0, int(np.ceil(min(ax, bx, cx)))), min(size - 1, int(max(ax, bx, cx))) + 1):
                b = ((column - ax) * (cy - ay) - (row - ay) * (cx - ax)) / area
                c = ((bx - ax) * (row - ay) - (by - ay) * (column - ax)) / area
                if min(b, c, 1 - b - c) >= 0:
                    here = np.dot([1 - b - c, b, c], value[triangle])
                    out[row, column] = max(out[row, column], here)
    return out


@pytest.mark.parametrize("size", [64, 150])
@pytest.mark.parametrize("turn", [0.0, 35.0, -70.0])
def test_it_is_exact_z_buffering(turn, size):
    mesh = face_mesh(turn)
    expected = plain_z_buffer(mesh, 256, size)
    depth = depth_map(mesh.astype(np.float32), 256, size)
    assert depth.dtype == np.float32 and depth.shape == (size, size)
    assert np.abs(depth - expected).max() < 1 / 255


def test_a_turned_head_hides_a_part_of_itself():
    # Otherwise the test above would not test hidden surfaces: some pixels must have two layers of depth.
    corner = face_mesh(-70.0)[TRIANGLES][..., :2]
    side, other = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    away = side[:, 0] * other[:, 1] - side[:, 1] * other[:, 0] > 0
    assert 100 < away.sum() < 800


def test_a_mesh_beyond_the_crop_is_cut_off():
    mesh = face_mesh() * 2 - [100, 150, 0]
    assert np.abs(depth_map(mesh, 256) - plain_z_buffer(mesh, 256, 64)).max() < 1 / 255
    assert not depth_map(mesh + 10_000, 256).any()


def test_values_of_a_tilted_plane_by_hand():
    mesh = face_mesh()
    mesh[:, 2] = mesh[:, 0]  # nearest at its left end
    left, right = mesh[:, 0].min(), mesh[:, 0].max()
    depth = depth_map(mesh, 256, 64)
    for column in (20, 32, 45):
        x = 4 * column + 1.5  # the centre of the four crop pixels 4 * column ... 4 * column + 3
        assert depth[32, column] == pytest.approx(1 / 255 + 254 / 255 * (right - x) / (right - left), abs=1e-5)


def test_a_flat_mesh_is_near_everywhere():
    mesh = face_mesh()
    mesh[:, 2] = 7
    assert set(np.unique(depth_map(mesh, 256))) == {0, 1}


def test_zero_is_only_outside_the_oval():
    mesh = face_mesh()
    depth = depth_map(mesh, 256, 256)
    polygon = mesh[list(FACE_OVAL), :2].astype(np.float32)
    distance = np.array(
        [[cv2.pointPolygonTest(polygon, (float(x), float(y)), True) for x in range(256)] for y in range(256)]
    )
    assert (depth[distance > 0.01] >= FARTHEST - 1e-6).all() and depth.max() <= 1
    assert not depth[distance < -0.01].any()
    # An 8-bit file keeps the outline.
    assert ((np.rint(depth * 255) > 0) == (depth > 0)).all()


@pytest.mark.parametrize("turn", [-40.0, -20.0, 0.0, 20.0, 40.0])
def test_the_nose_is_nearest_and_follows_the_turn(turn):
    mesh = face_mesh(turn)
    depth = depth_map(mesh, 256, 256)
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    assert np.hypot(column - mesh[NOSE_TIP, 0], row - mesh[NOSE_TIP, 1]) < 8
    assert depth.max() > 0.98
    if turn:  # the outline on the other side comes forward
        left, right = depth[128][depth[128] > 0][[0, -1]]
        assert (left > right) == (turn > 0)


@given(st.integers(-12, 12), st.integers(-7, 7))
def test_moving_the_face_by_whole_pixels_moves_the_map(dx, dy):
    still, moved = (depth_map(MESH + np.array(shift), 256, 64) for shift in ([0, 0, 0], [4 * dx, 4 * dy, 0]))
    assert np.allclose(np.roll(still, (dy, dx), (0, 1)), moved, atol=1e-4)


@given(st.floats(-1000, 1000), st.floats(0.1, 10))
def test_offset_and_unit_of_z_do_not_matter(offset, unit):
    changed = np.column_stack([MESH[:, :2], offset + unit * MESH[:, 2]])
    assert np.allclose(depth_map(MESH, 256), depth_map(changed, 256), atol=1e-5)


@pytest.mark.parametrize("mesh", [np.zeros((478, 3)), np.zeros((468, 2)), np.full((468, 3), np.nan)])
def test_what_is_no_mesh(mesh):
    with pytest.raises(ValueError, match="468"):
        depth_map(mesh, 256)
