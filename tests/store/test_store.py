from __future__ import annotations

import contextlib
import json
import os
import pickle
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from fas.errors import FasError, FasWarning
from fas.store import Store, recipe_hash
from fas.store.files import scan_files
from fas.store.seal import write_sealed_json
from fas.store.verify import verify_store
from tests.fakes.small_store import add, facts_of, new_store


def test_the_folder_is_the_hash_of_the_recipe(tmp_path: Path) -> None:
    # printf '{"a":[1,2],"b":{"c":0.3}}' | sha256sum
    recipe = {"b": {"c": 0.3}, "a": (1, 2)}
    store = Store.create(tmp_path, "oulu", recipe, {"opencv": "5"})
    assert store.path == tmp_path / "oulu" / "bf4f9a281606"
    assert recipe_hash({"a": [1, 2], "b": {"c": 0.3}}) == "bf4f9a281606"
    assert store.recipe == {"a": [1, 2], "b": {"c": 0.3}}
    content = json.loads((store.path / "store.json").read_text())
    assert (content["schema"], content["dataset"], content["tools"]) == (1, "oulu", {"opencv": "5"})


def test_another_recipe_is_another_store(tmp_path: Path) -> None:
    stores = [Store.create(tmp_path, "oulu", {"size": size}, {}) for size in (128, 256)]
    assert stores[0].path != stores[1].path


def test_creating_again_opens_and_changes_nothing(tmp_path: Path) -> None:
    store = new_store(tmp_path, simulated=True)
    before = (store.path / "store.json").read_bytes()
    assert new_store(tmp_path, simulated=True) == store == Store.open(store.path)
    assert pickle.loads(pickle.dumps(store)) == store
    assert store.simulated
    assert (store.path / "store.json").read_bytes() == before


def test_other_tools_are_reported(tmp_path: Path) -> None:
    Store.create(tmp_path, "toy", {}, {"opencv": "5.0"})
    with pytest.warns(FasWarning, match=r"begun with .*5\.0.*continued with .*5\.1"):
        Store.create(tmp_path, "toy", {}, {"opencv": "5.1"})


def test_simulated_and_real_data_never_share_a_store(tmp_path: Path) -> None:
    Store.create(tmp_path, "toy", {}, {}, simulated=True)
    with pytest.raises(FasError, match="simulated"):
        Store.create(tmp_path, "toy", {}, {})


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    write_sealed_json(tmp_path / "store.json", {"schema": 2, "whatever": "new"})
    with pytest.raises(FasError, match="newer fas") as caught:
        Store.open(tmp_path)
    assert "update fas" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_what_is_not_a_store_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FasError, match="not a store"):
        Store.open(tmp_path / name)


def test_a_damaged_store_file_is_reported_and_can_be_restored(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    path = store.path / "store.json"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(FasError, match="seal") as caught:
        new_store(tmp_path)
    assert "remove this file" in str(caught.value.remedy)
    path.unlink()
    assert new_store(tmp_path) == store


def test_layers_keep_their_settings(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    assert list(store.layers) == ["rgb", "depth", "reflection"]
    store.declare_layer("flow", {"size": (64, 64)})
    store.declare_layer("flow", {"size": [64, 64]})
    with pytest.raises(FasError, match=r"other settings.*64.*32"):
        store.declare_layer("flow", {"size": [32, 32]})
    assert store.layers["flow"] == {"size": [64, 64]}


def test_a_layer_added_later_touches_no_other_file(store: Store) -> None:
    def contents() -> dict[Path, tuple[int, bytes]]:
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in store.path.rglob("*") if path.is_file()}

    before = contents()
    store.declare_layer("flow", {})
    add(store, "a", [0, 5], ["flow"])
    after = contents()
    assert {path: after[path] for path in before} == before
    assert {path.relative_to(store.path).as_posix() for path in set(after) - set(before)} == {
        "flow/layer.json",
        "flow/a.zip",
    }


def test_shards_are_found_by_name(store: Store) -> None:
    assert store.has("rgb", "b/1")
    assert not store.has("depth", "c")
    assert sorted(store.video_ids()) == ["a", "b/1", "c"]
    assert sorted(store.video_ids("depth")) == ["a", "b/1"]
    assert list(store.video_ids("reflection")) == []
    (store.path / "rgb" / "._c.zip").touch()  # left by some systems
    assert sorted(store.video_ids()) == ["a", "b/1", "c"]


def test_a_folder_that_cannot_be_listed_is_an_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: str | Path) -> Any:
        if Path(path) == store.path / "rgb" / "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    for work in (store.build_index, lambda: list(store.video_ids()), lambda: scan_files(store.path)):
        with pytest.raises(FasError, match="cannot be listed: Permission denied") as caught:
            work()
        assert caught.value.path == store.path / "rgb" / "b"


