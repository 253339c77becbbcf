"""The recipe of 3DMAD against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from fas.datasets.annotations import annotation_path, read_annotations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.fake_media import FakeMedia
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError
from fas.preprocessing.decode import FrameSelection, read_frames

MAD = load_recipe("threedmad")
LAYOUTS = ["session03/Data/04_03_05.hdf5", "Data/04_03_05.hdf5", "03/04_03_05.hdf5", "04_03_05.hdf5"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "threedmad"
    make_fake_tree(MAD, root, empty_media)
    return index_dataset(MAD, root, strict=True)


def read(path: str) -> Presentation:
    one = NameReader(MAD).read(path)
    assert one is not None
    return one


def subjects(first: int, last: int) -> set[str]:
    return {f"{number:02d}" for number in range(first, last + 1)}


def test_published_counts(tree: DatasetIndex) -> None:
    assert count(tree.presentations) == {
        **{"subjects": 17, "presentations": 255, "all bona fide": 170, "all attack": 85},
        **{"mask": 85, "mask/rigid": 85},
    }
    assert {one.subject for one in tree.presentations} == subjects(1, 17)
    assert set(Counter(one.subject for one in tree.presentations).values()) == {15}


def test_the_fixed_partition(tree: DatasetIndex) -> None:
    splits = protocol_splits(MAD, tree.presentations, "classification")
    found = {split: Counter(one.label for one in members) for split, members in splits.items()}
    assert found == {"train": {1: 70, 0: 35}, "dev": {1: 50, 0: 25}, "test": {1: 50, 0: 25}}
    assert {split: {one.subject for one in members} for split, members in splits.items()} == {
        "train": subjects(1, 7),
        "dev": subjects(8, 12),
        "test": subjects(13, 17),
    }


@pytest.mark.parametrize("fold", range(1, 18))
def test_leave_one_out(tree: DatasetIndex, fold: int) -> None:
    splits = protocol_splits(MAD, tree.presentations, "leave_one_out", fold)
    assert Counter(one.label for one in splits["train"]) == {1: 160, 0: 80}
    assert Counter(one.label for one in splits["test"]) == {1: 10, 0: 5}
    assert splits["dev"] == []
    assert {one.subject for one in splits["test"]} == {f"{fold:02d}"}
    assert {one.subject for one in splits["train"]} == subjects(1, 17) - {f"{fold:02d}"}


def test_17_folds() -> None:
    assert len(MAD.protocols["leave_one_out"].folds) == 17
    assert not MAD.protocols["leave_one_out"].official
    assert MAD.protocols["classification"].official


@pytest.mark.parametrize("path", LAYOUTS)
def test_every_layout_gives_the_same_presentation(path: str, tmp_path: Path) -> None:
    one = read(path)
    assert (one.video_id, one.path, one.subject, one.split) == ("04_03_05", path, "04", "")
    assert (one.label, one.attack_type) == (0, "mask/rigid")
    assert one.attributes == {"session": "03", "take": "05"}
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    with pytest.warns(match="254 files are missing: session01/Data/01_01_01"):
        assert index_dataset(MAD, tmp_path).unexpected == []


@pytest.mark.parametrize(("name", "label"), [("01_01_01", 1), ("17_02_05", 1), ("17_03_01", 0)])
def test_the_session_in_the_name_tells_the_label_and_not_the_folder(name: str, label: int) -> None:
    assert read(f"session01/Data/{name}.hdf5").label == label


@pytest.mark.parametrize("name", ["00_01_01", "18_01_01", "01_04_01", "01_01_06", "1_1_1", "01_01_01_01"])
def test_what_is_not_a_presentation(name: str) -> None:
    assert NameReader(MAD).read(f"session01/Data/{name}.hdf5") is None


def test_the_same_recording_in_two_layouts_is_refused(tmp_path: Path) -> None:
    for path in LAYOUTS[:2]:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    with pytest.raises(FasError, match="04_03_05 exists twice"):
        index_dataset(MAD, tmp_path)


def test_colour_frames_and_eyes_of_a_file_in_the_datasets_form(tmp_path: Path) -> None:
    one = read("Data/02_01_03.hdf5")
    path = tmp_path / one.path
    path.parent.mkdir()
    colour = np.zeros((3, 3, 480, 640), np.uint8)
    colour[1, 0, 200, 300] = 255  # red
    with h5py.File(path, "w") as file:
        file["Color_Data"] = colour
        file["Depth_Data"] = np.full((3, 1, 480, 640), 1234, np.uint16)
        file["Eye_Pos"] = np.array([[290, 190, 350, 192], [0, 0, 0, 0], [291, 190, 351, 192]], np.int16)
    frames = list(read_frames(path, FrameSelection.parse("all"), MAD.hdf5_array))
    assert [frame.image.shape for frame in frames] == [(480, 640, 3)] * 3
    assert frames[1].image[200, 300].tolist() == [255, 0, 0]
    eyes = read_annotations(MAD, tmp_path, one, (640, 480))
    assert set(eyes) == {0, 2}
    np.testing.assert_array_equal(eyes[0].eyes, [[290, 190], [350, 192]])
    np.testing.assert_array_equal(eyes[2].eyes, [[291, 190], [351, 192]])
    assert annotation_path(MAD, one) is None  # the file itself has them


def test_made_media_have_frames_and_eyes(tmp_path: Path) -> None:
    one = read("Data/02_01_03.hdf5")
    (tmp_path / "Data").mkdir()
    FakeMedia(MAD)(tmp_path / one.path, one)
    frames = list(read_frames(tmp_path / one.path, FrameSelection.parse("all"), MAD.hdf5_array))
    assert set(read_annotations(MAD, tmp_path, one, (160, 160))) == {frame.number for frame in frames}
