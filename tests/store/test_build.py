from __future__ import annotations

import os
from pathlib import Path

import pytest

import fas.store.store as store_module
from fas.errors import FasError
from fas.store import FrameReader, Store
from fas.store import build as build_module
from fas.store.build import load_shard
from tests.fakes.small_store import add, new_store


def test_the_index_comes_from_the_shards_alone(store: Store) -> None:
    before = (store.path / "index.arrow").read_bytes()
    (store.path / "index.arrow").unlink()
    store.build_index()
    assert (store.path / "index.arrow").read_bytes() == before


def test_rows_of_unchanged_shards_are_used_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def spy(path: Path, layer: str, video_id: str) -> object:
        read.append(f"{layer}/{video_id}")
        return load_shard(path, layer, video_id)

    monkeypatch.setattr(build_module, "load_shard", spy)
    before = (store.path / "index.arrow").read_bytes()
    store.build_index()
    assert read == []
    assert (store.path / "index.arrow").read_bytes() == before
    add(store, "c", [7], ["depth"])
    store.build_index()
    assert sorted(read) == ["depth/c", "rgb/c"]
    incremental = (store.path / "index.arrow").read_bytes()
    (store.path / "index.arrow").unlink()
    store.build_index()
    assert (store.path / "index.arrow").read_bytes() == incremental


def test_rows_of_a_damaged_index_are_not_used_again(store: Store) -> None:
    path = store.path / "index.arrow"
    whole = path.read_bytes()
    codes = store.index().label.tobytes()
    position = whole.index(codes)
    path.write_bytes(whole[:position] + b"\x00" + whole[position + 1 :])
    assert store.index().label[0] == 0
    store.build_index()
    assert path.read_bytes() == whole


def test_a_new_layer_makes_new_columns(store: Store) -> None:
    store.declare_layer("flow", {})
    add(store, "b/1", [3], ["flow"])
    index = store.build_index()
    assert index.has("flow").tolist() == [False, False, False, False, True, False]
    assert FrameReader(index).read(4, "flow").shape == (4, 4, 3)


def test_a_removed_presentation_leaves_the_index(store: Store) -> None:
    (store.path / "rgb" / "a.zip").unlink()
    assert store.build_index().presentations.video_id.tolist() == ["b/1", "c"]


def test_all_damaged_shards_are_named_and_the_old_index_stays(store: Store) -> None:
    before = (store.path / "index.arrow").read_bytes()
    damaged = [store.path / "rgb" / "a.zip", store.path / "depth" / "b" / "1.zip"]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FasError, match="2 shards are damaged") as caught:
        store.build_index()
    assert all(str(path) in str(caught.value) for path in damaged)
    assert (store.path / "index.arrow").read_bytes() == before


def test_a_shard_under_another_name_is_refused(store: Store) -> None:
    (store.path / "rgb" / "a.zip").rename(store.path / "rgb" / "z.zip")
    with pytest.raises(FasError, match="belongs elsewhere") as caught:
        store.build_index()
    assert caught.value.path == store.path / "rgb" / "z.zip"


def test_unfinished_files_of_dead_writers_are_swept(store: Store) -> None:
    left = store.path / "rgb" / "b" / ".tmp-x-1-0123456789abcdef"
    left.touch()
    os.utime(left, (0, 0))
    store.build_index()
    assert not left.exists()


def test_progress_is_reported(store: Store) -> None:
    steps: list[int] = []
    store.build_index(steps.append)
    assert steps == [1, 1, 1]


def test_a_slow_builder_does_not_hide_what_others_finished_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    add(store, "a", [0])
    real = store_module.build_index
    calls = 0

    def slow(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:  # another machine writes and builds between our listing and our writing
            add(store, "b", [0])
            add(store, "a", [0], ["depth"])
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store_module, "build_index", slow)
    index = store.build_index()
    assert calls == 2
    assert index.presentations.video_id.tolist() == ["a", "b"]
    assert index.has("depth").tolist() == [True, False]
