from __future__ import annotations

import os
import pickle
import random
import threading
import zipfile
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from fas.errors import FasError
from fas.layers import LAYERS, Layer
from fas.store import FrameReader, Store, StoreIndex
from fas.store.codec import encode_array
from fas.store.files import scan_files
from fas.store.verify import verify_store
from tests.fakes.small_store import add, image_of, new_store


def check_all(reader: FrameReader, index: StoreIndex, order: list[int]) -> None:
    for row in order:
        video_id, frame = index.video_id(int(index.presentation[row])), int(index.frame[row])
        np.testing.assert_array_equal(reader.read(row), image_of(video_id, frame))
        if index.has("depth")[row]:
            np.testing.assert_array_equal(reader.read(row, "depth"), image_of(video_id, frame, channels=1))


def test_every_frame_comes_back(store: Store) -> None:
    index = store.index()
    check_all(FrameReader(index), index, list(range(6)))
    assert FrameReader(index).read(0).flags.writeable


def test_few_files_stay_open(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for i in range(20):
        add(store, f"{i:02d}", [0, 1])
    index = store.build_index()
    fds = Path("/proc/self/fd")
    if not fds.exists():
        pytest.skip("needs /proc")
    before = len(list(fds.iterdir()))
    reader = FrameReader(index, open_files=3)
    order = list(range(40)) * 2
    random.Random(0).shuffle(order)
    check_all(reader, index, order)
    assert len(list(fds.iterdir())) == before + 3
    del reader
    assert len(list(fds.iterdir())) == before


def test_a_missing_layer_names_the_command(store: Store) -> None:
    reader = FrameReader(store.index())
    with pytest.raises(FasError, match="no layer 'flow'") as caught:
        reader.read(0, "flow")
    assert "`fas preprocess toy --flow`" in str(caught.value.remedy)


def test_a_frame_without_map_is_an_error_never_zeros(store: Store) -> None:
    reader = FrameReader(store.index())
    with pytest.raises(FasError, match="'reflection' lacks frame 0") as caught:
        reader.read(0, "reflection")
    assert str(caught.value.remedy).startswith("run `fas preprocess toy --reflection`")
    with pytest.raises(FasError, match="'depth' lacks frame 3") as caught:
        reader.read(4, "depth")
    assert caught.value.path == store.path / "depth" / "b" / "1.zip"
    assert str(caught.value.remedy).startswith("remove this file")


def test_simulated_data_are_made_from_their_dataset(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "oulu-simulated", {}, {}, simulated=True)
    store.declare_layer("rgb", {})
    add(store, "a", [0])
    with pytest.raises(FasError) as caught:
        FrameReader(store.build_index()).read(0, "depth")
    assert "`fas preprocess oulu --depth`" in str(caught.value.remedy)


@pytest.mark.parametrize("check", [True, False])
def test_a_flipped_bit_is_never_an_image(store: Store, check: bool, capfd: pytest.CaptureFixture[str]) -> None:
    index = store.index()
    path = store.path / "rgb" / "c.zip"
    content = path.read_bytes()
    offset, length = (int(values[5]) for values in index.spans("rgb")[:2])
    for position in range(offset, offset + length):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        reader = FrameReader(index, check=check)
        try:
            image = reader.read(5)
        except FasError as error:
            assert error.path == path
            assert "fas store verify" in str(error.remedy)
        else:
            assert not check
            np.testing.assert_array_equal(image, image_of("c", 7))  # a chunk that holds no pixels
    if check:
        assert capfd.readouterr().err == ""


def test_a_cut_shard_is_reported(store: Store) -> None:
    path = store.path / "rgb" / "c.zip"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FasError, match="cut off") as caught:
        FrameReader(store.index()).read(5)
    assert caught.value.path == path


def test_a_shard_that_disappeared_is_reported(store: Store) -> None:
    index = store.index()
    (store.path / "rgb" / "c.zip").unlink()
    with pytest.raises(FasError, match="No such file"):
        FrameReader(index).read(5)


def test_a_shard_that_was_replaced_is_not_read_as_another_frame(store: Store) -> None:
    index = store.index()
    add(store, "a", [1, 2, 3, 4])
    with pytest.raises(FasError, match="damaged"):
        FrameReader(index).read(2)


