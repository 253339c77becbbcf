from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from fas.datasets.dataset_name import DatasetName
from fas.errors import FasError
from fas.store import FrameReader, Store
from fas.store.files import scan_files
from fas.store.source import Source
from fas.store.verify import verify_store
from tests.fakes.small_store import add, new_store

OULU = Source("oulu", "/data/OULU NPU", False, {"frames": "even:2"}, {"depth": {"map-size": "32"}})


@pytest.fixture(autouse=True)
def stores_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAS_STORE", "/elsewhere")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "my data" / "own.csv"
    path.parent.mkdir()
    path.write_text("path,label\n")
    return path


def own(manifest: Path) -> Source:
    return Source(str(manifest), "/data/own", False, {}, {})


def test_an_older_store_names_its_dataset_only(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "oulu-simulated", {}, {}, simulated=True)
    assert store.source() is None
    assert store.name == DatasetName("oulu", simulated=True)
    assert store.recipe_path() == "oulu"
    assert store.preprocess_command("--depth") == "fas preprocess oulu --depth"


def test_the_command_is_complete_and_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path / "my stores")
    store.write_source(OULU)
    assert store.source() == OULU
    assert store.recipe_path() == "oulu"
    words = ["fas", "preprocess", "oulu", "--root", "/data/OULU NPU", "--store", str(tmp_path / "my stores")]
    assert shlex.split(store.preprocess_command()) == [*words, "--frames", "even:2"]
    monkeypatch.setenv("FAS_STORE", str(tmp_path / "my stores"))
    assert store.preprocess_command() == "fas preprocess oulu --root '/data/OULU NPU' --frames even:2"


def test_the_option_of_a_layer_brings_the_options_that_it_was_made_with(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.write_source(OULU)
    reflection = {"map-size": "64", "reflection-estimator": "yang"}
    store.write_source(replace(OULU, layers={"reflection": reflection}))  # a later run, which made no depth
    assert store.preprocess_command("--depth").endswith("--frames even:2 --map-size 32 --depth")
    assert store.preprocess_command("--reflection").endswith("--map-size 64 --reflection-estimator yang --reflection")
    assert "--map-size" not in store.preprocess_command()


def test_the_users_own_file_is_copied_and_follows_changes(tmp_path: Path, manifest: Path) -> None:
    store = new_store(tmp_path)
    store.write_source(own(manifest))
    copy = store.path / "dataset" / "own.csv"
    assert store.recipe_path() == copy
    assert copy.read_bytes() == manifest.read_bytes()
    assert shlex.split(store.preprocess_command())[2] == str(manifest)
    times = [path.stat().st_mtime_ns for path in (copy, store.path / "source.json")]
    store.write_source(own(manifest))
    assert [path.stat().st_mtime_ns for path in (copy, store.path / "source.json")] == times
    manifest.write_text("path,label\na.avi,1\n")
    store.write_source(own(manifest))
    assert copy.read_text() == "path,label\na.avi,1\n"
    source = store.source()
    assert source is not None and source.sha256 == hashlib.sha256(manifest.read_bytes()).hexdigest()


def test_the_copy_stands_for_a_file_that_is_gone(tmp_path: Path, manifest: Path) -> None:
    store = new_store(tmp_path)
    store.write_source(own(manifest))
    manifest.unlink()
    copy = store.path / "dataset" / "own.csv"
    assert shlex.split(store.preprocess_command())[2] == str(copy)
    store.write_source(own(copy))  # what that command does
    source = store.source()
    assert source is not None and source.dataset == str(manifest)
    assert copy.read_text() == "path,label\n"
    copy.unlink()
    with pytest.raises(FasError, match="copy of its recipe is missing"):
        store.recipe_path()


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path, manifest: Path) -> None:
    store = new_store(tmp_path)
    manifest.unlink()
    with pytest.raises(FasError, match="cannot be read: No such file") as caught:
        store.write_source(own(manifest))
    assert caught.value.path == manifest
    assert not (store.path / "source.json").exists()


def test_verify_knows_these_files_and_finds_their_damage(tmp_path: Path, manifest: Path) -> None:
    store = new_store(tmp_path)
    add(store, "a", [0])
    store.write_source(own(manifest))
    store.build_index()
    report = verify_store(scan_files(store.path))
    assert (report.damages, report.notes) == ([], [])
    for name in ("dataset/own.csv", "source.json"):
        path = store.path / name
        content = path.read_bytes()
        for position in range(0, len(content), 7):
            path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
            (damage,) = verify_store(scan_files(store.path)).damages
            assert damage.path == path
            assert "fas preprocess" in str(damage.remedy)
        path.write_bytes(content)
    path = store.path / "source.json"
    path.write_bytes(path.read_bytes()[:-9])
    store.write_source(own(manifest))  # the next run repairs it
    assert verify_store(scan_files(store.path)).damages == []


def test_messages_give_the_command(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.write_source(OULU)
    add(store, "a", [0, 5])
    add(store, "a", [0], ["depth"])
    index = store.build_index()
    reader = FrameReader(index)
    remedies = []
    for row, layer in ((0, "flow"), (0, "reflection"), (1, "depth")):
        with pytest.raises(FasError) as caught:
            reader.read(row, layer)
        remedies.append(str(caught.value.remedy))
        assert f"run `{store.preprocess_command(f'--{layer}')}`; it does only what is missing" in remedies[-1]
    assert remedies[2].startswith("remove this file; run")
    add(store, "b", [0])
    with pytest.warns(UserWarning, match="--frames even:2"):
        store.index()
    (store.path / "rgb" / "a.zip").write_bytes(b"damaged")
    for work in (store.build_index, lambda: store.read_shard("rgb", "a")):
        with pytest.raises(FasError) as caught:
            work()
        assert f"then run `{store.preprocess_command()}`" in str(caught.value.remedy)
    (store.path / "index.arrow").unlink()
    with pytest.raises(FasError, match="no index yet") as caught:
        store.index()
    assert f"run `{store.preprocess_command()}`: it builds the index" in str(caught.value.remedy)
    (store.path / "store.json").write_text("{}")
    with pytest.raises(FasError, match="damaged") as caught:
        Store.open(store.path)
    assert f"run `{store.preprocess_command()}`" in str(caught.value.remedy)
    (store.path / "source.json").write_text("{}")
    with pytest.raises(FasError, match="damaged") as caught:
        Store.open(store.path)
    assert "run the same `fas preprocess` again" in str(caught.value.remedy)
