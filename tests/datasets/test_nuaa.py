"""The recipe of NUAA against the published numbers, written here by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError, FasWarning

NUAA = load_recipe("nuaa")
LISTS = ("client_train_raw.txt", "client_test_raw.txt", "imposter_train_raw.txt", "imposter_test_raw.txt")
NAME = "0001/0001_00_00_01_0.jpg"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "nuaa"
    make_fake_tree(NUAA, root, empty_media)
    return index_dataset(NUAA, root, strict=True)


def few(root: Path, **lists: str) -> Path:
    """A tree of one bona fide picture and one attack under the same name, and the four lists."""
    for folder in ("ClientRaw/0001", "ImposterRaw/0001"):
        (root / folder).mkdir(parents=True)
        (root / folder / "0001_00_00_01_0.jpg").touch()
    for name in LISTS:
        (root / name).write_bytes(lists.get(name.removesuffix("_raw.txt"), "").encode())
    return root


def test_published_counts(tree: DatasetIndex) -> None:
    found = count(tree.presentations)
    assert found == {
        "subjects": 15,
        "presentations": 12614,
        "train bona fide": 1743,
        "train attack": 1748,
        "test bona fide": 3362,
        "test attack": 5761,
        "all bona fide": 5105,
        "all attack": 7509,
        "print": 7509,
        "print/photo": 7509,
    }


def test_the_official_protocol_has_no_dev_set_and_shares_subjects(tree: DatasetIndex) -> None:
    splits = protocol_splits(NUAA, tree.presentations, "official")
    labels = {split: Counter(one.label for one in taken) for split, taken in splits.items()}
    assert labels == {"train": {1: 1743, 0: 1748}, "dev": {}, "test": {1: 3362, 0: 5761}}
    clients = {split: {one.subject for one in taken if one.label} for split, taken in splits.items()}
    assert clients["train"] == {f"{number:04d}" for number in range(1, 10)}
    assert len(clients["test"]) == 9
    assert len({one.subject for one in splits["test"] if not one.label}) == 15


def test_made_lists_have_backslashes_and_crlf(tree: DatasetIndex) -> None:
    text = (tree.root / "client_train_raw.txt").read_bytes()
    assert text.startswith(b"0001\\0001_00_00_01_0.jpg\r\n")
    assert text.count(b"\r\n") == 1743


@pytest.mark.parametrize("written", [NAME.replace("/", "\\"), NAME, f".\\{NAME}", f"C:\\raw\\ClientRaw\\{NAME}"])
def test_the_list_says_the_split_and_its_name_the_class(tmp_path: Path, written: str) -> None:
    attack = NAME.replace("/", "\\")
    few(tmp_path, client_train=f"{written}\r\n", imposter_test=f"\ufeff{attack}")
    bona_fide, attack_ = index_dataset(NUAA, tmp_path, strict=True).presentations
    assert (bona_fide.path, bona_fide.split, bona_fide.label) == (f"ClientRaw/{NAME}", "train", 1)
    assert (attack_.path, attack_.split, attack_.attack_type) == (f"ImposterRaw/{NAME}", "test", "print/photo")
    assert bona_fide.subject == attack_.subject == "0001"
    assert bona_fide.attributes["number"] == "0"


def test_pictures_that_no_list_has_are_unexpected_and_listed_ones_that_are_not_there_missing(tmp_path: Path) -> None:
    few(tmp_path, client_train=f"{NAME}\n0002\\0002_01_00_01_7.jpg\n")
    with pytest.warns(FasWarning):
        index = index_dataset(NUAA, tmp_path)
    assert index.unexpected == [f"ImposterRaw/{NAME}"]
    assert index.missing == ["ClientRaw/0002/0002_01_00_01_7.jpg"]


def test_a_picture_in_both_lists_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    few(tmp_path, client_train=f"{NAME}\n", client_test=f"0003\\0003_00_00_03_1.jpg\n{NAME}\n")
    with pytest.raises(
        FasError, match=r"line 2: .* has subset test, but was train in an earlier line or table"
    ) as caught:
        index_dataset(NUAA, tmp_path)
    assert caught.value.path == tmp_path / "client_test_raw.txt"


@pytest.mark.parametrize("line", ["0001 0001_00_00_01_0.jpg", "0001\\..\\0001_00.jpg", "0001\\face.bmp"])
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    few(tmp_path, client_train=f"{NAME}\n{line}\n")
    with pytest.raises(FasError, match=r"line 2, .* is not of the form"):
        index_dataset(NUAA, tmp_path)


def test_without_a_list_nothing_is_guessed(tmp_path: Path) -> None:
    few(tmp_path)
    (tmp_path / "imposter_test_raw.txt").unlink()
    with pytest.raises(FasError, match="labels or splits depend on is missing"):
        index_dataset(NUAA, tmp_path)


def test_the_cut_faces_of_the_distribution_are_not_presentations(tmp_path: Path) -> None:
    few(tmp_path, client_train=f"{NAME}\n", imposter_train=f"{NAME}\n")
    shutil.copytree(tmp_path / "ClientRaw", tmp_path / "Detectedface/ClientFace")
    (tmp_path / "Detectedface/client_train_face.txt").touch()
    assert len(index_dataset(NUAA, tmp_path, strict=True).presentations) == 2
