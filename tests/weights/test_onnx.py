from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fas.errors import FasError
from fas.weights.onnx import OnnxNetwork, Port, session_options
from fas.weights.sources import file_hash

IMAGE = np.arange(6, dtype=np.float32).reshape(1, 6)


def write_double(path: Path, data: str | None = None) -> Path:
    """A network of one input of free length: `twice = 2 * x`, `more = x + 2`. Its 2 may lie in another file."""
    shape = [1, "length"]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["twice"]), helper.make_node("Add", ["x", "two"], ["more"])],
        "double",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("twice", "more")],
        [onnx.numpy_helper.from_array(np.full((1, 1), 2, np.float32), "two")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if data is None:
        onnx.save(model, path)
    else:
        onnx.save(model, path, save_as_external_data=True, location=data, size_threshold=0)
    return path


def double(path: Path) -> OnnxNetwork:
    return OnnxNetwork(path, name="the doubling network", remedy="export it again")


def test_runs_the_graph_and_describes_it(tmp_path):
    path = write_double(tmp_path / "double.onnx")
    network = double(path)
    twice, more = network.run({"x": IMAGE})
    assert np.array_equal(twice, 2 * IMAGE) and np.array_equal(more, IMAGE + 2)
    assert network.inputs == [Port("x", "tensor(float)", (1, "length"))]
    assert [port.name for port in network.outputs] == ["twice", "more"]
    assert network.sha256 == file_hash(path)


def _send_outputs(network, queue) -> None:
    queue.put(network.run({"x": IMAGE})[0].tolist())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_opens_its_own_session(tmp_path, method):
    network = double(write_double(tmp_path / "double.onnx"))
    network.run({"x": IMAGE})
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=_send_outputs, args=(network, queue))
    process.start()
    assert queue.get() == (2 * IMAGE).tolist()
    process.join()
    assert process.exitcode == 0


def test_a_pickled_network_runs(tmp_path):
    network = double(write_double(tmp_path / "double.onnx"))
    assert np.array_equal(pickle.loads(pickle.dumps(network)).run({"x": IMAGE})[1], IMAGE + 2)


def test_a_missing_file(tmp_path):
    with pytest.raises(FasError, match="the weights of the doubling network do not exist") as caught:
        double(tmp_path / "none.onnx")
    assert (caught.value.path, caught.value.remedy) == (tmp_path / "none.onnx", "export it again")


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_file_that_is_not_onnx(tmp_path, content):
    path = tmp_path / "double.onnx"
    path.write_bytes(content)
    with pytest.raises(FasError, match="cannot load the doubling network") as caught:
        double(path)
    assert (caught.value.path, "\n" in caught.value.cause) == (path, False)


def test_weights_in_a_second_file_are_refused_since_no_hash_covers_them(tmp_path):
    path = write_double(tmp_path / "double.onnx", data="weights.data")
    assert (tmp_path / "weights.data").is_file()
    with pytest.raises(FasError, match="cannot load the doubling network"):
        double(path)


@pytest.mark.parametrize("feeds", [{"x": IMAGE[0]}, {"x": IMAGE.astype(np.float64)}, {"y": IMAGE}, {}])
def test_a_run_with_other_inputs_names_the_file(tmp_path, feeds):
    path = write_double(tmp_path / "double.onnx")
    with pytest.raises(FasError, match="the doubling network failed") as caught:
        double(path).run(feeds)
    assert caught.value.path == path


def test_sessions_keep_to_the_given_threads():
    assert session_options(3).intra_op_num_threads == 3
