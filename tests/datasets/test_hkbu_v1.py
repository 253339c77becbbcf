"""The recipe of HKBU-MARs V1 against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits

V1 = load_recipe("hkbu_v1")
SUBJECTS = {f"{number:02d}" for number in range(1, 9)}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "hkbu_v1"
    make_fake_tree(V1, root, empty_media)
    return index_dataset(V1, root, strict=True)


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 8, "presentations": 110, "all bona fide": 70, "all attack": 40},
        **{"mask": 40, "mask/rigid": 40},
    }
    assert Counter(one.path.partition("/")[0] for one in tree.presentations) == {"s1": 35, "s2": 35, "s3": 40}


def test_subject_08_has_masks_only(tree: DatasetIndex) -> None:
    assert {one.subject for one in tree.presentations if one.label} == SUBJECTS - {"08"}
    assert {one.subject for one in tree.presentations if not one.label} == SUBJECTS


@pytest.mark.parametrize("fold", range(1, 9))
def test_leave_one_out(tree: DatasetIndex, fold: int) -> None:
    splits = protocol_splits(V1, tree.presentations, "leave_one_out", fold)
    real = 0 if fold == 8 else 10
    assert Counter(one.label for one in splits["test"] if one.label) == ({1: real} if real else {})
    assert Counter(one.label for one in splits["train"]) == {1: 70 - real, 0: 35}
    assert sum(not one.label for one in splits["test"]) == 5
    assert {one.subject for one in splits["test"]} == {f"{fold:02d}"}
    assert splits["dev"] == []


def test_one_fold_per_subject() -> None:
    assert len(V1.protocols["leave_one_out"].folds) == 8


@pytest.mark.parametrize(
    ("path", "subject", "label"),
    [("s1/07_01_05.mp4", "07", 1), ("s2/01_02_01.mp4", "01", 1), ("s3/08_03_02.mp4", "08", 0)],
)
def test_names_by_hand(path: str, subject: str, label: int) -> None:
    one = NameReader(V1).read(path)
    assert one is not None
    assert (one.video_id, one.subject, one.split) == (path.removesuffix(".mp4"), subject, "")
    assert (one.label, one.attack_type) == (label, "" if label else "mask/rigid")


@pytest.mark.parametrize("path", ["s1/01_03_01.mp4", "s3/01_01_01.mp4", "s4/01_04_01.mp4", "s1/09_01_01.mp4"])
def test_a_name_that_contradicts_its_folder_is_not_a_presentation(path: str) -> None:
    assert NameReader(V1).read(path) is None
