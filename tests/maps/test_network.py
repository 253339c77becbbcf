from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fas.errors import FasError
from fas.maps.network import SeparationNetwork

DEPTH = np.ones((64, 64), np.float32)


def write_onnx(
    path: Path, *, share: float = 0.25, size: int | None = None, channels: int = 3, outputs: int = 2
) -> Path:
    """A network: reflection = share * image - 0.1, transmission = image - reflection."""
    side = size if size is not None else "side"
    shape = [1, channels, side, side]
    nodes = [
        helper.make_node("Mul", ["image", "share"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "offset"], ["reflection"]),
        helper.make_node("Sub", ["image", "reflection"], ["transmission"]),
    ]
    constants = [
        helper.make_tensor("share", TensorProto.FLOAT, [], [share]),
        helper.make_tensor("offset", TensorProto.FLOAT, [], [0.1]),
    ]
    names = ["transmission", "reflection"][:outputs]
    graph = helper.make_graph(
        nodes,
        "separation",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def test_the_second_output_is_the_reflection_without_its_negative_part(tmp_path):
    crop = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    layer = SeparationNetwork(write_onnx(tmp_path / "net.onnx"))(crop, DEPTH)
    assert layer.dtype == np.float32
    assert np.allclose(layer, np.maximum(crop / 255 * 0.25 - 0.1, 0), atol=1e-6)


def test_a_network_of_fixed_size_gets_its_size(tmp_path):
    crop = np.full((32, 32, 3), 255, np.uint8)
    layer = SeparationNetwork(write_onnx(tmp_path / "net.onnx", size=24))(crop, DEPTH)
    assert layer.shape == (24, 24, 3) and np.allclose(layer, 0.15)


def test_the_identity_tells_weights_apart(tmp_path):
    one, two = (SeparationNetwork(write_onnx(tmp_path / f"{s}.onnx", share=s)).identity for s in (0.25, 0.5))
    assert one["estimator"] == two["estimator"] == "network" and one["sha256"] != two["sha256"]


def test_a_missing_file(tmp_path):
    with pytest.raises(FasError, match="do not exist") as caught:
        SeparationNetwork(tmp_path / "no.onnx")
    assert caught.value.path == tmp_path / "no.onnx" and "ONNX" in str(caught.value.remedy)


def test_a_file_that_is_no_network(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(FasError, match="cannot load"):
        SeparationNetwork(path)


@pytest.mark.parametrize("form", [{"outputs": 1}, {"channels": 1}])
def test_a_network_of_another_form(tmp_path, form):
    with pytest.raises(FasError, match="inputs and outputs"):
        SeparationNetwork(write_onnx(tmp_path / "net.onnx", **form))


def test_a_network_that_gives_no_numbers(tmp_path):
    network = SeparationNetwork(write_onnx(tmp_path / "net.onnx", share=float("nan")))
    with pytest.raises(FasError, match="not finite"):
        network(np.full((8, 8, 3), 9, np.uint8), DEPTH)