def test_a_shard_says_what_it_is(store: Store) -> None:
    meta = store.read_shard("rgb", "b/1").meta
    assert meta == {**facts_of(0, "print/printer1", "dev"), "video_id": "b/1", "layer": "rgb"}


def test_a_layer_must_be_declared(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="declared"):
        add(new_store(tmp_path), "a", [0], ["flow"])


@pytest.mark.parametrize("fact", ["subject", "split", "label", "attack_type", "attributes"])
def test_facts_must_be_complete(tmp_path: Path, fact: str) -> None:
    store = new_store(tmp_path)
    meta = facts_of()
    del meta[fact]
    with pytest.raises(ValueError, match=fact):
        store.write_shard("rgb", "a", [(0, b"x")], meta, "png")
    assert not store.has("rgb", "a")


@pytest.mark.parametrize("label", [2, -1, "1", 0.5, None])
def test_a_label_is_0_or_1(tmp_path: Path, label: Any) -> None:
    with pytest.raises(ValueError, match="label"):
        new_store(tmp_path).write_shard("rgb", "a", [(0, b"x")], {**facts_of(), "label": label}, "png")


def test_no_name_leads_out_of_the_store(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for video_id in ("../../../x", "/tmp/x", "a\\..\\x"):
        with pytest.raises(FasError, match="cannot name"):
            store.write_shard("rgb", video_id, [(0, b"x")], facts_of(), "png")
        with pytest.raises(FasError, match="cannot name"):
            store.record_failure({"video_id": video_id, "reason": "r"})


def test_failures_that_stand(store: Store) -> None:
    store.record_failure({"video_id": "d", "reason": "no face"})
    store.record_failure({"video_id": "e", "reason": "no face"})
    store.record_failure({"video_id": "a", "reason": "was made later"})
    store.record_failure({"video_id": "c", "layer": "depth", "reason": "no mesh"})
    store.record_failure({"video_id": "a", "frame": 7, "reason": "blurred"})
    store.record_failure({"video_id": "e", "reason": "truncated"})
    stand = [(record["video_id"], record["reason"]) for record in store.failures()]
    assert stand == [("d", "no face"), ("e", "truncated"), ("c", "no mesh"), ("a", "blurred")]
    with pytest.raises(ValueError, match="reason"):
        store.record_failure({"video_id": "a"})


def _create_and_declare(root: Path, number: int) -> str:
    store = Store.create(root, "toy", {"size": 4}, {"tool": "1"})
    for layer in ("rgb", "depth", f"own{number}"):
        store.declare_layer(layer, {"layer": layer})
    try:
        store.declare_layer("contested", {"by": number})
    except FasError:
        return "lost"
    return "won"


def test_many_processes_create_one_store(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        results = pool.starmap(_create_and_declare, [(tmp_path, number) for number in range(8)], chunksize=1)
    assert sorted(results) == ["lost"] * 7 + ["won"]
    (path,) = (tmp_path / "toy").iterdir()
    store = Store.open(path)
    assert set(store.layers) == {"rgb", "depth", "contested"} | {f"own{number}" for number in range(8)}
    assert store.layers["contested"] == {"by": results.index("won")}
    assert not [name for _, _, names in os.walk(path) for name in names if name.startswith(".")]


def test_a_full_disk_costs_nothing_that_was_finished(small_disk: Path) -> None:
    store = new_store(small_disk)
    add(store, "a", [0], ["rgb", "depth"])
    store.record_failure({"video_id": "x", "reason": "no face"})
    store.build_index()
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    big = (frame for frame in [(0, b"1" * 1000), (1, b"2" * 100_000)])
    works: list[Callable[[], object]] = [
        lambda: store.write_shard("rgb", "b", big, facts_of(), "png"),
        lambda: store.declare_layer("flow", {"note": "n" * 10_000}),
        lambda: store.record_failure({"video_id": "y", "reason": "r" * 10_000}),
        lambda: store.build_index(),
        lambda: Store.create(small_disk, "other", {"note": "n" * 10_000}, {}),
    ]
    for work in works:
        with pytest.raises(FasError, match="No space left") as caught:
            work()
        assert caught.value.path is not None
        assert "free space" in str(caught.value.remedy)
    filler.unlink()
    assert list(store.video_ids()) == ["a"]
    assert len(store.index()) == 1
    assert scan_files(small_disk).unfinished == []
    add(store, "b", [0], ["rgb", "depth"])
    store.record_failure({"video_id": "y", "reason": "no face"})
    store.build_index()
    (damage,) = verify_store(scan_files(store.path)).damages
    assert "line 2 is unreadable" in damage.cause  # it was cut by the full disk
    with pytest.warns(FasWarning, match="line 2"):
        assert [record["video_id"] for record in store.failures()] == ["x", "y"]
