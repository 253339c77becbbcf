from __future__ import annotations

import gc
import json
import os
from pathlib import Path

import pytest

from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.errors import FasError, FasWarning
from tests.fakes.oulu import make_oulu

OULU = load_recipe("oulu")
SMALL = {"subjects": [1, 21, 36], "phones": [1, 2], "sessions": [1]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of 30 videos that says of itself that these are all."""
    make_oulu(tmp_path / "oulu", **SMALL, simulated=True)
    return tmp_path / "oulu"


def test_a_simulated_tree_has_a_name_of_its_own_and_misses_nothing(root: Path) -> None:
    index = index_dataset(OULU, root, strict=True)
    assert (str(index.name), index.simulated) == ("oulu-simulated", True)
    assert len(index.presentations) == len(index.expected) == 3 * 2 * 1 * 5
    assert index.presentations == index.expected


def test_a_real_tree_misses_what_was_published(tmp_path: Path) -> None:
    make_oulu(tmp_path, **SMALL)
    with pytest.warns(FasWarning, match=r"4920 files are missing: Dev_files/1_1_22_1\.avi, ") as caught:
        index = index_dataset(OULU, tmp_path)
    assert len(caught) == 1
    assert len(index.missing) == 4950 - 30
    assert index.missing[0] == "Dev_files/1_1_22_1.avi"
    with pytest.raises(FasError, match="4920 files are missing"):
        index_dataset(OULU, tmp_path, strict=True)


def test_a_nested_extraction_is_accepted(tmp_path: Path) -> None:
    make_oulu(tmp_path, **SMALL, nested=True, simulated=True)
    index = index_dataset(OULU, tmp_path, strict=True)
    assert len(index.presentations) == 30
    assert index.presentations[0].path == "Dev_files/Dev_files/1_1_21_1.avi"
    assert index.presentations[0].video_id == "1_1_21_1"


def test_missing_videos_and_eye_files_are_named(root: Path) -> None:
    (root / "Train_files/1_1_01_2.avi").unlink()
    (root / "Test_files/2_1_36_5.txt").unlink()
    with pytest.warns(FasWarning, match="missing") as caught:
        index = index_dataset(OULU, root)
    assert index.missing == ["Test_files/2_1_36_5.txt", "Train_files/1_1_01_2.avi"]
    assert index.unexpected == ["Train_files/1_1_01_2.txt"]  # eyes of a video that is not there
    assert len(caught) == 2
    assert len(index.presentations) == 29


@pytest.mark.parametrize(
    "name",
    [
        "Train_files/1_1_1_1.avi",  # subjects have two digits
        "Train_files/7_1_01_1.avi",
        "Train_files/1_4_01_1.avi",
        "Train_files/1_1_56_1.avi",
        "Train_files/1_1_00_1.avi",
        "Train_files/1_1_01_6.avi",
        "Train_files/1_1_01_1.avi.bak",
        "Train_files/x1_1_01_1.avi",
        "Train_files/Dev_files/1_1_21_1.avi",
        "1_1_01_1.avi",
        "Protocols/Protocol_5/Train.txt",
        ".DS_Store",
        "Train_files/1_1_01_1.avi\n",
    ],
)
def test_other_names_are_unexpected(root: Path, name: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).touch()
    with pytest.warns(FasWarning, match="1 file is unexpected"):
        index = index_dataset(OULU, root)
    assert index.unexpected == [name.replace("\n", "\\n")]
    assert len(index.presentations) == 30
    with pytest.raises(FasError, match="unexpected"):
        index_dataset(OULU, root, strict=True)


@pytest.mark.parametrize("name", ["Readme.pdf", "Protocols/evaluate.m", "Train_files.zip"])
def test_further_files_of_the_distribution_are_expected(root: Path, name: str) -> None:
    (root / name).touch()
    assert index_dataset(OULU, root, strict=True).unexpected == []


def test_a_video_beyond_what_a_simulated_tree_declares_is_kept_and_named(root: Path) -> None:
    (root / "Train_files/3_1_01_1.avi").touch()
    (root / "Train_files/3_1_01_1.txt").touch()
    with pytest.warns(FasWarning, match="unexpected"):
        index = index_dataset(OULU, root)
    assert index.unexpected == ["Train_files/3_1_01_1.avi"]
    assert len(index.presentations) == 31


def test_a_video_in_another_splits_folder_is_an_error(root: Path) -> None:
    (root / "Train_files/1_1_01_1.avi").rename(root / "Test_files/1_1_01_1.avi")
    with pytest.raises(FasError, match="1_1_01_1 is in the test split, but was published in train") as caught:
        index_dataset(OULU, root)
    assert caught.value.path == root / "Test_files/1_1_01_1.avi"


def test_the_same_presentation_twice_is_an_error(root: Path) -> None:
    (root / "Train_files/Train_files").mkdir()
    (root / "Train_files/Train_files/1_1_01_1.avi").touch()
    with pytest.raises(FasError, match="1_1_01_1 exists twice"):
        index_dataset(OULU, root)


@pytest.mark.parametrize("name", ["notes.txt", None])
def test_no_presentation_at_all_says_what_was_looked_for(tmp_path: Path, name: str | None) -> None:
    if name is not None:
        (tmp_path / name).touch()
    with pytest.raises(FasError, match=r"looked for files such as Dev_files/1_1_21_1\.avi") as caught:
        index_dataset(OULU, tmp_path)
    assert caught.value.path == tmp_path
    assert (name or "no files at all") in str(caught.value)


def test_names_that_are_not_text_are_unexpected_and_shown_escaped(root: Path) -> None:
    (root / "Train_files" / os.fsdecode(b"1_1_01_\xff.avi")).touch()
    (root / os.fsdecode(b"\xfe")).mkdir()
    (root / os.fsdecode(b"\xfe") / "inside").touch()
    (root / "Train_files" / "\x1b[2J.avi").touch()
    with pytest.warns(FasWarning, match="unexpected") as caught:
        index = index_dataset(OULU, root)
    assert index.unexpected == ["Train_files/1_1_01_\\udcff.avi", "Train_files/\\x1b[2J.avi", "\\udcfe"]
    assert str(caught[0].message).isascii()
    assert len(index.presentations) == 30


def test_a_damaged_mark_of_simulation_is_an_error(root: Path) -> None:
    for text in (
        "{",
        "[]",
        '{"simulated": false}',
        '{"simulated": true, "phones": 6}',
        '{"simulated": true, "subjects": [1]}',  # the names write 01
        "\udcff",
    ):
        (root / "SIMULATED.json").write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(FasError) as caught:
            index_dataset(OULU, root)
        assert caught.value.path == root / "SIMULATED.json"


def test_further_files_of_a_simulated_tree_are_expected(root: Path) -> None:
    (root / "Truth").mkdir()
    (root / "Truth/1_1_01_2.npz").touch()
    with pytest.warns(FasWarning, match="unexpected"):
        index_dataset(OULU, root)
    mark = json.loads((root / "SIMULATED.json").read_text())
    (root / "SIMULATED.json").write_text(json.dumps(mark | {"other_files": ["Truth/*.npz"]}))
    assert index_dataset(OULU, root, strict=True).unexpected == []


def test_the_search_for_cycles_resumes_after_an_index_and_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="no presentation"):
        index_dataset(load_recipe("uvad"), tmp_path)
    assert gc.isenabled()
