"""A small store with known content."""

from __future__ import annotations

from pathlib import Path

import pytest

from fas.store import Store
from tests.fakes.small_store import add, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three presentations; `b/1` lacks depth of frame 3, `c` lacks depth; none has reflection."""
    store = new_store(tmp_path)
    add(store, "a", [0, 5, 10], ["rgb", "depth"])
    add(store, "b/1", [0, 3], ["rgb"], label=0, attack_type="print/printer1", split="dev")
    add(store, "b/1", [0], ["depth"])
    add(store, "c", [7], ["rgb"], label=0, attack_type="replay", split="test")
    store.build_index()
    return store
