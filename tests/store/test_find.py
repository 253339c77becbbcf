from __future__ import annotations

from pathlib import Path

import pytest

from fas.errors import FasError
from fas.store import Store, find_store, list_stores
from fas.store.find import only_store


def test_the_only_store_of_a_dataset_is_found(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "oulu", {"size": 1}, {})
    Store.create(tmp_path, "oulu-simulated", {"size": 1}, {}, simulated=True)
    (tmp_path / "oulu" / "0123456789ab").mkdir()  # a run was killed before it wrote store.json
    assert find_store("oulu", tmp_path) == store
    assert len(list_stores(tmp_path)) == 2


def test_several_stores_are_listed(tmp_path: Path) -> None:
    stores = [Store.create(tmp_path, "oulu", {"size": size}, {}) for size in (1, 2)]
    with pytest.raises(FasError, match="several stores") as caught:
        find_store("oulu", tmp_path)
    assert all(str(store.path) in str(caught.value) for store in stores)
    for store in stores:
        assert find_store("oulu", tmp_path, store.path.name) == store
        assert find_store("oulu", tmp_path, store.path.name[:6]) == store


def test_no_store_lists_what_is_there(tmp_path: Path) -> None:
    other = Store.create(tmp_path, "siw", {}, {})
    with pytest.raises(FasError, match="no store of dataset 'oulu'") as caught:
        find_store("oulu", tmp_path)
    assert str(other.path) in str(caught.value)
    assert "`fas preprocess oulu`" in str(caught.value.remedy)
    with pytest.raises(FasError) as caught:
        find_store("oulu-simulated", tmp_path)
    assert "`fas preprocess oulu`" in str(caught.value.remedy)
    with pytest.raises(FasError) as caught:
        find_store("own", tmp_path)
    assert "`fas preprocess FILE`" in str(caught.value.remedy)  # a user's own dataset comes from a file
    with pytest.raises(FasError, match="with recipe 'fff'"):
        find_store("siw", tmp_path, "fff")
    with pytest.raises(FasError, match="there is: none"):
        find_store("oulu", tmp_path / "nowhere")


def test_the_only_store_at_all(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="no store here"):
        only_store(tmp_path)
    first = Store.create(tmp_path, "oulu", {}, {})
    assert only_store(tmp_path) == first.path
    second = Store.create(tmp_path, "siw", {}, {})
    with pytest.raises(FasError, match="several stores") as caught:
        only_store(tmp_path)
    assert str(first.path) in str(caught.value)
    assert str(second.path) in str(caught.value)
