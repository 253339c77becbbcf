from __future__ import annotations

from pathlib import Path

import pytest

from fas.datasets.presentation import Presentation
from fas.preprocessing.plan import make_plan, source_stamp
from fas.preprocessing.settings import FACE_LAYERS
from fas.store.store import Store

FACTS = {"subject": "01", "split": "train", "label": 1, "attack_type": "", "attributes": {}}
PRESENTATION = Presentation("a", "a.avi", "01", "train", 1, "", {})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A presentation with crop and mesh, and its medium next to the store."""
    store = Store.create(tmp_path, "toy", {}, {})
    for layer in (*FACE_LAYERS, "depth"):
        store.declare_layer(layer, {})
    for layer in FACE_LAYERS:
        store.write_shard(layer, "a", [(0, b"x")], FACTS if layer == "rgb" else {}, "png")
    (tmp_path / "a.avi").write_bytes(b"video")
    return store


def test_what_is_complete_is_not_done_again(store: Store, tmp_path: Path) -> None:
    plan = make_plan(store, tmp_path, [PRESENTATION], ())
    assert (plan.tasks, plan.complete) == ([], 1)
    (task,) = make_plan(store, tmp_path, [PRESENTATION], ("depth",)).tasks
    assert (task.faces, task.layers) == (False, ("depth",))


@pytest.mark.parametrize("layer", FACE_LAYERS)
def test_a_crop_or_a_mesh_that_was_removed_is_made_again(store: Store, tmp_path: Path, layer: str) -> None:
    """It is what `fas store verify` advises against damage."""
    store.write_shard("depth", "a", [(0, b"x")], {}, "png")
    (store.path / layer / "a.zip").unlink()
    (task,) = make_plan(store, tmp_path, [PRESENTATION], ("depth",)).tasks
    assert (task.faces, task.layers) == (True, ("depth",))


def test_a_failed_map_does_not_keep_a_removed_crop_from_being_made_again(store: Store, tmp_path: Path) -> None:
    record = {"video_id": "a", "reason": "shard is damaged", "source": source_stamp(tmp_path / "a.avi")}
    store.record_failure({**record, "layer": "depth"})
    (store.path / "rgb" / "a.zip").unlink()
    plan = make_plan(store, tmp_path, [PRESENTATION], ("depth",))
    assert len(plan.tasks) == 1 and not plan.failed_before


def test_a_failure_stands_until_its_medium_changes(store: Store, tmp_path: Path) -> None:
    medium = tmp_path / "a.avi"
    (store.path / "rgb" / "a.zip").unlink()
    store.record_failure({"video_id": "a", "reason": "no face", "source": source_stamp(medium)})
    assert make_plan(store, tmp_path, [PRESENTATION], ()).failed_before == {"a": "no face"}
    assert len(make_plan(store, tmp_path, [PRESENTATION], (), retry_failed=True).tasks) == 1
    medium.write_bytes(b"another video")
    assert len(make_plan(store, tmp_path, [PRESENTATION], ()).tasks) == 1
