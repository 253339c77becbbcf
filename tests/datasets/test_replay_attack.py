"""The recipe of Replay-Attack against the published numbers, written here by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.annotations import annotation_path, read_annotations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.datasets.protocol_files import check_protocol_files
from fas.errors import FasError

REPLAY = load_recipe("replay_attack")
REAL = "real/client001_session01_webcam_authenticate_adverse_1"
ATTACK = "attack/hand/attack_highdef_client011_session01_highdef_video_controlled"

CLIENTS = {
    "train": {1, 2, 4, 6, 7, 8, 12, 16, 18, 25, 27, 103, 105, 108, 110},
    "dev": {3, 5, 10, 15, 17, 22, 29, 30, 101, 111, 113, 114, 116, 118, 119},
    "test": {9, 11, 13, 14, 19, 20, 21, 23, 24, 26, 28, 31, 102, 104, 106, 107, 109, 112, 115, 117},
}
# Protocol -> attacks of train, dev, test; the bona fide videos are always 60, 60, 80.
ATTACKS = {
    "grandtest": (300, 300, 400),
    "print": (60, 60, 80),
    "mobile": (120, 120, 160),
    "highdef": (120, 120, 160),
    "photo": (180, 180, 240),
    "video": (120, 120, 160),
    "digitalphoto": (120, 120, 160),
}
# Protocol -> (device, medium) of its attacks.
SHOWN = {
    "grandtest": {
        *(("print", "photo"), ("mobile", "photo"), ("mobile", "video"), ("highdef", "photo"), ("highdef", "video"))
    },
    "print": {("print", "photo")},
    "mobile": {("mobile", "photo"), ("mobile", "video")},
    "highdef": {("highdef", "photo"), ("highdef", "video")},
    "photo": {("print", "photo"), ("mobile", "photo"), ("highdef", "photo")},
    "video": {("mobile", "video"), ("highdef", "video")},
    "digitalphoto": {("mobile", "photo"), ("highdef", "photo")},
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "replay_attack"
    make_fake_tree(REPLAY, root, empty_media)
    return index_dataset(REPLAY, root, strict=True)


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 50, "presentations": 1200, "all bona fide": 200, "all attack": 1000},
        **{"train bona fide": 60, "dev bona fide": 60, "test bona fide": 80},
        **{"train attack": 300, "dev attack": 300, "test attack": 400},
        **{"print": 200, "replay": 800, "replay/mobile": 400, "replay/highdef": 400},
    }


def test_subjects_of_each_split(tree: DatasetIndex) -> None:
    for split, clients in CLIENTS.items():
        assert {int(one.subject) for one in tree.presentations if one.split == split} == clients


def test_every_client_has_4_bona_fide_videos_and_10_attacks_on_either_support(tree: DatasetIndex) -> None:
    each = Counter((one.subject, one.attributes.get("support", "")) for one in tree.presentations)
    assert set(each.values()) == {4, 10}
    assert {number for (_, support), number in each.items() if not support} == {4}
    devices = Counter(one.attributes["device"] for one in tree.presentations if one.subject == "117" and not one.label)
    assert devices == {"print": 4, "mobile": 8, "highdef": 8}


@pytest.mark.parametrize("support", ["", "fixed", "hand"])
@pytest.mark.parametrize("protocol", ATTACKS)
def test_every_protocol_on_every_support(tree: DatasetIndex, protocol: str, support: str) -> None:
    name = f"{protocol}_{support}" if support else protocol
    splits = protocol_splits(REPLAY, tree.presentations, name)
    wanted = zip((60, 60, 80), ATTACKS[protocol], strict=True)
    found = [Counter(one.label for one in splits[split]) for split in ("train", "dev", "test")]
    assert [(c[1], c[0]) for c in found] == [(real, n // 2 if support else n) for real, n in wanted]
    for split, members in splits.items():
        attacks = [one.attributes for one in members if not one.label]
        assert {one.split for one in members} == {split}
        assert {(one["device"], one["medium"]) for one in attacks} == SHOWN[protocol]
        assert {one["support"] for one in attacks} == ({support} if support else {"fixed", "hand"})


def test_no_other_protocols() -> None:
    assert set(REPLAY.protocols) == {name + end for name in ATTACKS for end in ("", "_fixed", "_hand")}


def read(path: str) -> Presentation | None:
    return NameReader(REPLAY).read(path)


@pytest.mark.parametrize("folder", ["train", "replayattack-train", "replayattack-train/train"])
def test_a_bona_fide_name_in_every_form_of_the_archives(folder: str) -> None:
    one = read(f"{folder}/{REAL}.mov")
    assert one is not None
    assert (one.video_id, one.subject, one.split, one.label, one.attack_type) == (REAL, "001", "train", 1, "")
    assert one.attributes == {"set": "train", "name": REAL, "light": "adverse", "take": "1"}


def test_an_attack_by_hand() -> None:
    one = read(f"test/{ATTACK}.mov")
    assert one is not None
    assert (one.video_id, one.subject, one.split) == (ATTACK, "011", "test")
    assert (one.label, one.attack_type) == (0, "replay/highdef")
    assert one.attributes == {
        **{"set": "test", "name": ATTACK, "support": "hand", "device": "highdef"},
        **{"source": "highdef", "medium": "video", "light": "controlled"},
    }


@pytest.mark.parametrize(
    "path",
    [
        "enroll/train/client001_session01_webcam_enroll_adverse.mov",
        f"replayattack-train/test/{REAL}.mov",
        f"train/{REAL}.avi",
        f"dev/{REAL}.mov",
        "train/attack/attack_print_client001_session01_highdef_photo_adverse.mov",
    ],
)
def test_what_is_not_a_presentation(path: str) -> None:
    assert read(path) is None


def test_the_archives_side_by_side_are_the_same_dataset(tmp_path: Path, tree: DatasetIndex) -> None:
    for archive, wanted in (("train", "train"), ("devel", "dev"), ("test", "test")):
        for one in tree.presentations:
            if one.split == wanted:
                path = tmp_path / f"replayattack-{archive}" / one.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    for folder in ("face-locations", "protocols"):
        shutil.copytree(tree.root / folder, tmp_path / folder)
    index = index_dataset(REPLAY, tmp_path, strict=True)
    assert [one.video_id for one in index.presentations] == [one.video_id for one in tree.presentations]
    assert index.presentations[0].path.startswith("replayattack-devel/devel/attack/fixed/")


def test_a_video_in_another_splits_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test/real").mkdir(parents=True)
    (tmp_path / f"test/{REAL}.mov").touch()
    with pytest.raises(FasError, match=f"{REAL} is in the test split, but was published in train"):
        index_dataset(REPLAY, tmp_path)


def test_100_enrolment_videos_are_there_and_are_not_presentations(tree: DatasetIndex) -> None:
    enrolled = Counter(path.parent.name for path in (tree.root / "enroll").rglob("*.mov"))
    assert enrolled == {"train": 30, "devel": 30, "test": 40}
    assert len(list((tree.root / "face-locations").rglob("*.face"))) == 1300


@pytest.mark.parametrize("end", ["", ".mov"])
def test_lists_with_and_without_suffixes(tree: DatasetIndex, tmp_path: Path, end: str) -> None:
    shutil.copytree(tree.root / "protocols", tmp_path / "protocols")
    file = tmp_path / "protocols/attack-print-allsupports-devel.txt"
    lines = [line.removesuffix(".mov") + end for line in file.read_text().splitlines()]
    assert lines[0] == f"devel/attack/fixed/attack_print_client003_session01_highdef_photo_adverse{end}"
    assert len(lines) == 60
    file.write_text("\n".join(lines))
    assert check_protocol_files(REPLAY, tmp_path, tree.expected) == []


def test_planted_disagreements_are_named(tree: DatasetIndex, tmp_path: Path) -> None:
    shutil.copytree(tree.root / "protocols", tmp_path / "protocols")
    real = tmp_path / "protocols/real-train.txt"
    real.write_text(real.read_text() + f"train/{ATTACK}.mov\n")
    attack = tmp_path / "protocols/attack-digitalphoto-allsupports-test.txt"
    lines = attack.read_text().splitlines()
    attack.write_text("\n".join([*lines[1:], f"test/{ATTACK}.mov"]))
    found = check_protocol_files(REPLAY, tmp_path, tree.expected, "digitalphoto")
    assert [str(one) for one in found] == [
        f"protocols/real-train.txt:61: train/{ATTACK} is not a video of the dataset",
        f"protocols/attack-digitalphoto-allsupports-test.txt:160: test/{ATTACK} does not belong here by the protocol's "
        "rules",
        f"protocols/attack-digitalphoto-allsupports-test.txt: {lines[0].removesuffix('.mov')} belongs here by the "
        "protocol's rules, but is not listed",
    ]


def test_boxes_of_a_face_file(tmp_path: Path) -> None:
    one = read(f"replayattack-train/train/{REAL}.mov")
    assert one is not None
    path = f"face-locations/train/{REAL}.face"
    assert annotation_path(REPLAY, one) == path
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("0 113 62 96 96\n1 0 0 0 0\n3 114 63 95 97\n")  # frame 2 is left out
    found = read_annotations(REPLAY, tmp_path, one, (320, 240))
    assert {frame: box.box.tolist() for frame, box in found.items() if box.box is not None} == {
        0: [113, 62, 209, 158],
        3: [114, 63, 209, 160],
    }
