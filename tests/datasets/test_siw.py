"""The recipe of SiW against the published numbers, written here by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fas.datasets.annotations import AnnotationError, read_annotations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError, FasWarning

SIW = load_recipe("siw")

TRAIN = (
    "003 006 007 011 014 016 017 022 028 030 032 033 034 035 038 040 041 042 045 046 047 051 054 055 056 058 060 062 "
    "063 068 069 070 072 074 076 077 078 080 081 086 089 091 092 093 096 098 099 100 101 103 104 105 107 111 112 113 "
    "115 117 119 120 121 123 127 128 129 131 133 134 135 136 140 143 144 145 146 147 148 149 150 151 152 155 156 157 "
    "159 160 162 163 164 165"
)
TEST = (
    "001 002 004 005 008 009 010 012 013 015 018 019 020 021 023 024 025 026 027 029 031 036 037 039 043 044 048 049 "
    "050 052 053 057 059 061 064 065 066 067 071 073 075 079 082 083 084 085 087 088 090 094 095 097 102 106 108 109 "
    "110 114 116 118 122 124 125 126 130 132 137 138 139 141 142 153 154 158 161"
)
BOB_DEV = "003 006 007 011 014 016 017 022 028 030"
BOB_LEAVES_OUT = (
    "020-2-3-3-2 021-2-3-2-1 061-2-3-2-1 061-2-3-3-1 141-2-3-2-1 141-2-3-3-1 161-2-3-2-1 161-2-3-3-1"  # all of Test
)
GRADIANT_DEV = "150 151 152 155 156 157 159 160 162 163 164 165"

# Protocol, fold -> (bona fide, attack) of train, dev, test.
NONE = (0, 0)
COUNTS = {
    ("1", None): [(714, 1702), NONE, (599, 1462)],
    ("2", 1): [(714, 1003), NONE, (599, 300)],
    ("2", 2): [(714, 1003), NONE, (599, 300)],
    ("2", 3): [(714, 1005), NONE, (599, 298)],
    ("2", 4): [(714, 1078), NONE, (599, 250)],
    ("3", 1): [(714, 339), NONE, (599, 1148)],
    ("3", 2): [(714, 1363), NONE, (599, 314)],
    ("1_dev_bob", None): [(636, 1504), (78, 198), (599, 1454)],
    ("2_dev_bob", 1): [(636, 883), (78, 120), (599, 300)],
    ("2_dev_bob", 2): [(636, 883), (78, 120), (599, 296)],
    ("2_dev_bob", 3): [(636, 885), (78, 120), (599, 294)],
    ("2_dev_bob", 4): [(636, 958), (78, 120), (599, 250)],
    ("3_dev_bob", 1): [(636, 301), (78, 38), (599, 1140)],
    ("3_dev_bob", 2): [(636, 1203), (78, 160), (599, 314)],
    ("1_dev_gradiant", None): [(618, 1526), (96, 176), (599, 1462)],  # dev is 272 in all
}
REPLAY = {"1": "replay/ipad_pro", "2": "replay/iphone_7_plus", "3": "replay/asus_mb168b", "4": "replay/galaxy_s8"}
PRINT = {"1": "print/high_resolution", "2": "print/low_resolution"}


def read(path: str) -> Presentation:
    presentation = NameReader(SIW).read(path)
    assert presentation is not None
    return presentation


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "siw"
    make_fake_tree(SIW, root, empty_media)
    return index_dataset(SIW, root, strict=True)


def test_counts_by_split_type_and_medium(tree: DatasetIndex) -> None:
    found = {}
    for split in ("train", "test"):
        here = [p.attributes for p in tree.presentations if p.split == split]
        kinds = [f"{one['type']}-{one['medium']}" for one in here]
        found[split] = [kinds.count(kind) for kind in ("1-1", "1-2", "2-1", "2-2", "3-1", "3-2", "3-3", "3-4")]
    assert found == {
        "train": [359, 355, 164, 175, 360, 360, 358, 285],
        "test": [299, 300, 150, 164, 300, 300, 298, 250],
    }
    assert count(tree.presentations)["presentations"] == 4477


def test_subjects_of_each_split(tree: DatasetIndex) -> None:
    for split, subjects, number in (("train", TRAIN, 90), ("test", TEST, 75)):
        assert sorted({p.subject for p in tree.presentations if p.split == split}) == subjects.split()
        assert len(subjects.split()) == number


def test_the_bona_fide_videos_that_do_not_exist(tree: DatasetIndex) -> None:
    live = {p.video_id for p in tree.presentations if p.label == 1}
    subjects = {*TRAIN.split(), *TEST.split()}
    every = {f"{s}-{a}-1-{b}-{c}" for s in subjects for a in (1, 2) for b in (1, 2) for c in (1, 2)}
    lacking = "001-2-1-1-1 006-1-1-2-2 006-2-1-2-2 062-1-1-1-2 062-1-1-2-1 062-1-1-2-2 062-2-1-2-2"
    assert every - live == set(lacking.split())
    assert live < every


@pytest.mark.parametrize(("protocol", "fold"), COUNTS)
def test_counts_of_protocols(tree: DatasetIndex, protocol: str, fold: int | None) -> None:
    splits = protocol_splits(SIW, tree.presentations, protocol, fold).values()
    assert [(sum(p.label for p in s), sum(1 - p.label for p in s)) for s in splits] == COUNTS[protocol, fold]


@pytest.mark.parametrize("suffix", ["", "_dev_bob", "_dev_gradiant"])
@pytest.mark.parametrize("fold", [1, 2, 3, 4])
def test_protocol_2_tests_on_the_unseen_replay_medium(tree: DatasetIndex, suffix: str, fold: int) -> None:
    unseen = REPLAY[str(fold)]
    splits = protocol_splits(SIW, tree.presentations, f"2{suffix}", fold)
    assert {p.attack_type for p in splits["test"]} == {"", unseen}
    assert {p.attack_type for p in splits["train"]} == {"", *REPLAY.values()} - {unseen}
    assert {p.attack_type for p in splits["dev"]} <= {"", *REPLAY.values()} - {unseen}


@pytest.mark.parametrize("suffix", ["", "_dev_bob", "_dev_gradiant"])
def test_protocol_3_tests_on_the_unseen_kind_of_attack(tree: DatasetIndex, suffix: str) -> None:
    for fold, seen, unseen in ((1, PRINT, REPLAY), (2, REPLAY, PRINT)):
        splits = protocol_splits(SIW, tree.presentations, f"3{suffix}", fold)
        assert {p.attack_type for p in splits["train"]} == {"", *seen.values()}
        assert {p.attack_type for p in splits["dev"]} <= {"", *seen.values()}
        assert {p.attack_type for p in splits["test"]} == {"", *unseen.values()}


@pytest.mark.parametrize("protocol", ["1", "2", "3"])
def test_subjects_of_the_unofficial_development_sets(tree: DatasetIndex, protocol: str) -> None:
    for owner, dev in (("bob", BOB_DEV), ("gradiant", GRADIANT_DEV)):
        fold = None if protocol == "1" else 2
        splits = protocol_splits(SIW, tree.presentations, f"{protocol}_dev_{owner}", fold)
        assert {p.subject for p in splits["dev"]} == set(dev.split())
        assert {p.subject for p in splits["train"]} == set(TRAIN.split()) - set(dev.split())
        assert {p.subject for p in splits["test"]} == set(TEST.split())
        assert not SIW.protocols[f"{protocol}_dev_{owner}"].official
    assert SIW.protocols[protocol].official


def test_bob_leaves_out_eight_videos(tree: DatasetIndex) -> None:
    official, bob = (
        {p.video_id for p in protocol_splits(SIW, tree.presentations, protocol)["test"]}
        for protocol in ("1", "1_dev_bob")
    )
    assert official - bob == set(BOB_LEAVES_OUT.split())
    assert bob < official


def test_only_protocol_1_trains_on_the_first_60_frames() -> None:
    limits = {name: rules.train_frames for name, rules in SIW.protocols.items()}
    assert {name for name, limit in limits.items() if limit == 60} == {"1", "1_dev_bob", "1_dev_gradiant"}
    assert {limit for name, limit in limits.items() if not name.startswith("1")} == {None}


@pytest.mark.parametrize(
    ("path", "video_id", "attack_type"),
    [
        ("Train/live/003/003-1-1-1-1.mov", "003-1-1-1-1", ""),
        ("Test/live/153/153-2-1-1-2.m.mov", "153-2-1-1-2", ""),
        ("Train/live/003/003_1_1_1_1.mov", "003-1-1-1-1", ""),  # as the owners' page writes it
        ("Train/spoof/003/003-1-2-2-1.mov", "003-1-2-2-1", "print/low_resolution"),
        ("Test/spoof/020/020-2-3-3-2.mov", "020-2-3-3-2", "replay/asus_mb168b"),
    ],
)
def test_names_by_hand(path: str, video_id: str, attack_type: str) -> None:
    presentation = read(path)
    assert (presentation.video_id, presentation.attack_type) == (video_id, attack_type)
    assert presentation.label == (attack_type == "")
    assert presentation.subject == video_id[:3]
    assert presentation.split == path.partition("/")[0].lower()


def test_exactly_sixteen_files_have_a_double_suffix(tree: DatasetIndex) -> None:
    double = [p for p in tree.presentations if p.path.endswith(".m.mov")]
    assert len(double) == 16
    assert {p.subject for p in double} == {"153", "154", "158", "161"}
    assert {(p.split, p.label, p.attributes["sensor"]) for p in double} == {("test", 1, "2")}


def test_a_copy_without_the_double_suffix_is_complete(tmp_path: Path) -> None:
    video = tmp_path / "Test/live/153/153-2-1-1-1.mov"
    video.parent.mkdir(parents=True)
    video.touch()
    with pytest.warns(FasWarning):
        index = index_dataset(SIW, tmp_path)
    assert "Test/live/153/153-2-1-1-1.m.mov" not in index.missing
    assert "Test/live/153/153-2-1-1-2.m.mov" in index.missing
    assert index.unexpected == []


def test_a_folder_that_contradicts_the_name_is_an_error() -> None:
    with pytest.raises(FasError, match="exactly one label"):
        NameReader(SIW).read("Train/live/003/003-1-3-1-1.mov")
    assert NameReader(SIW).read("Train/live/004/003-1-1-1-1.mov") is None


def test_face_boxes(tmp_path: Path) -> None:
    presentation = read("Train/live/003/003-1-1-1-1.mov")
    file = tmp_path / "Train/live/003/003-1-1-1-1.face"
    file.parent.mkdir(parents=True)
    file.write_text("800 200 1100 600\n0 0 0 0\n801 201 1101 601\n")
    found = read_annotations(SIW, tmp_path, presentation, (1920, 1080))
    assert sorted(found) == [0, 2]  # four zeros say that there is no face
    np.testing.assert_array_equal(found[0].box, [800, 200, 1100, 600])
    assert found[0].eyes is None
    file.write_text("800 200 1100\n")
    with pytest.raises(AnnotationError, match="line 1, '800 200 1100'"):
        read_annotations(SIW, tmp_path, presentation, (1920, 1080))
