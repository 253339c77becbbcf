"""The recipe of Replay-Mobile against the published numbers, written here by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.annotations import AnnotationError, annotation_path, read_annotations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.datasets.protocol_files import check_protocol_files

MOBILE = load_recipe("replay_mobile")
REAL = "real/client008_session02_authenticate_tablet_adverse"
PRINT = "attack/attack_client009_session01_print_hand_mobile_photo_lightoff"
SCREEN = "attack/attack_client040_session01_mattescreen_fixed_tablet_video_lighton"

CLIENTS = {
    "train": {1, 3, 8, 11, 12, 16, 18, 20, 26, 34, 37, 38},
    "dev": {5, 6, 13, 14, 15, 23, 24, 25, 28, 29, 31, 32, 35, 36, 39, 40},
    "test": {2, 4, 7, 9, 10, 17, 19, 21, 22, 27, 30, 33},
}
# Protocol -> attacks of train, dev, test, and their species; the bona fide videos are always 120, 160, 110.
PROTOCOLS = {
    "grandtest": ((192, 256, 192), {"print", "replay/mattescreen"}),
    "print": ((96, 128, 96), {"print"}),
    "mattescreen": ((96, 128, 96), {"replay/mattescreen"}),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "replay_mobile"
    make_fake_tree(MOBILE, root, empty_media)
    return index_dataset(MOBILE, root, strict=True)


def read(path: str) -> Presentation:
    one = NameReader(MOBILE).read(path)
    assert one is not None
    return one


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 40, "presentations": 1030, "all bona fide": 390, "all attack": 640},
        **{"train bona fide": 120, "dev bona fide": 160, "test bona fide": 110},
        **{"train attack": 192, "dev attack": 256, "test attack": 192},
        **{"print": 320, "replay": 320, "replay/mattescreen": 320},
    }


def test_subjects_of_each_split(tree: DatasetIndex) -> None:
    for split, clients in CLIENTS.items():
        assert {int(one.subject) for one in tree.presentations if one.split == split} == clients


def test_client_009_has_16_attacks_and_no_bona_fide_video(tree: DatasetIndex) -> None:
    real = Counter(one.subject for one in tree.presentations if one.label)
    assert real == {f"{number:03d}": 10 for number in range(1, 41) if number != 9}
    attacks = Counter(one.subject for one in tree.presentations if not one.label)
    assert attacks == {f"{number:03d}": 16 for number in range(1, 41)}


def test_the_combinations_of_instrument_support_and_medium(tree: DatasetIndex) -> None:
    facts = [one.attributes for one in tree.presentations if not one.label]
    assert Counter((one["device"], one["support"], one["medium"]) for one in facts) == {
        ("print", "fixed", "photo"): 160,
        ("print", "hand", "photo"): 160,
        ("mattescreen", "fixed", "photo"): 160,
        ("mattescreen", "fixed", "video"): 160,
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol(tree: DatasetIndex, protocol: str) -> None:
    attacks, species = PROTOCOLS[protocol]
    splits = protocol_splits(MOBILE, tree.presentations, protocol)
    found = [Counter(one.label for one in splits[split]) for split in ("train", "dev", "test")]
    assert [c[1] for c in found] == [120, 160, 110]
    assert tuple(c[0] for c in found) == attacks
    for split, members in splits.items():
        assert {one.split for one in members} == {split}
        assert {one.attack_type for one in members if not one.label} == species
    assert len(MOBILE.protocols) == 3


def test_a_bona_fide_name_by_hand() -> None:
    one = read(f"train/{REAL}.mov")
    assert (one.video_id, one.subject, one.split, one.label, one.attack_type) == (REAL, "008", "train", 1, "")
    assert one.attributes == {"set": "train", "name": REAL, "camera": "tablet", "light": "adverse"}


def test_attacks_by_hand() -> None:
    one = read(f"test/{PRINT}.mov")
    assert (one.video_id, one.subject, one.split, one.label, one.attack_type) == (PRINT, "009", "test", 0, "print")
    assert one.attributes == {
        **{"set": "test", "name": PRINT, "device": "print", "support": "hand"},
        **{"camera": "mobile", "medium": "photo", "light": "lightoff"},
    }
    other = read(f"devel/{SCREEN}.mov")
    assert (other.subject, other.split, other.attack_type) == ("040", "dev", "replay/mattescreen")
    assert (other.attributes["camera"], other.attributes["medium"]) == ("tablet", "video")


def test_160_enrolment_videos_are_there_and_are_not_presentations(tree: DatasetIndex) -> None:
    enrolled = Counter(path.parent.name for path in (tree.root / "enroll").rglob("*.mov"))
    assert enrolled == {"train": 48, "devel": 64, "test": 48}
    assert NameReader(MOBILE).read("enroll/train/client001_session01_enroll_mobile_lighton.mov") is None


def test_videos_are_turned_by_the_face() -> None:
    assert MOBILE.faces.rotation == "face"


def test_planted_disagreements_are_named(tree: DatasetIndex, tmp_path: Path) -> None:
    shutil.copytree(tree.root / "protocols", tmp_path / "protocols")
    file = tmp_path / "protocols/alldevices/attack-mattescreen-fixed-alldevices-alltype-devel.txt"
    lines = file.read_text().splitlines()
    assert len(lines) == 128
    file.write_text("\n".join([*lines, f"test/{PRINT}"]))
    assert [str(one) for one in check_protocol_files(MOBILE, tmp_path, tree.expected)] == [
        f"protocols/alldevices/{file.name}:129: test/{PRINT} does not belong here by the protocol's rules"
    ]
    (tmp_path / "protocols/alldevices/real-alldevices-test.txt").write_text("")
    found = check_protocol_files(MOBILE, tmp_path, tree.expected, "print")
    assert len(found) == 110
    assert not any("client009" in str(one) for one in found)


def boxes(root: Path, text: str) -> dict[int, list[float]]:
    path = root / f"faceloc/rect/train/{REAL}.face"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    found = read_annotations(MOBILE, root, read(f"train/{REAL}.mov"), (720, 1280))
    return {frame: one.box.tolist() for frame, one in found.items() if one.box is not None}


def test_face_files_with_four_and_with_five_columns(tmp_path: Path) -> None:
    assert annotation_path(MOBILE, read(f"train/{REAL}.mov")) == f"faceloc/rect/train/{REAL}.face"
    assert boxes(tmp_path, "200 400 300 310\n0 0 0 0\n201 401 300 310\n") == {
        0: [200, 400, 500, 710],
        2: [201, 401, 501, 711],
    }
    assert boxes(tmp_path, "0 200 400 300 310\n7 201 401 300 310\n") == {
        0: [200, 400, 500, 710],
        7: [201, 401, 501, 711],
    }


def test_five_columns_of_which_the_first_is_not_the_frame_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="line 2: 200 is not a frame after 200"):
        boxes(tmp_path, "200 400 300 310 1\n200 401 300 310 1\n")