def test_what_is_not_an_image_is_reported(store: Store) -> None:
    store.write_shard("reflection", "a", [(0, b"numbers")], {}, "png")
    with pytest.raises(FasError, match="not a whole image"):
        FrameReader(store.build_index()).read(0, "reflection")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"numbers", "not a whole array"),
        (encode_array(np.zeros((4, 3), np.float32))[:-1], "not a whole array"),
        (encode_array(np.zeros((4, 2), np.float32)), r"float32 \(N, 3\), not float32 \(4, 2\)"),
        (encode_array(np.zeros((4, 3))), r"float32 \(N, 3\), not float64 \(4, 3\)"),
    ],
)
def test_what_is_not_a_mesh_is_reported(store: Store, data: bytes, message: str) -> None:
    store.declare_layer("mesh", {})
    store.write_shard("mesh", "a", [(0, data)], {}, "npy")
    with pytest.raises(FasError, match=message) as caught:
        FrameReader(store.build_index()).read(0, "mesh")
    assert caught.value.path == store.path / "mesh" / "a.zip"


def test_arrays_are_read_as_arrays(store: Store) -> None:
    mesh = np.random.default_rng(0).normal(size=(468, 3)).astype(np.float32)
    store.declare_layer("mesh", {})
    store.write_shard("mesh", "b/1", [(3, encode_array(mesh))], {}, "npy")
    index = store.build_index()
    np.testing.assert_array_equal(FrameReader(index).read(4, "mesh"), mesh)
    assert index.has("mesh").tolist() == [False] * 4 + [True, False]


def test_a_value_of_the_presentation_belongs_to_all_its_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAYERS, "pulse", Layer("pulse", "pulse signal", "vector", 1, unit="presentation"))
    signals = {"a": np.arange(7, dtype=np.float32), "c": np.float32([0.5, -0.5])}
    store.declare_layer("pulse", {})
    for video_id, signal in signals.items():  # `c` has a frame 7 and no frame 0
        store.write_shard("pulse", video_id, [(0, encode_array(signal))], {}, "npy")
    index = store.build_index()
    reader = FrameReader(index)
    assert index.has("pulse").tolist() == [True] * 3 + [False] * 2 + [True]
    for row, video_id in [(0, "a"), (1, "a"), (2, "a"), (5, "c")]:
        np.testing.assert_array_equal(reader.read(row, "pulse"), signals[video_id])
    with pytest.raises(FasError, match="'pulse' lacks frame 3"):
        reader.read(4, "pulse")
    assert verify_store(scan_files(store.path)).damages == []
    store.write_shard("pulse", "c", [(0, encode_array(signals["c"])), (7, encode_array(signals["c"]))], {}, "npy")
    store.build_index()
    (damage,) = verify_store(scan_files(store.path)).damages
    assert damage.cause == "1 frames are in a layer with one value per presentation, such as 7"


def _work(reader: FrameReader, index: StoreIndex, seed: int, result: Connection) -> None:
    order = list(range(len(index))) * 20
    random.Random(seed).shuffle(order)
    try:
        check_all(reader, index, order)
        result.send("same")
    except BaseException as error:
        result.send(repr(error))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_read_at_once(tmp_path: Path, method: str) -> None:
    store = new_store(tmp_path)
    for i in range(6):
        add(store, f"{i}", range(i + 1), ["rgb", "depth"])
    index = store.build_index()
    reader = FrameReader(index, open_files=2)
    check_all(reader, index, list(range(len(index))))  # files are open when the workers are forked
    context = get_context(method)
    workers, results = [], []
    for seed in range(3):
        receive, send = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(reader, index, seed, send))
        worker.start()
        workers.append(worker)
        results.append(receive)
    check_all(reader, index, list(range(len(index))) * 20)
    assert [result.recv() for result in results] == ["same"] * 3
    for worker in workers:
        worker.join()


def test_threads_share_a_reader(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for i in range(8):
        add(store, f"{i}", range(4))
    index = store.build_index()
    reader = FrameReader(index, open_files=1)  # every other read closes what another thread may use
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        order = list(range(len(index))) * 10
        random.Random(seed).shuffle(order)
        try:
            check_all(reader, index, order)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_reader_travels_light(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for i in range(50):
        add(store, f"{i}", range(20))
    reader = FrameReader(store.build_index())
    reader.read(0)
    assert len(pickle.dumps(reader)) < 1000 + len(os.fspath(store.path))


def test_offsets_are_those_of_the_zip(store: Store) -> None:
    index = store.index()
    offset, length, _ = index.spans("rgb")
    path = store.path / "rgb" / "a.zip"
    with zipfile.ZipFile(path) as archive:
        for row, frame in enumerate((0, 5, 10)):
            assert path.read_bytes()[offset[row] :][: length[row]] == archive.read(f"{frame:06d}.png")
