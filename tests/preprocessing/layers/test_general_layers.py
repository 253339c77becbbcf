"""Layers that need several frames, frames that the recipe does not keep, or whole frames: made by the real pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fas.data.splits import store_splits
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.layers import LAYERS
from fas.preprocessing import run as run_module
from fas.preprocessing.decode import FrameSelection
from fas.preprocessing.layers import MAKERS
from fas.preprocessing.pipeline import preprocess
from fas.preprocessing.plan import Task
from fas.preprocessing.settings import FaceSettings, LayerSettings
from fas.preprocessing.worker import Worker, WorkerSettings
from fas.store import FrameReader, Store
from fas.store.codec import decode_image
from fas.store.files import scan_files
from fas.store.source import Source
from fas.store.verify import verify_store
from tests.fakes import layers as fakes
from tests.fakes.faces import blank_frames, face_frames
from tests.fakes.video import write_video

FRAMES = 6
SETTINGS = FaceSettings(FrameSelection("even", 2), 96, 0.1, "none", "jpeg90", "mediapipe")
ALL = ("change", "jump", "glow")


@pytest.fixture(autouse=True)
def more_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake layers in the tables of this process and of its workers."""
    for layer in fakes.TABLE:
        monkeypatch.setitem(LAYERS, layer.name, layer)
    for name, maker in (("change", fakes.Change), ("jump", fakes.Jump), ("glow", fakes.Glow)):
        monkeypatch.setitem(MAKERS, name, maker)
    monkeypatch.setattr(run_module, "start_process", fakes.start_process)


@pytest.fixture
def index(oulu_tree: Path) -> DatasetIndex:
    """Two of the ten videos."""
    whole = index_dataset(load_recipe("oulu"), oulu_tree)
    return replace(whole, presentations=whole.presentations[:2])


def fill(index: DatasetIndex, root: Path, layers: tuple[str, ...], settings: FaceSettings = SETTINGS) -> Store:
    source = Source("oulu", str(index.root), True, {}, {})
    store, summary = preprocess(index, root, settings, LayerSettings(layers, map_size=32), source, workers=1)
    assert summary.failures == {}
    return store


def content(store: Store, *layers: str) -> dict[str, bytes]:
    paths = [path for layer in layers or store.layers for path in (store.path / layer).rglob("*.zip")]
    return {str(path.relative_to(store.path)): path.read_bytes() for path in paths}


