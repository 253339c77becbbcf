"""The recipe of MSU-MFSD against the published numbers, written here by hand."""

from __future__ import annotations

import hashlib
from collections import Counter
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
from fas.datasets.protocol_files import check_protocol_files
from fas.errors import FasError
from fas.preprocessing.decode import FrameSelection, read_frames
from tests.fakes.video import write_video

MSU = load_recipe("msu_mfsd")

TRAIN = "02 03 05 06 07 08 09 11 12 21 22 34 53 54 55"
TEST = "01 13 14 23 24 26 28 29 30 32 33 35 36 37 39 42 48 49 50 51"
# SHA-256 of the two lists as they are distributed.
LISTS = {
    "train_sub_list.txt": "08d55993685dd1bf0a7161a10ce18cf991559358c2c062466fba1f52363436f2",
    "test_sub_list.txt": "87ee61282553af3ed61a4fba9afea5eb7cb7883368bb6fadfe608528d01885bd",
}
BOB_TEST = {6, 7, 12, 13, 14, 26, 28, 29, 30, 32, 33, 39, 49, 50, 53}
# Subjects that Bob's folds train on, and their development sets.
BOB = [
    ({5, 8, 11, 21, 23, 24, 36, 37, 54, 55}, {1, 2, 3, 9, 22, 34, 35, 42, 48, 51}),
    ({2, 3, 8, 9, 21, 23, 34, 35, 37, 51}, {1, 5, 11, 22, 24, 36, 42, 48, 54, 55}),
    ({3, 8, 9, 11, 23, 24, 34, 37, 42, 48}, {1, 2, 5, 21, 22, 35, 36, 51, 54, 55}),
    ({1, 2, 3, 8, 9, 21, 22, 34, 36, 55}, {5, 11, 23, 24, 35, 37, 42, 48, 51, 54}),
    ({1, 2, 8, 11, 21, 22, 24, 36, 54, 55}, {3, 5, 9, 23, 34, 35, 37, 42, 48, 51}),
]
UPSIDE_DOWN = {f"scene01/real/real_client{n:03d}_android_SD_scene01" for n in (3, 5, 6, 7, 8, 9)}


def read(path: str) -> Presentation:
    presentation = NameReader(MSU).read(path)
    assert presentation is not None
    return presentation


def classes(presentations: list[Presentation]) -> tuple[int, int]:
    bona_fide = sum(p.label for p in presentations)
    return bona_fide, len(presentations) - bona_fide


def subjects(presentations: list[Presentation]) -> set[int]:
    return {int(p.subject) for p in presentations}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "msu"
    make_fake_tree(MSU, root, empty_media)
    return index_dataset(MSU, root, strict=True)


def test_counts(tree: DatasetIndex) -> None:
    found = count(tree.presentations)
    assert (found["subjects"], found["presentations"]) == (35, 280)
    assert (found["train bona fide"], found["train attack"]) == (30, 90)
    assert (found["test bona fide"], found["test attack"]) == (40, 120)
    species = ("print/printed_photo", "replay/ipad_video", "replay/iphone_video")
    assert [found[one] for one in species] == [70, 70, 70]
    assert (found["print"], found["replay"]) == (70, 140)
    assert set(Counter(p.subject for p in tree.presentations).values()) == {8}


def test_suffixes_follow_the_camera(tree: DatasetIndex) -> None:
    found = Counter((p.attributes["camera"], Path(p.path).suffix) for p in tree.presentations)
    assert found == {("android", ".mp4"): 140, ("laptop", ".mov"): 140}


def test_official_protocol(tree: DatasetIndex) -> None:
    splits = protocol_splits(MSU, tree.presentations, "official")
    assert [classes(taken) for taken in splits.values()] == [(30, 90), (0, 0), (40, 120)]
    assert sorted({p.subject for p in splits["train"]}) == TRAIN.split()
    assert sorted({p.subject for p in splits["test"]}) == TEST.split()


@pytest.mark.parametrize("fold", [1, 2, 3, 4, 5])
def test_modified_protocol_of_bob(tree: DatasetIndex, fold: int) -> None:
    train, dev = BOB[fold - 1]
    splits = protocol_splits(MSU, tree.presentations, "modified_bob", fold)
    assert [subjects(taken) for taken in splits.values()] == [train, dev, BOB_TEST]
    assert [classes(taken) for taken in splits.values()] == [(20, 60), (20, 60), (30, 90)]
    assert not MSU.protocols["modified_bob"].official


