"""Depth of photographed faces, and the script that makes the triangulation from them."""

from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import insightface
import numpy as np
import pytest
import skimage.data

from fas.faces.align import crop_transform, transform_mesh
from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
from fas.maps.depth import depth_map
from fas.maps.topology import FACE_OVAL, TRIANGLES
from tests.fakes.mesh import NOSE_TIP

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_mesh_triangles.py"
EYE_CORNERS = (33, 263)
MOUTH_CORNERS = (61, 291)


@pytest.fixture(scope="module")
def meshes() -> list[np.ndarray]:
    """Thirteen faces, some in half profile to either side, each in a crop of 256 pixels."""
    path = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
    group = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    detector, mesh_model = MediaPipeDetector(), MediaPipeMesh()
    found = []
    for photo in (skimage.data.astronaut(), group, np.ascontiguousarray(group[:, ::-1])):
        for box in detector.detect(photo):
            face = mesh_model.fit(photo, box)
            found.append(transform_mesh(face.mesh, crop_transform(face, 256, 0.15, "none")))
    assert len(found) == 13
    return found


def test_the_nose_stands_out(meshes):
    # The nearest point of all may be the forehead of a bent head or the cheek of a turned one.
    for mesh in meshes:
        depth = depth_map(mesh, 256, 256)
        at = lambda points, mesh=mesh, depth=depth: [depth[round(y), round(x)] for x, y, _ in mesh[list(points)]]  # noqa: E731
        assert at([NOSE_TIP])[0] > np.mean(at(EYE_CORNERS + MOUTH_CORNERS)) + 0.1
    depth = depth_map(meshes[0], 256, 256)  # the astronaut, who looks straight ahead
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    assert np.hypot(column - meshes[0][NOSE_TIP, 0], row - meshes[0][NOSE_TIP, 1]) < 10


def test_the_outline_is_the_face(meshes):
    for number, mesh in enumerate(meshes):
        face = depth_map(mesh, 256, 256) > 0
        outline = np.rint(mesh[list(FACE_OVAL), :2]).astype(np.int32)
        oval = cv2.fillPoly(np.zeros((256, 256), np.uint8), [outline], 1) > 0
        assert (face & oval).sum() > 0.98 * oval.sum()
        # Nose and cheek of a turned head reach beyond the oval; not those of the astronaut.
        assert (face & oval).sum() > (0.98 if number == 0 else 0.8) * face.sum()


def test_the_depth_follows_the_turn(meshes):
    turns, differences = [], []
    for mesh in meshes:
        right_eye, left_eye = mesh[list(EYE_CORNERS)]
        across = (left_eye - right_eye)[:2]
        turns.append((mesh[NOSE_TIP] - (right_eye + left_eye) / 2)[:2] @ across / (across @ across))
        depth = depth_map(mesh, 256, 256)
        inside = (right_eye + 0.1 * (left_eye - right_eye), left_eye - 0.1 * (left_eye - right_eye))
        differences.append(np.subtract(*(depth[round(y), round(x)] for x, y, _ in inside)))
    assert max(turns) > 0.3 and min(turns) < -0.3  # heads turned both ways
    assert np.corrcoef(turns, differences)[0, 1] > 0.9  # the eye that the nose turns away from comes nearer


def test_the_script_makes_the_shipped_triangles(tmp_path, monkeypatch, capsys):
    out = tmp_path / "triangles.txt"
    monkeypatch.setattr("sys.argv", [str(SCRIPT), str(out)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    made, shipped = (set(map(tuple, triangles.tolist())) for triangles in (np.loadtxt(out, dtype=int), TRIANGLES))
    # Another version of OpenCV may move points by 1e-4 pixels, which can flip an edge.
    assert len(made) == len(shipped) == 898 and len(made & shipped) > 880
    assert "898 triangles" in capsys.readouterr().out
