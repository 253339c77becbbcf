"""The recipe of OULU-NPU against the published numbers, written here by hand, and against an independent fake tree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.counts import count, count_published
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import protocol_splits
from fas.datasets.protocol_files import check_protocol_files
from tests.fakes.oulu import make_oulu

OULU = load_recipe("oulu")

# Protocol -> (bona fide, attack) of train, dev, test; the same in each fold.
COUNTS = {
    "1": [(240, 960), (180, 720), (120, 480)],
    "2": [(360, 720), (270, 540), (360, 720)],
    "3": [(300, 1200), (225, 900), (60, 240)],
    "4": [(200, 400), (150, 300), (20, 40)],
}
FOLDS = [("1", None), ("2", None), *((p, k) for p in ("3", "4") for k in range(1, 7))]

# What each protocol tests on: phones, sessions, attack types. The fold's phone is filled in by the test.
PRINT_1, PRINT_2, REPLAY_1, REPLAY_2 = "print/printer1", "print/printer2", "replay/display1", "replay/display2"
EVERY_ATTACK = {PRINT_1, PRINT_2, REPLAY_1, REPLAY_2}
SEEN = {"1": ("12", EVERY_ATTACK), "2": ("123", {PRINT_1, REPLAY_1})}
SEEN |= {"3": ("123", EVERY_ATTACK), "4": ("12", {PRINT_1, REPLAY_1})}
UNSEEN = {"1": ("3", EVERY_ATTACK), "2": ("123", {PRINT_2, REPLAY_2})}
UNSEEN |= {"3": ("123", EVERY_ATTACK), "4": ("3", {PRINT_2, REPLAY_2})}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "oulu"
    make_oulu(root)
    return index_dataset(OULU, root, strict=True)


def test_the_full_tree_is_exactly_the_published_dataset(tree: DatasetIndex) -> None:
    assert str(tree.name) == "oulu"
    assert not tree.simulated
    assert tree.presentations == tree.expected == published_presentations(OULU)
    assert tree.missing == tree.unexpected == []


def test_published_counts(tree: DatasetIndex) -> None:
    expected = {"subjects": 55, "presentations": 4950}
    expected |= {"train bona fide": 360, "dev bona fide": 270, "test bona fide": 360}
    expected |= {"train attack": 1440, "dev attack": 1080, "test attack": 1440}
    expected |= dict.fromkeys(EVERY_ATTACK, 990) | {"all bona fide": 990, "all attack": 3960}
    assert count(tree.presentations) == {**expected, "print": 1980, "replay": 1980}
    assert count_published(OULU) == expected


def test_subjects_of_each_split(tree: DatasetIndex) -> None:
    members = {split: {p.subject for p in tree.presentations if p.split == split} for split in ("train", "dev", "test")}
    assert members == {
        "train": {f"{n:02d}" for n in range(1, 21)},
        "dev": {f"{n:02d}" for n in range(21, 36)},
        "test": {f"{n:02d}" for n in range(36, 56)},
    }


@pytest.mark.parametrize(("protocol", "fold"), FOLDS)
def test_counts_of_every_protocol_fold_split_and_class(tree: DatasetIndex, protocol: str, fold: int | None) -> None:
    splits = protocol_splits(OULU, tree.presentations, protocol, fold)
    labels = [Counter(p.label for p in splits[split]) for split in ("train", "dev", "test")]
    assert [(c[1], c[0]) for c in labels] == COUNTS[protocol]
    assert splits == protocol_splits(OULU, published_presentations(OULU), protocol, fold)


@pytest.mark.parametrize(("protocol", "fold"), FOLDS)
def test_members_of_every_protocol_fold_and_split(tree: DatasetIndex, protocol: str, fold: int | None) -> None:
    for split, members in protocol_splits(OULU, tree.presentations, protocol, fold).items():
        sessions, attacks = (UNSEEN if split == "test" else SEEN)[protocol]
        phones = set("123456")
        if fold is not None:
            phones = {str(fold)} if split == "test" else phones - {str(fold)}
        assert {p.split for p in members} == {split}
        assert {p.attributes["session"] for p in members} == set(sessions)
        assert {p.attributes["phone"] for p in members} == phones
        assert {p.attack_type for p in members if p.label == 0} == attacks
        assert all((p.attack_type == "") == (p.label == 1) for p in members)


@pytest.mark.parametrize(("protocol", "fold"), FOLDS)
def test_no_subject_and_no_presentation_is_in_two_splits(tree: DatasetIndex, protocol: str, fold: int | None) -> None:
    splits = list(protocol_splits(OULU, tree.presentations, protocol, fold).values())
    for one in range(3):
        for other in range(one):
            assert not {p.subject for p in splits[one]} & {p.subject for p in splits[other]}
    ids = [p.video_id for split in splits for p in split]
    assert len(ids) == len(set(ids))


def test_the_text_files_of_all_protocols_agree_with_the_rules(tree: DatasetIndex) -> None:
    assert check_protocol_files(OULU, tree.root, tree.expected) == []


@pytest.mark.parametrize(("access", "attack_type"), [(1, ""), (2, PRINT_1), (3, PRINT_2), (4, REPLAY_1), (5, REPLAY_2)])
def test_one_name_by_hand(tmp_path: Path, access: int, attack_type: str) -> None:
    make_oulu(tmp_path, subjects=[7], phones=[6], sessions=[2], simulated=True)
    presentation = index_dataset(OULU, tmp_path).presentations[access - 1]
    assert presentation.video_id == f"6_2_07_{access}"
    assert presentation.path == f"Train_files/6_2_07_{access}.avi"
    assert (presentation.subject, presentation.split) == ("07", "train")
    assert (presentation.label, presentation.attack_type) == (int(access == 1), attack_type)
    assert presentation.attributes == {"folder": "Train", "phone": "6", "session": "2", "access": str(access)}


def test_crop_defaults() -> None:
    faces = OULU.faces
    assert (faces.frames, faces.size, faces.alignment, faces.codec) == ("all", 256, "none", "png")
    assert faces.detector == "mediapipe"
    assert faces.several_faces == "largest, followed"