@pytest.mark.parametrize("name", LISTS)
def test_made_lists_have_the_bytes_of_the_distributed_ones(tree: DatasetIndex, name: str) -> None:
    content = (tree.root / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == LISTS[name]
    assert b"\r\n" in content
    assert not content.endswith(b"\n")


def test_lists_agree_with_the_rules(tree: DatasetIndex) -> None:
    assert check_protocol_files(MSU, tree.root, tree.expected) == []


def test_a_planted_disagreement_is_named(tree: DatasetIndex, tmp_path: Path) -> None:
    train, test = tmp_path / "train_sub_list.txt", tmp_path / "test_sub_list.txt"
    train.write_bytes("\r\n".join([*TRAIN.split()[1:], "13", "04"]).encode())
    test.write_bytes("\r\n".join(TEST.split()).encode())
    assert [str(one) for one in check_protocol_files(MSU, tmp_path, tree.expected)] == [
        "train_sub_list.txt:15: 13 does not belong here by the protocol's rules",
        "train_sub_list.txt:16: 04 is not a subject of the dataset",
        "train_sub_list.txt: 02 belongs here by the protocol's rules, but is not listed",
    ]


@pytest.mark.parametrize(
    ("path", "subject", "attack_type"),
    [
        ("scene01/real/real_client001_android_SD_scene01.mp4", "01", ""),
        ("scene01/real/real_client055_laptop_SD_scene01.mov", "55", ""),
        ("scene01/attack/attack_client002_laptop_SD_ipad_video_scene01.mov", "02", "replay/ipad_video"),
        ("scene01/attack/attack_client002_android_SD_iphone_video_scene01.mp4", "02", "replay/iphone_video"),
        ("scene01/attack/attack_client002_android_SD_printed_photo_scene01.mp4", "02", "print/printed_photo"),
    ],
)
def test_names_by_hand(path: str, subject: str, attack_type: str) -> None:
    presentation = read(path)
    assert (presentation.subject, presentation.attack_type) == (subject, attack_type)
    assert presentation.label == (attack_type == "")
    assert presentation.video_id == path.rpartition(".")[0]


def test_a_folder_that_contradicts_the_name_is_not_a_presentation_or_an_error() -> None:
    reader = NameReader(MSU)
    assert reader.read("scene01/real/attack_client002_laptop_SD_ipad_video_scene01.mov") is None
    with pytest.raises(FasError, match="exactly one label"):
        reader.read("scene01/real/real_client002_laptop_SD_ipad_video_scene01.mov")


def test_face_files(tree: DatasetIndex, tmp_path: Path) -> None:
    assert sum(1 for _ in tree.root.rglob("*.face")) == 280
    presentation = read("scene01/real/real_client001_android_SD_scene01.mp4")
    file = tmp_path / "scene01/real/real_client001_android_SD_scene01.face"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"0,260,100,420,290,300,170,380,171\r\n1,261,100,421,290,301,170,381,171\r\n")
    found = read_annotations(MSU, tmp_path, presentation, (720, 480))
    assert sorted(found) == [0, 1]
    np.testing.assert_array_equal(found[0].box, [260, 100, 420, 290])
    np.testing.assert_array_equal(found[1].eyes, [[301, 170], [381, 171]])
    file.write_text("0,260,100,420,290\n")
    with pytest.raises(AnnotationError, match="is not of the form"):
        read_annotations(MSU, tmp_path, presentation, (720, 480))


def test_six_videos_are_stored_upside_down_and_their_boxes_are_not_used(tree: DatasetIndex, tmp_path: Path) -> None:
    stored = [p for p in tree.presentations if p.attributes.get("stored_upside_down")]
    assert {p.video_id for p in stored} == UPSIDE_DOWN
    file = tmp_path / f"{stored[0].video_id}.face"
    file.parent.mkdir(parents=True)
    file.write_text("0,260,100,420,290,300,170,380,171\n")
    assert read_annotations(MSU, tmp_path, stored[0], (720, 480)) == {}


def test_upside_down_videos_are_turned_once(tmp_path: Path) -> None:
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:16] = 255  # bright at the top
    video = tmp_path / "scene01/real/real_client003_android_SD_scene01.mp4"
    write_video(video, [np.ascontiguousarray(upright[::-1, ::-1])] * 2, rotation=180)
    image = next(read_frames(video, FrameSelection())).image
    assert image[:12].mean() > 200
    assert image[24:].mean() < 30
    assert MSU.faces.rotation == "metadata"  # and not by the face, which would turn what the container does not say
