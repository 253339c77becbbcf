from __future__ import annotations

from pathlib import Path

from fas.store import Store
from fas.store.summary import Group, count_failures, count_groups, count_layers, measure_store
from tests.fakes.small_store import add, new_store


def test_groups_are_counted_by_split_label_and_species(store: Store) -> None:
    add(store, "d", [1, 2], split="test")
    add(store, "e", [1, 2, 3], label=0, attack_type="replay", split="test")
    assert count_groups(store.build_index()) == [
        Group("train", 1, "", 1, 3),
        Group("dev", 0, "print/printer1", 1, 2),
        Group("test", 1, "", 1, 2),
        Group("test", 0, "replay", 2, 4),
    ]


def test_layers_are_counted_by_presentations_and_frames(store: Store) -> None:
    assert count_layers(store.index()) == {"rgb": (3, 6), "depth": (2, 4), "reflection": (0, 0)}


def test_failures_are_counted_by_reason() -> None:
    reasons = ["no face in any of 150 frames", "truncated", "no face in any of 9 frames"]
    assert count_failures({"video_id": reason, "reason": reason} for reason in reasons) == {
        "no face in any of N frames": 2,
        "truncated": 1,
    }


def test_a_store_is_measured(store: Store, tmp_path: Path) -> None:
    measured = measure_store(store)
    assert measured.shards == {"rgb": 3, "depth": 2, "reflection": 0}
    assert next(iter(measured.shards)) == "rgb"
    assert measured.frames == 6
    assert measured.size == sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
    assert measure_store(new_store(tmp_path / "empty")).frames is None
