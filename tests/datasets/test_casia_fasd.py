"""The recipe of CASIA-FASD against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fas.datasets.annotations import annotation_path, read_annotations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits

CASIA = load_recipe("casia_fasd")

WARPED, CUT, VIDEO = "print/warped", "print/cut", "replay/video"
CODES = {
    "": {"1", "2", "HR_1"},
    WARPED: {"3", "4", "HR_2"},
    CUT: {"5", "6", "HR_3"},
    VIDEO: {"7", "8", "HR_4"},
}
LOW, NORMAL, HIGH = {"1", "3", "5", "7"}, {"2", "4", "6", "8"}, {"HR_1", "HR_2", "HR_3", "HR_4"}

# Protocol -> codes, (bona fide, attack) of train and of test.
SCENARIOS = {
    "overall": (LOW | NORMAL | HIGH, (60, 180), (90, 270)),
    "low": (LOW, (20, 60), (30, 90)),
    "normal": (NORMAL, (20, 60), (30, 90)),
    "high": (HIGH, (20, 60), (30, 90)),
    "warped": (CODES[""] | CODES[WARPED], (60, 60), (90, 90)),
    "cut": (CODES[""] | CODES[CUT], (60, 60), (90, 90)),
    "video": (CODES[""] | CODES[VIDEO], (60, 60), (90, 90)),
}
BOB = [{10, 14, 16, 20}, {8, 13, 18, 19}, {1, 6, 11, 17}, {4, 5, 7, 15}, {2, 3, 9, 12}]


def read(path: str) -> Presentation:
    presentation = NameReader(CASIA).read(path)
    assert presentation is not None
    return presentation


def classes(presentations: list[Presentation]) -> tuple[int, int]:
    bona_fide = sum(p.label for p in presentations)
    return bona_fide, len(presentations) - bona_fide


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "casia"
    make_fake_tree(CASIA, root, empty_media)
    return index_dataset(CASIA, root, strict=True)


def test_counts(tree: DatasetIndex) -> None:
    found = count(tree.presentations)
    assert (found["subjects"], found["presentations"]) == (50, 600)
    assert (found["train bona fide"], found["train attack"]) == (60, 180)
    assert (found["test bona fide"], found["test attack"]) == (90, 270)
    assert [found[species] for species in (WARPED, CUT, VIDEO)] == [150, 150, 150]
    assert set(Counter(p.subject for p in tree.presentations).values()) == {12}


@pytest.mark.parametrize("protocol", SCENARIOS)
def test_seven_scenarios(tree: DatasetIndex, protocol: str) -> None:
    codes, train, test = SCENARIOS[protocol]
    splits = protocol_splits(CASIA, tree.presentations, protocol)
    assert (classes(splits["train"]), splits["dev"], classes(splits["test"])) == (train, [], test)
    for split in ("train", "test"):
        assert {p.attributes["code"] for p in splits[split]} == codes
    assert CASIA.protocols[protocol].official


@pytest.mark.parametrize(("fold", "held_out"), list(enumerate(BOB, start=1)))
def test_development_sets_of_bob(tree: DatasetIndex, fold: int, held_out: set[int]) -> None:
    splits = protocol_splits(CASIA, tree.presentations, "overall_dev_bob", fold)
    assert {p.subject for p in splits["dev"]} == {f"train{n}" for n in held_out}
    assert {p.subject for p in splits["train"]} == {f"train{n}" for n in set(range(1, 21)) - held_out}
    assert {p.subject for p in splits["test"]} == {f"test{n}" for n in range(1, 31)}
    assert [classes(taken) for taken in splits.values()] == [(48, 144), (12, 36), (90, 270)]
    assert not CASIA.protocols["overall_dev_bob"].official


def test_each_subject_of_train_is_held_out_once() -> None:
    assert sorted(n for fold in BOB for n in fold) == list(range(1, 21))


def test_development_set_of_gradiant(tree: DatasetIndex) -> None:
    splits = protocol_splits(CASIA, tree.presentations, "overall_dev_gradiant")
    assert {p.subject for p in splits["dev"]} == {"train17", "train18", "train19", "train20"}
    assert [classes(taken) for taken in splits.values()] == [(48, 144), (12, 36), (90, 270)]
    assert not CASIA.protocols["overall_dev_gradiant"].official


@pytest.mark.parametrize("attack_type", CODES)
def test_labels_come_from_codes(attack_type: str) -> None:
    for code in CODES[attack_type]:
        presentation = read(f"test_release/7/{code}.avi")
        assert (presentation.label, presentation.attack_type) == (int(attack_type == ""), attack_type)


def test_the_high_resolution_traps() -> None:
    assert read("train_release/1/HR_1.avi").label == 1
    assert read("train_release/1/HR_4.avi").label == 0


def test_cameras() -> None:
    for codes, camera in ((LOW, "usb1"), (NORMAL, "usb2"), (HIGH, "nex5")):
        assert {read(f"train_release/1/{code}.avi").attributes["camera"] for code in codes} == {camera}


def test_subjects_of_train_and_test_are_not_the_same() -> None:
    assert read("train_release/1/1.avi").subject != read("test_release/1/1.avi").subject


@pytest.mark.parametrize(
    "path", ["train_release/21/1.avi", "test_release/31/1.avi", "train_release/01/1.avi", "train_release/1/HR_5.avi"]
)
def test_names_that_are_not_the_datasets(path: str) -> None:
    assert NameReader(CASIA).read(path) is None


def test_face_boxes_of_bob_are_optional(tree: DatasetIndex, tmp_path: Path) -> None:
    presentation = read("train_release/1/HR_1.avi")
    assert annotation_path(CASIA, presentation) == "train_release/1/HR_1.face"
    assert not any(tree.root.rglob("*.face"))  # and nothing is missing in the strict tree above
    assert read_annotations(CASIA, tmp_path, presentation, (720, 1280)) == {}
    file = tmp_path / "train_release/1/HR_1.face"
    file.parent.mkdir(parents=True)
    file.write_text("0 200 300 320 400\n2 0 0 0 0\n5 201 301 320 400\n")  # frames may be left out
    found = read_annotations(CASIA, tmp_path, presentation, (720, 1280))
    assert sorted(found) == [0, 5]
    np.testing.assert_array_equal(found[0].box, [200, 300, 520, 700])
