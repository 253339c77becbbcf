from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fas.store import Store
from fas.store.files import scan_files
from fas.store.names import shard_path
from fas.store.seal import is_whole
from fas.store.shard import write_shard
from fas.store.verify import VerifyReport, verify_store
from tests.fakes.small_store import add, facts_of, new_store


def verify(store: Store) -> VerifyReport:
    return verify_store(scan_files(store.path))


def damaged(store: Store) -> list[str]:
    return [str(error.path.relative_to(store.path)) for error in verify(store).damages if error.path is not None]


def flip_every_byte(path: Path, check: Callable[[], bool], step: int = 1) -> list[int]:
    """The positions where a flipped bit is not noticed."""
    content = bytearray(path.read_bytes())
    unnoticed = []
    for position in range(0, len(content), step):
        bit = 1 << position % 8
        content[position] ^= bit
        path.write_bytes(content)
        if not check():
            unnoticed.append(position)
        content[position] ^= bit
    path.write_bytes(content)
    return unnoticed


@pytest.fixture
def tiny(tmp_path: Path) -> Store:
    """One presentation with one frame, so that every byte of every file can be tried."""
    store = new_store(tmp_path)
    add(store, "a", [3], ["rgb", "depth"])
    store.record_failure({"video_id": "b", "reason": "no face"})
    store.build_index()
    return store


def test_a_whole_store_is_clean(store: Store) -> None:
    report = verify(store)
    assert (report.presentations, report.damages, report.notes) == (3, [], [])


@pytest.mark.parametrize("name", ["rgb/a.zip", "depth/a.zip", "store.json", "depth/layer.json", "failures.jsonl"])
def test_every_flipped_byte_is_found(tiny: Store, name: str) -> None:
    assert verify(tiny).damages == []
    assert flip_every_byte(tiny.path / name, lambda: damaged(tiny) == [name]) == []
    assert verify(tiny).damages == []


def test_every_flipped_byte_of_the_index_is_found(tiny: Store) -> None:
    path = tiny.path / "index.arrow"
    assert flip_every_byte(path, lambda: not is_whole(path)) == []
    assert flip_every_byte(path, lambda: damaged(tiny) == ["index.arrow"], step=97) == []


@pytest.mark.parametrize("name", ["rgb/a.zip", "store.json", "depth/layer.json", "index.arrow"])
def test_cut_and_empty_files_are_found(tiny: Store, name: str) -> None:
    content = (tiny.path / name).read_bytes()
    for size in (0, 1, len(content) // 2, len(content) - 1):
        (tiny.path / name).write_bytes(content[:size])
        assert name in damaged(tiny)


def test_all_damages_are_listed(store: Store) -> None:
    names = ["rgb/a.zip", "depth/b/1.zip", "rgb/layer.json"]
    for name in names:
        with (store.path / name).open("r+b") as file:
            file.seek(40)
            byte = file.read(1)
            file.seek(40)
            file.write(bytes([byte[0] ^ 1]))
    assert sorted(damaged(store)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "reported"),
    [("store.json", "."), ("index.arrow", "index.arrow"), ("rgb/a.zip", "index.arrow"), ("depth/a.zip", "index.arrow")],
)
def test_missing_files_are_found(store: Store, name: str, reported: str) -> None:
    (store.path / name).unlink()
    assert damaged(store) == [reported]


def test_missing_settings_of_a_layer_are_found(store: Store) -> None:
    (store.path / "depth" / "layer.json").unlink()
    assert damaged(store) == ["depth", "index.arrow"]


def test_frames_that_rgb_lacks_are_found(store: Store) -> None:
    add(store, "c", [6, 7, 8], ["depth"])
    store.build_index()
    (damage,) = verify(store).damages
    assert damage.cause == "2 frames are not in rgb, such as 6"
    assert damage.path == store.path / "depth" / "c.zip"


def test_a_moved_shard_is_found(store: Store) -> None:
    (store.path / "depth" / "a.zip").rename(store.path / "depth" / "c.zip")
    assert "depth/c.zip" in damaged(store)


def test_meta_data_without_facts_are_found(store: Store) -> None:
    meta = {**facts_of(), "video_id": "c", "layer": "rgb", "label": 3}
    write_shard(shard_path(store.path, "rgb", "c"), [(7, b"x")], meta, "png")
    (damage,) = verify(store).damages
    assert "label" in damage.cause
    assert damage.path == store.path / "rgb" / "c.zip"


@pytest.mark.parametrize("label", [0, 1])
def test_an_index_that_disagrees_is_found(store: Store, label: int) -> None:
    """A shard was written again, without damage, after the index."""
    meta = facts_of(label, "replay", "test")
    store.write_shard("rgb", "c", [(7, b"other bytes")], meta, "png")
    (damage,) = verify(store).damages
    assert "disagrees with the shards of 1 presentations, such as c" in damage.cause
    assert damage.path == store.path / "index.arrow"
    store.build_index()
    assert verify(store).damages == []


@pytest.mark.parametrize("change", ["label", "split", "attributes"])
def test_facts_of_the_index_are_compared(store: Store, change: str) -> None:
    shard = store.read_shard("rgb", "c")
    meta = dict(shard.meta)
    meta[change] = {"label": 1, "split": "dev", "attributes": {"phone": "3"}}[change]
    store.write_shard("rgb", "c", [(7, shard.read(7))], meta, "png")
    assert damaged(store) == ["index.arrow"]


def test_shards_newer_than_the_index_are_found(store: Store) -> None:
    add(store, "d", [0])
    assert damaged(store) == ["index.arrow"]
    store.declare_layer("flow", {})
    assert damaged(store) == ["index.arrow"]


def test_what_is_not_damage_is_noted(store: Store) -> None:
    left = store.path / "rgb" / ".tmp-host-1-0123456789abcdef"
    left.touch()
    (store.path / "notes.txt").touch()
    (store.path / "depth" / "thumbs.db").touch()
    store.record_failure({"video_id": "x", "reason": "no face"})
    add(store, "y", [0], ["depth"])
    report = verify(store)
    assert report.damages == []
    assert [note for note in report.notes if "1 failures recorded" in note]
    assert [note for note in report.notes if "such as y, have maps but no rgb" in note]
    assert [note for note in report.notes if note.startswith("unfinished") and note.endswith(left.name)]
    assert len([note for note in report.notes if note.startswith("not a file of the store")]) == 2


def test_progress_is_reported(store: Store) -> None:
    steps: list[int] = []
    verify_store(scan_files(store.path), steps.append)
    assert steps == [1, 1, 1]


def test_verify_writes_nothing(store: Store) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.path.rglob("*")}
    verify(store)
    assert {path: path.stat().st_mtime_ns for path in store.path.rglob("*")} == before
