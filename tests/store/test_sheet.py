from __future__ import annotations

from collections import Counter
from pathlib import Path

import matplotlib.image
import pytest

from fas.errors import FasError
from fas.store import Store
from fas.store.sheet import choose_rows, draw_sheet
from tests.fakes.small_store import add, new_store


@pytest.fixture
def unbalanced(tmp_path: Path) -> Store:
    """Eight bona fide, one print, two replays; three frames each."""
    store = new_store(tmp_path)
    for i in range(8):
        add(store, f"live{i}", [0, 1, 2])
    add(store, "print", [0, 1, 2], label=0, attack_type="print")
    for i in range(2):
        add(store, f"replay{i}", [0, 1, 2], label=0, attack_type="replay")
    store.build_index()
    return store


def test_rows_are_balanced_over_species(unbalanced: Store) -> None:
    index = unbalanced.index()
    table = index.presentations
    rows = choose_rows(index, 9, seed=0)
    species = [table.attack_type[index.presentation[row]] for row in rows]
    assert species == ["", "print", "replay"] * 3
    presentations = Counter(int(index.presentation[row]) for row in rows)
    assert len(presentations) == 3 + 1 + 2  # the third replay is of a presentation that was shown
    assert len(set(rows)) == 9


def test_rows_end_with_the_store(unbalanced: Store) -> None:
    index = unbalanced.index()
    assert sorted(choose_rows(index, 1000, seed=0)) == list(range(33))


def test_the_seed_chooses(unbalanced: Store) -> None:
    index = unbalanced.index()
    assert choose_rows(index, 6, seed=1) == choose_rows(index, 6, seed=1)
    assert choose_rows(index, 6, seed=1) != choose_rows(index, 6, seed=2)


def test_an_empty_store_has_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="no frames"):
        choose_rows(new_store(tmp_path).build_index(), 3, seed=0)


def test_a_sheet_shows_image_layers_only(store: Store, tmp_path: Path) -> None:
    store.declare_layer("mesh", {})
    store.write_shard("mesh", "a", [(0, b"numbers")], {}, "npy")
    out = tmp_path / "new" / "sheet.png"
    draw_sheet(store.build_index(), [0, 4], out)
    height, width = matplotlib.image.imread(out).shape[:2]
    assert height > 300
    assert width > 300


def test_a_sheet_that_cannot_be_written_is_reported(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FasError, match="cannot write"):
        draw_sheet(store.index(), [0], tmp_path / "file" / "sheet.png")
