"""InsightFace's own loading and decoding code on a network of SCRFD's layout that finds bright squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fas.errors import FasError
from fas.faces.insightface import InsightFaceDetector
from fas.weights.sources import file_hash
from fas.weights.table import SCRFD

STRIDES = (8, 16, 32)
BOX = (1.0, 2.0, 3.0, 4.0)  # distances from the anchor to left, top, right, bottom, in strides
POINTS = (-1, -1, 1, -1, 0, 0, -0.5, 1, 0.5, 1)  # five points relative to the anchor, in strides


def write_scrfd(path: Path, points: bool = True) -> None:
    """Nine outputs as `det_10g.onnx` has: scores, boxes and points at three strides with two anchors a cell.

    Only the first anchor at stride 32 ever fires: where the mean brightness of its cell is high.
    """
    nodes, constants, outputs = [], [], []

    def constant(name: str, values: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(values, name))
        return name

    def head(
        name: str, stride: int, weight: np.ndarray, bias: np.ndarray, columns: int, activation: str | None
    ) -> None:
        """A 1 x 1 convolution on the pooled image, as rows of `columns` values, anchors of a cell one after another."""
        weights = [constant(f"{name}_w", weight.astype(np.float32)), constant(f"{name}_b", bias.astype(np.float32))]
        shape = constant(f"{name}_s", np.array([-1, columns], np.int64))
        nodes.append(helper.make_node("Conv", [f"pool{stride}", *weights], [f"{name}_c"]))
        nodes.append(helper.make_node("Transpose", [f"{name}_c"], [f"{name}_t"], perm=[0, 2, 3, 1]))
        nodes.append(helper.make_node("Reshape", [f"{name}_t", shape], [f"{name}_r" if activation else name]))
        if activation:
            nodes.append(helper.make_node(activation, [f"{name}_r"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, columns]))

    for stride in STRIDES:
        pooled = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("AveragePool", ["input.1"], [f"pool{stride}"], **pooled))
    for stride in STRIDES:
        weight, bias = np.zeros((2, 3, 1, 1)), np.array([-20.0, -20.0])
        if stride == 32:
            # Red is weighted, so that a swap of the channels would be seen. Inputs run from -1 (black) to 1.
            weight[0, 0], bias[0] = 10.0, -3.0
        head(f"score{stride}", stride, weight, bias, 1, "Sigmoid")
    for stride in STRIDES:
        head(f"box{stride}", stride, np.zeros((8, 3, 1, 1)), np.array(BOX * 2), 4, None)
    if points:
        for stride in STRIDES:
            head(f"points{stride}", stride, np.zeros((20, 3, 1, 1)), np.array(POINTS * 2), 10, None)
    inputs = [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "height", "width"])]
    graph = helper.make_graph(nodes, "scrfd", inputs, outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def weights(tmp_path) -> Path:
    write_scrfd(tmp_path / SCRFD)
    return tmp_path


def test_decodes_boxes_points_and_scale(weights):
    image = np.zeros((640, 1280, 3), np.uint8)  # shrunk by 2 into the network's 640 x 640
    image[128:192, 320:384, 0] = 255  # one cell: column 5 and row 2 of stride 32
    (face,) = InsightFaceDetector(weights).detect(image)
    # The mean of the cell is 127.5 / 128 in red, so the score is sigmoid(10 * 0.996 - 3).
    assert face.score == pytest.approx(1 / (1 + np.exp(3 - 10 * 127.5 / 128)), abs=1e-3)
    center = np.array([5 * 32, 2 * 32])
    reach = np.array(BOX).reshape(2, 2) * 32
    np.testing.assert_allclose(face.box.reshape(2, 2), [2 * (center - reach[0]), 2 * (center + reach[1])], atol=1e-3)
    np.testing.assert_allclose(face.points, (center + 32 * np.reshape(POINTS, (5, 2))) * 2, atol=1e-3)
    assert face.box.dtype == face.points.dtype == np.float32
    assert face.mesh is None


def test_reads_rgb(weights):
    image = np.zeros((640, 640, 3), np.uint8)
    image[64:96, 160:192, 2] = 255  # blue
    assert InsightFaceDetector(weights).detect(image) == []


def test_the_surest_first(weights):
    image = np.zeros((640, 640, 3), np.uint8)
    image[64:96, 96:128, 0] = 200
    image[448:480, 480:512, 0] = 255
    scores = [face.score for face in InsightFaceDetector(weights).detect(image)]
    assert len(scores) == 2 and scores == sorted(scores, reverse=True)


def test_identity_hashes_the_weights(weights):
    identity = InsightFaceDetector(weights).identity
    assert identity == {"name": "insightface", SCRFD: file_hash(weights / SCRFD)}


def test_no_weights_is_a_clear_error(tmp_path):
    with pytest.raises(FasError, match=f"has no {SCRFD}"):
        InsightFaceDetector(tmp_path)


def test_weights_that_are_no_network(tmp_path):
    (tmp_path / SCRFD).write_bytes(b"not a network")
    with pytest.raises(FasError, match="insightface cannot load the weights"):
        InsightFaceDetector(tmp_path).detect(np.zeros((64, 64, 3), np.uint8))


def test_weights_without_points(tmp_path):
    write_scrfd(tmp_path / SCRFD, points=False)
    with pytest.raises(FasError, match="not an SCRFD detector with five points"):
        InsightFaceDetector(tmp_path).detect(np.zeros((64, 64, 3), np.uint8))
