"""The recipe of WMCA against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError

WMCA = load_recipe("wmca")
# Idiap's class -> attack type here, number of videos, and its (type, instruments).
CLASSES: dict[str, tuple[str, int, dict[int, set[int]]]] = {
    "fakehead": ("mask/fakehead", 122, {2: {1, 2, 3, 4, 5, 6, 7}}),
    "flexiblemask": ("mask/flexible", 379, {2: {18, *range(75, 100)}}),
    "glasses": ("partial/glasses", 75, {1: {1, 4, 5, 6, 7, 15, 16}}),
    "papermask": ("paper_mask", 71, {2: {8, 9, 10, 11}}),
    "prints": ("print", 200, {3: {1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14}}),
    "replay": ("replay", 348, {3: {5, 10, 15}, 4: set(range(100))}),
    "rigidmask": ("mask/rigid", 137, {1: {2, 13, 14}, 2: {12, 13, 14, 15, 16, 17}}),
}
NAME = "01.02.18/002_01_000_0_00"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "wmca"
    make_fake_tree(WMCA, root, empty_media)
    return index_dataset(WMCA, root, strict=True)


def few(root: Path, path: str, **lists: str) -> Path:
    """A tree of one recording, with the rows of each list."""
    (root / path).parent.mkdir(parents=True)
    (root / path).touch()
    (root / "documentation").mkdir()
    for name in ("grandtest", *(f"LOO_{one}" for one in CLASSES)):
        text = f"file,label,attack type,set\n{lists.get(name, '')}"
        (root / f"documentation/PROTOCOL-{name}.csv").write_text(text)
    return root


def test_published_counts(tree: DatasetIndex) -> None:
    found = count(tree.presentations)
    assert (found["presentations"], found["subjects"]) == (1679, 72)
    assert (found["all bona fide"], found["all attack"]) == (347, 1332)
    assert {name: found[name] for name, _, _ in CLASSES.values()} == {name: n for name, n, _ in CLASSES.values()}
    assert sum(number for _, number, _ in CLASSES.values()) == 1332


def test_grandtest(tree: DatasetIndex) -> None:
    splits = protocol_splits(WMCA, tree.presentations, "grandtest")
    labels = [Counter(one.label for one in taken) for taken in splits.values()]
    assert [(found[1], found[0]) for found in labels] == [(124, 441), (108, 449), (115, 442)]
    assert [len(taken) for taken in splits.values()] == [565, 557, 557]
    instruments = [
        {(one.attributes["type"], one.attributes["pai"]) for one in taken if not one.label} for taken in splits.values()
    ]
    clients = [{one.subject for one in taken if one.label} for taken in splits.values()]
    for sets in (instruments, clients):
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]
    assert len(set().union(*clients)) == 72


@pytest.mark.parametrize("left_out", CLASSES)
def test_leave_one_out(tree: DatasetIndex, left_out: str) -> None:
    splits = protocol_splits(WMCA, tree.presentations, f"LOO_{left_out}")
    species = CLASSES[left_out][0]
    others = {name for name, _, _ in CLASSES.values()} - {species}
    assert {one.attack_type for one in splits["train"]} == {"", *others}
    assert {one.attack_type for one in splits["dev"]} == {"", *others}
    assert {one.attack_type for one in splits["test"]} == {"", species}


def test_the_protocols_are_grandtest_and_one_for_each_class() -> None:
    assert set(WMCA.protocols) == {"grandtest", *(f"LOO_{name}" for name in CLASSES)}


def test_every_type_and_instrument_is_of_its_class() -> None:
    expected = {
        (type_, pai): species
        for species, _, ids in CLASSES.values()
        for type_, numbers in ids.items()
        for pai in numbers
    }
    expected |= {(0, pai): "" for pai in (0, 1, 2)}  # own glasses are bona fide
    reader = NameReader(WMCA)
    for (type_, pai), species in expected.items():
        path = f"face-station/01.02.18/514_01_035_{type_}_{pai:02d}.hdf5"
        one = reader.read(path, {"grandtest": "dev"})
        assert one is not None
        assert (one.attack_type, one.label, one.split) == (species, int(type_ == 0), "dev")
    for type_, pai in ((1, 3), (2, 19), (2, 74), (3, 16)):
        with pytest.raises(FasError, match="exactly one label"):
            reader.read(f"face-station/01.02.18/514_01_035_{type_}_{pai:02d}.hdf5", {"grandtest": "dev"})


@pytest.mark.parametrize("folder", ["", "face-station/", "preprocessed-face-station_RGB/"])
@pytest.mark.parametrize("written", [NAME, f"face-station/{NAME}", f"face-station/{NAME}.hdf5"])
def test_one_recording_by_hand(tmp_path: Path, folder: str, written: str) -> None:
    row = f"{written},bonafide,,eval\r\n"
    root = few(tmp_path, f"{folder}{NAME}.hdf5", grandtest=row, LOO_glasses=row.replace("eval", "dev"))
    (one,) = index_dataset(WMCA, root, strict=True).presentations
    assert (one.video_id, one.subject, one.split, one.label) == (NAME, "002", "test", 1)
    known = {"grandtest": "eval", "loo_glasses": "dev"}
    known |= {"date": "01.02.18", "client": "002", "session": "01", "presenter": "000", "type": "0", "pai": "00"}
    assert one.attributes == known
    assert [one.path for one in protocol_splits(WMCA, [one], "LOO_glasses")["dev"]] == [f"{folder}{NAME}.hdf5"]


def test_lists_that_contradict_each_other_or_are_missing_are_named(tmp_path: Path) -> None:
    root = few(tmp_path, f"face-station/{NAME}.hdf5", grandtest=f"{NAME},bonafide,,eval\n{NAME},bonafide,,dev\n")
    with pytest.raises(FasError, match=r"line 3: .* has grandtest dev, but was eval in an earlier line or table"):
        index_dataset(WMCA, root)
    (root / "documentation/PROTOCOL-grandtest.csv").write_text(f"file,label,attack type,set\n{NAME},bonafide,,test\n")
    with pytest.raises(FasError, match=r"line 2, .* is not of the form"):
        index_dataset(WMCA, root)
    (root / "documentation/PROTOCOL-LOO_glasses.csv").unlink()
    (root / "documentation/PROTOCOL-grandtest.csv").write_text(f"file,label,attack type,set\n{NAME},bonafide,,dev\n")
    with pytest.raises(FasError, match="is missing") as caught:
        index_dataset(WMCA, root)
    assert caught.value.path == root / "documentation/PROTOCOL-LOO_glasses.csv"


def test_cut_frames_of_other_channels_are_not_presentations(tmp_path: Path) -> None:
    root = few(tmp_path, f"preprocessed-face-station_RGB/{NAME}.hdf5", grandtest=f"{NAME},bonafide,,eval\n")
    other = root / f"preprocessed-face-station_CDIT/{NAME}.hdf5"
    other.parent.mkdir(parents=True)
    other.touch()
    assert len(index_dataset(WMCA, root, strict=True).presentations) == 1
