"""The recipe of HKBU-MARs V1+ against the published numbers, written here by hand."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits

V1PLUS = load_recipe("hkbu_v1plus")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "hkbu_v1plus"
    make_fake_tree(V1PLUS, root, empty_media)
    return index_dataset(V1PLUS, root, strict=True)


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 12, "presentations": 180, "all bona fide": 120, "all attack": 60},
        **{"mask": 60, "mask/rigid": 60},
    }
    each = Counter((one.subject, one.label) for one in tree.presentations)
    assert each == {(f"{number:02d}", label): 10 if label else 5 for number in range(1, 13) for label in (0, 1)}


@pytest.mark.parametrize("fold", range(1, 13))
def test_leave_one_out(tree: DatasetIndex, fold: int) -> None:
    splits = protocol_splits(V1PLUS, tree.presentations, "leave_one_out", fold)
    assert Counter(one.label for one in splits["train"]) == {1: 110, 0: 55}
    assert Counter(one.label for one in splits["test"]) == {1: 10, 0: 5}
    assert {one.subject for one in splits["test"]} == {f"{fold:02d}"}
    assert splits["dev"] == []


def test_one_fold_per_subject() -> None:
    assert len(V1PLUS.protocols["leave_one_out"].folds) == 12


@pytest.mark.parametrize(("folder", "label"), [("s1", 1), ("s2", 1), ("s3", 0)])
@pytest.mark.parametrize("name", ["12_01_05.mp4", "12_5.mp4", "12_REAL_F_05.avi"])
def test_the_folder_alone_tells_the_label_since_names_are_not_confirmed(folder: str, name: str, label: int) -> None:
    one = NameReader(V1PLUS).read(f"{folder}/{name}")
    assert one is not None
    assert (one.subject, one.label) == ("12", label)


def test_a_fake_tree_says_that_its_names_are_invented(tree: DatasetIndex) -> None:
    assert "Some names are invented" in json.loads((tree.root / "SIMULATED.json").read_text())["about"]


def test_nothing_is_missing_or_unexpected_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1/03_01.avi").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(index_dataset(V1PLUS, tmp_path).presentations) == 1
