"""The recipe of HKBU-MARs V2 against the published numbers, written here by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError

V2 = load_recipe("hkbu_v2")
SUBJECTS = {f"{number:02d}" for number in range(1, 13)}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "hkbu_v2"
    make_fake_tree(V2, root, empty_media)
    return index_dataset(V2, root, strict=True)


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 12, "presentations": 1008, "all bona fide": 504, "all attack": 504},
        **{"mask": 504, "mask/rigid": 504},
    }
    each = Counter((one.subject, one.label) for one in tree.presentations)
    assert each == {(subject, label): 42 for subject in SUBJECTS for label in (0, 1)}


def test_every_file_is_where_it_was_published(tree: DatasetIndex) -> None:
    wanted = {
        f"HKBU_MARs_V2/{kind}/{subject}/{camera:02d}_{light:02d}_"
        f"{'9' if (kind, subject) == ('attack', '09') else subject}.avi"
        for kind in ("real", "attack")
        for subject in SUBJECTS
        for camera in range(1, 8)
        for light in range(1, 7)
    }
    assert {one.path for one in tree.presentations} == wanted


@pytest.mark.parametrize("fold", range(1, 13))
def test_leave_one_out(tree: DatasetIndex, fold: int) -> None:
    splits = protocol_splits(V2, tree.presentations, "leave_one_out", fold)
    assert Counter(one.label for one in splits["train"]) == {1: 462, 0: 462}
    assert Counter(one.label for one in splits["test"]) == {1: 42, 0: 42}
    assert {one.subject for one in splits["test"]} == {f"{fold:02d}"}
    assert splits["dev"] == []


def test_one_fold_per_subject() -> None:
    assert len(V2.protocols["leave_one_out"].folds) == 12


@pytest.mark.parametrize(
    ("path", "video_id", "label"),
    [
        ("HKBU_MARs_V2/real/09/07_06_09.avi", "real/09/07_06", 1),
        ("HKBU_MARs_V2/attack/09/07_06_9.avi", "attack/09/07_06", 0),
        ("HKBU_MARs_V2/attack/09/07_06_09.avi", "attack/09/07_06", 0),  # a corrected copy
        ("attack/12/01_02_12.avi", "attack/12/01_02", 0),
    ],
)
def test_names_by_hand(path: str, video_id: str, label: int) -> None:
    one = NameReader(V2).read(path)
    assert one is not None
    assert (one.video_id, one.subject, one.label) == (video_id, video_id.split("/")[1], label)
    assert one.attack_type == ("" if label else "mask/rigid")
    assert one.attributes == {
        "folder": "real" if label else "attack",
        "camera": video_id[-5:-3],
        "light": video_id[-2:],
    }


@pytest.mark.parametrize(
    "path", ["real/09/01_01_9.avi", "attack/08/01_01_8.avi", "attack/08/01_01_9.avi", "attack/10/01_01_01.avi"]
)
def test_only_the_attacks_of_subject_09_lack_the_zero(path: str) -> None:
    assert NameReader(V2).read(path) is None


def test_both_spellings_of_one_video_are_refused(tmp_path: Path) -> None:
    for end in ("9", "09"):
        path = tmp_path / f"attack/09/01_01_{end}.avi"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with pytest.raises(FasError, match="attack/09/01_01 exists twice"):
        index_dataset(V2, tmp_path)


def test_a_copy_without_subject_10_names_what_it_lacks(tree: DatasetIndex, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(tree.root, root)
    shutil.rmtree(root / "HKBU_MARs_V2/real/10")
    shutil.rmtree(root / "HKBU_MARs_V2/attack/10")
    (root / "HKBU_MARs_V2/real/03/02_05_03.avi").unlink()
    with pytest.warns(match="85 files are missing"):
        index = index_dataset(V2, root)
    assert len(index.presentations) == 923
    assert [path for path in index.missing if "/10/" not in path] == ["HKBU_MARs_V2/real/03/02_05_03.avi"]
    with pytest.raises(FasError, match="85 files are missing"):
        index_dataset(V2, root, strict=True)
