"""The recipe of Rose-Youtu against the published numbers, written here by hand."""

from __future__ import annotations

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
from fas.errors import FasWarning

ROSE = load_recipe("rose_youtu")
TRAIN = {"2", "3", "4", "5", "6", "7", "9", "10", "11", "12"}
TEST = {"13", "14", "15", "16", "17", "18", "20", "21", "22", "23"}

SPECIES = {
    **{"Ps": "print/still", "Pq": "print/quivering", "Vl": "replay/lenovo", "Vm": "replay/mac"},
    **{"Mc": "paper_mask/cropped", "Mf": "paper_mask/full", "Mu": "paper_mask/upper_cut", "Ml": "paper_mask/lower_cut"},
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "rose_youtu"
    make_fake_tree(ROSE, root, empty_media)
    return index_dataset(ROSE, root, strict=True)


def test_published_counts(tree: DatasetIndex) -> None:
    found = count(tree.presentations)
    assert {name: found[name] for name in ("subjects", "presentations", "all bona fide", "all attack")} == {
        "subjects": 20,
        "presentations": 3497,
        "all bona fide": 897,
        "all attack": 2600,
    }
    assert {name: found[name] for name in ("print", "replay", "paper_mask")} == {
        "print": 800,
        "replay": 801,
        "paper_mask": 999,
    }


def test_counts_of_each_field(tree: DatasetIndex) -> None:
    facts = [one.attributes for one in tree.presentations]
    assert Counter(one["kind"] for one in facts) == {
        "G": 897,
        "Ps": 400,
        "Pq": 400,
        "Vl": 401,
        "Vm": 400,
        "Mc": 399,
        "Mf": 200,
        "Mu": 400,
    }
    assert Counter(one["speech"] for one in facts) == {"T": 398, "NT": 3099}
    assert Counter(one["device"] for one in facts) == {"5s": 700, "HW": 701, "IP": 700, "HS": 699, "ZTE": 697}


def test_counts_of_each_person(tree: DatasetIndex) -> None:
    fewer = {"7": 155, "10": 154, "11": 179, "13": 182, "15": 153, "18": 179, "23": 155}
    assert Counter(one.subject for one in tree.presentations) == {**dict.fromkeys(TRAIN | TEST, 180), **fewer}


def test_the_usual_split(tree: DatasetIndex) -> None:
    splits = protocol_splits(ROSE, tree.presentations, "official")
    assert {split: {one.subject for one in members} for split, members in splits.items()} == {
        "train": TRAIN,
        "dev": set(),
        "test": TEST,
    }
    assert len(splits["train"]) == 1748
    assert len(splits["test"]) == 1749


@pytest.mark.parametrize("kind", ["G", *SPECIES])
def test_kinds_by_hand(kind: str) -> None:
    one = NameReader(ROSE).read(f"14/{kind}_NT_5s_wg_E_14_110.mp4")
    assert one is not None
    assert (one.label, one.attack_type) == (int(kind == "G"), SPECIES.get(kind, ""))
    assert (one.video_id, one.subject, one.split) == (f"{kind}_NT_5s_wg_E_14_110", "14", "")
    assert one.attributes == {"name": one.video_id, "kind": kind, "speech": "NT", "device": "5s", "glasses": "wg"}


@pytest.mark.parametrize("folder", ["", "2/", "_2/", "train/2/", "test/_14/", "14/"])
def test_the_name_tells_the_person_whatever_the_folder(folder: str) -> None:
    one = NameReader(ROSE).read(f"{folder}G_T_HS_g_E_2_1.mp4")
    assert one is not None
    assert (one.video_id, one.subject) == ("G_T_HS_g_E_2_1", "2")
    assert [split for split, members in protocol_splits(ROSE, [one], "official").items() if members] == ["train"]


@pytest.mark.parametrize(
    "name",
    ["G_T_HS_g_E_8_1", "G_T_HS_g_E_19_1", "G_T_HS_g_E_1_1", "G_T_HS_g_E_24_1", "G_T_LG_g_E_2_1", "X_T_HS_g_E_2_1"],
)
def test_other_persons_devices_and_kinds_are_unexpected(name: str, tmp_path: Path) -> None:
    (tmp_path / "G_T_HS_g_E_2_1.mp4").touch()
    (tmp_path / f"{name}.mp4").touch()
    with pytest.warns(FasWarning, match=f"1 file is unexpected: {name}"):
        index_dataset(ROSE, tmp_path)


def test_nothing_is_missing_since_running_numbers_are_not_known(tmp_path: Path) -> None:
    (tmp_path / "Vl_NT_ZTE_wg_E_23_99.mp4").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index = index_dataset(ROSE, tmp_path, strict=True)
    assert [one.attack_type for one in index.presentations] == ["replay/lenovo"]


def test_videos_are_turned_by_the_face() -> None:
    assert ROSE.faces.rotation == "face"