def decoded(path: Path) -> list[np.ndarray]:
    """All frames, by PyAV alone."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_layers_of_any_kind_are_made_and_read(index: DatasetIndex, tmp_path: Path) -> None:
    store = fill(index, tmp_path, ALL)
    rows = store.index()
    reader = FrameReader(rows)
    assert rows.frame.tolist() == [1, 4] * 2  # what even:2 keeps of six frames
    assert rows.has("change").tolist() == [False, True] * 2  # the first has no predecessor
    assert rows.has("jump").all() and rows.has("glow").all()
    assert verify_store(scan_files(store.path)).damages == []

    shard = store.read_shard("rgb", rows.video_id(0))
    images = decoded(index.root / index.presentations[0].path)
    crops = [decode_image(shard.read(number)) for number in (1, 4)]
    difference = cv2.resize(cv2.absdiff(*crops), (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(reader.read(1, "change"), difference)

    transform = np.array(shard.meta["records"][1]["transform"])
    cut = [cv2.warpAffine(image, transform, (96, 96)) for image in images[3:5]]
    np.testing.assert_array_equal(reader.read(1, "jump"), cv2.absdiff(*cut))

    glow = reader.read(0, "glow").reshape(FRAMES, 6)
    np.testing.assert_array_equal(glow[:, 0], range(FRAMES))
    np.testing.assert_allclose(glow[:, 1], np.arange(FRAMES) / 25, atol=1e-6)
    np.testing.assert_array_equal(glow[:, 2], [0, 1, 0, 0, 1, 0])
    np.testing.assert_allclose(glow[:, 3], [image.mean() for image in images], rtol=1e-6)
    np.testing.assert_allclose(glow[[1, 4], 4], [crop.mean() for crop in crops], rtol=1e-6)
    assert (glow[:, 5] > 20).all()  # the face is followed through the other frames too
    np.testing.assert_array_equal(reader.read(1, "glow"), reader.read(0, "glow"))
    assert not np.array_equal(reader.read(2, "glow"), reader.read(0, "glow"))
    assert list(store.read_shard("glow", rows.video_id(0)).frames) == [0]


@pytest.mark.parametrize("rotation", ["metadata", "face"])
def test_layers_added_later_equal_those_of_one_pass(index: DatasetIndex, tmp_path: Path, rotation: str) -> None:
    """Byte for byte, although crops are lossy; and crops do not depend on the layers that are made with them."""
    settings = replace(SETTINGS, rotation=rotation)
    video = index.root / index.presentations[0].path
    frames = [*blank_frames(2), *face_frames(4)]  # of the two kept frames, 1 shows no face
    turned = [np.ascontiguousarray(np.rot90(image, -1)) for image in frames] if rotation == "face" else frames
    write_video(video, turned, codec="mjpeg")
    stores = {}
    for name, passes in {"once": [(*ALL, "depth")], "later": [(), ("depth",), ("glow", "change", "jump")]}.items():
        store = Store.create(tmp_path / name, "toy", {}, {})
        for layer in ("mesh", "rgb", "depth", *ALL):
            store.declare_layer(layer, {})
        for number, layers in enumerate(passes):
            worker = Worker(WorkerSettings(store.path, settings, LayerSettings(layers, map_size=32)))
            for presentation in index.presentations:
                medium = index.root / presentation.path
                outcome = worker.work(Task(presentation, medium, number == 0, layers))
                if presentation is index.presentations[0] and "change" in layers:
                    assert outcome.layer == "change"  # one face only: nothing to compare it with
                else:
                    assert outcome.failure is None
        stores[name] = store
    once, later = (content(stores[name]) for name in ("once", "later"))
    assert once == later and len(once) == 11


def test_the_pipeline_reads_media_again_only_for_layers_that_need_them(index: DatasetIndex, tmp_path: Path) -> None:
    once = content(fill(index, tmp_path / "once", ALL))
    store = fill(index, tmp_path / "later", ())
    before = {path: path.stat().st_mtime_ns for path in (store.path / "rgb").glob("*.zip")}
    media = {index.root / one.path: (index.root / one.path).read_bytes() for one in index.presentations}
    for path in media:
        path.unlink()
    fill(index, tmp_path / "later", ("change",))
    for path, data in media.items():
        path.write_bytes(data)
    fill(index, tmp_path / "later", ALL)
    assert content(store) == once
    assert {path: path.stat().st_mtime_ns for path in (store.path / "rgb").glob("*.zip")} == before


def test_media_that_are_gone_or_changed_fail_only_the_layers_that_need_them(
    index: DatasetIndex, tmp_path: Path
) -> None:
    store = fill(index, tmp_path, ())
    for layer in ("depth", "glow"):
        store.declare_layer(layer, {})
    worker = Worker(WorkerSettings(store.path, SETTINGS, LayerSettings(("depth", "glow"))))
    gone, changed = index.presentations
    (index.root / gone.path).unlink()
    write_video(index.root / changed.path, face_frames(3), codec="mjpeg")  # even:2 now keeps other frames
    for presentation, message in ((gone, "does not exist"), (changed, "frames of the media file changed")):
        medium = index.root / presentation.path
        outcome = worker.work(Task(presentation, medium, False, ("depth", "glow")))
        assert outcome.failure is not None and message in outcome.failure and outcome.layer == "glow"
        assert store.has("depth", presentation.video_id)
        assert not store.has("glow", presentation.video_id)


def test_a_layer_without_a_value_is_a_failure_and_its_faces_are_kept(index: DatasetIndex, tmp_path: Path) -> None:
    for presentation in index.presentations:
        write_video(index.root / presentation.path, face_frames(1), codec="mjpeg")
    source = Source("oulu", str(index.root), True, {}, {})
    layers = LayerSettings(("change", "depth"))
    store, summary = preprocess(index, tmp_path, SETTINGS, layers, source, workers=1)
    assert set(summary.failures.values()) == {"no value of layer change in any of 1 frames"}
    assert [record["layer"] for record in store.failures()] == ["change"] * 2
    rows = store.index()
    splits = store_splits(store, rows.presentations, index.recipe, "2", None)
    assert not any(split.not_acquired for split in splits.values())  # its faces are there
    assert rows.has("rgb").all() and rows.has("depth").all() and not rows.has("change").any()
