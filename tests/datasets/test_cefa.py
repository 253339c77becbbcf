"""The recipe of CASIA-SURF CeFA against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.counts import count
from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError, FasWarning

CEFA = load_recipe("cefa")
CLOTH, PAPER, SCREEN, MASK_3D, SILICONE = "print/cloth", "print/paper", "replay/screen", "mask/3d", "mask/silicone"
MASKS = {MASK_3D, SILICONE}
ETHNICITIES = ("AF", "CA", "EA")

# Protocol, fold -> (bona fide, attack) of train, dev, test.
COUNTS = {
    **{("1", fold): [(200, 600), (100, 300), (400, 2323)] for fold in (1, 2, 3)},
    ("2", 1): [(600, 1200), (300, 600), (600, 1723)],
    ("2", 2): [(600, 600), (300, 300), (600, 2323)],
    **{("4", fold): [(200, 200), (100, 100), (400, 1923)] for fold in (1, 2, 3)},
}
# Attack types that are trained on and tested on.
SEEN = {("2", 1): {CLOTH, PAPER}, ("2", 2): {SCREEN}, **{("4", fold): {SCREEN} for fold in (1, 2, 3)}}
UNSEEN = {("2", 1): {SCREEN, *MASKS}, ("2", 2): {CLOTH, PAPER, *MASKS}}
UNSEEN |= {("4", fold): {CLOTH, PAPER, *MASKS} for fold in (1, 2, 3)}


@pytest.fixture(scope="module")
def published() -> list[Presentation]:
    return published_presentations(CEFA, invented=True)


def test_published_counts(published: list[Presentation]) -> None:
    found = count(published)
    assert (found["subjects"], found["all bona fide"], found["all attack"]) == (1607, 1500, 4500 + 1123)
    assert (found["print"], found["replay"], found["mask"]) == (3000, 1500, 1123)
    subjects = {one.attack_type: set[str]() for one in published}
    for one in published:
        subjects[one.attack_type].add(one.subject)
    assert (len(subjects[MASK_3D]), len(subjects[SILICONE])) == (99, 8)


def test_subjects_of_each_split(published: list[Presentation]) -> None:
    for ethnicity in ETHNICITIES:
        numbers = {
            split: {one.subject for one in published if one.split == split and one.attributes["group"] == ethnicity}
            for split in ("train", "dev", "test")
        }
        assert numbers["train"] == {f"{ethnicity}-{number:03d}" for number in range(1, 201)}
        assert numbers["dev"] == {f"{ethnicity}-{number:03d}" for number in range(201, 301)}
        assert numbers["test"] == {f"{ethnicity}-{number:03d}" for number in (0, *range(301, 500))}


def test_the_protocols_are_those_of_one_modality() -> None:
    assert {name: len(rules.folds) for name, rules in CEFA.protocols.items()} == {"1": 3, "2": 2, "4": 3}


@pytest.mark.parametrize(("protocol", "fold"), COUNTS)
def test_every_protocol_and_fold(published: list[Presentation], protocol: str, fold: int) -> None:
    splits = protocol_splits(CEFA, published, protocol, fold)
    labels = [Counter(one.label for one in taken) for taken in splits.values()]
    assert [(found[1], found[0]) for found in labels] == COUNTS[protocol, fold]
    every = {CLOTH, PAPER, SCREEN}
    for split, taken in splits.items():
        types = (UNSEEN if split == "test" else SEEN).get((protocol, fold), every | MASKS if split == "test" else every)
        assert {one.attack_type for one in taken} - {""} == types
        groups = {one.attributes["group"] for one in taken} - {"3D-Mask", "Silicone-Mask"}
        trained = set(ETHNICITIES) if protocol == "2" else {ETHNICITIES[fold - 1]}
        tested = trained if protocol == "2" else set(ETHNICITIES) - trained
        assert groups == (tested if split == "test" else trained)


@pytest.mark.parametrize(
    ("path", "subject", "split", "attack_type"),
    [
        ("AF/AF-001/1_001_1_1_1/profile", "AF-001", "train", ""),
        ("CeFA-Race/CA/CA-201/2_201_3_2_2/color", "CA-201", "dev", CLOTH),
        ("EA/EA-499/3_499_4_3_3/profile", "EA-499", "test", PAPER),
        ("EA/EA-000/3_000_2_1_4/profile", "EA-000", "test", SCREEN),
        ("EA/EA-012-198006250024/3_012_1_1_1/profile", "EA-012", "train", ""),
        ("Mask/3D-Mask/002/1_002_1_1_2_1_3/color", "3D-Mask-002", "test", MASK_3D),
        ("Silicone-Mask/001/2_001_1_1_2_1_3/profile", "Silicone-Mask-001", "test", SILICONE),
    ],
)
def test_names_by_hand(path: str, subject: str, split: str, attack_type: str) -> None:
    one = NameReader(CEFA).read(path)
    assert one is not None
    assert (one.subject, one.split, one.attack_type, one.label) == (subject, split, attack_type, not attack_type)


@pytest.mark.parametrize(
    "path",
    [
        "AF/AF-001/1_002_1_1_1/profile",  # another subject's
        "AF/CA-001/2_001_1_1_1/profile",
        "AF/AF-001/1_001_1_1_5/profile",
        "AF/AF-500/1_500_1_1_1/profile",
        "AF/AF-001/1_001_1_1_1/depth",
        "3D-Mask/002/1_003_1_1_2_1_3/profile",
    ],
)
def test_other_names_are_not_presentations(path: str) -> None:
    assert NameReader(CEFA).read(path) is None


def test_folders_of_frames_whose_colour_is_named_either_way(tmp_path: Path) -> None:
    for folder in ("AF/AF-001/1_001_1_1_1/profile", "AF/AF-001/1_001_1_1_2/color", "AF/AF-001/1_001_1_1_1/ir"):
        (tmp_path / folder).mkdir(parents=True)
        for frame in ("0001.jpg", "0002.jpg"):
            (tmp_path / folder / frame).touch()
    bona_fide, attack = index_dataset(CEFA, tmp_path, strict=True).presentations
    assert (bona_fide.video_id, bona_fide.label) == ("AF/1_001_1_1_1", 1)
    assert (attack.path, attack.attack_type) == ("AF/AF-001/1_001_1_1_2/color", CLOTH)
    (tmp_path / "AF/AF-001/1_001_1_1_9/profile").mkdir(parents=True)
    (tmp_path / "AF/AF-001/1_001_1_1_9/profile/0001.jpg").touch()
    with pytest.warns(FasWarning, match="1 file is unexpected"):
        index_dataset(CEFA, tmp_path)


def test_one_recording_under_both_names_is_an_error(tmp_path: Path) -> None:
    for colour in ("profile", "color"):
        (tmp_path / f"AF/AF-001/1_001_1_1_1/{colour}").mkdir(parents=True)
        (tmp_path / f"AF/AF-001/1_001_1_1_1/{colour}/0001.jpg").touch()
    with pytest.raises(FasError, match="AF/1_001_1_1_1 exists twice"):
        index_dataset(CEFA, tmp_path)
