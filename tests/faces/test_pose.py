from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fas.faces.pose import head_pose

# A frontal head: outer eye corners, forehead and chin in one plane; the other vertices do not matter.
FRONTAL = np.zeros((468, 3))
FRONTAL[33], FRONTAL[263] = (-40, -20, 0), (40, -20, 0)
FRONTAL[10], FRONTAL[152] = (0, -90, 0), (0, 80, 0)


def axis_turns(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotations about y, x, z in the image's axes (x right, y down, z away), in degrees."""
    y, x, z = np.radians([-yaw, pitch, roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    return np.array(about_z) @ about_y @ about_x


def test_frontal_head_is_zero():
    np.testing.assert_allclose(head_pose(FRONTAL.astype(np.float32)), (0, 0, 0), atol=1e-6)


def test_signs_of_the_angles():
    right = FRONTAL.copy()
    right[33, 2], right[263, 2] = -30, 30  # the image's left eye comes nearer: the face turns to the image's right
    assert head_pose(right.astype(np.float32)).yaw > 20
    down = FRONTAL.copy()
    down[10, 2], down[152, 2] = -40, 40  # the forehead comes nearer, the chin recedes
    assert head_pose(down.astype(np.float32)).pitch > 15
    tilted = FRONTAL.copy()
    tilted[263, 1] += 30  # the eye on the right sinks
    assert head_pose(tilted.astype(np.float32)).roll > 15


@given(yaw=st.floats(-80, 80), pitch=st.floats(-80, 80), roll=st.floats(-179, 179), scale=st.floats(0.1, 10))
def test_recovers_the_rotation(yaw, pitch, roll, scale):
    mesh = scale * FRONTAL @ axis_turns(yaw, pitch, roll).T + [300, 200, 5]
    np.testing.assert_allclose(head_pose(mesh.astype(np.float32)), (yaw, pitch, roll), atol=0.1)


def test_real_mesh_follows_a_tilted_picture(detector, mesh_model, astronaut):
    pose = head_pose(mesh_model.fit(astronaut, detector.detect(astronaut)[0]).mesh)
    turn = cv2.getRotationMatrix2D((225, 120), -25, 1.0)  # OpenCV counts counter-clockwise
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    after = head_pose(mesh_model.fit(tilted, detector.detect(tilted)[0]).mesh)
    assert abs(pose.yaw) < 20 and abs(pose.pitch) < 20
    assert abs(after.roll - pose.roll - 25) < 3
    assert abs(after.yaw - pose.yaw) < 6
