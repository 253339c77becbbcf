"""The recipe of UVAD against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.counts import count
from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits
from fas.errors import FasWarning

UVAD = load_recipe("uvad")
CAMERAS = {"sony": 304, "canon": 20, "nikon": 20, "kodac": 20, "olympus": 20, "panasonic": 20}


def test_published_counts() -> None:
    presentations = published_presentations(UVAD, invented=True)
    found = count(presentations)
    assert (found["presentations"], found["all bona fide"], found["all attack"]) == (10288, 404, 9884)
    assert [found[f"replay/monitor{number}"] for number in range(1, 8)] == [1412] * 7
    assert Counter(one.attributes["camera"] for one in presentations if one.label) == CAMERAS
    assert found["subjects"] == 10288  # names do not tell it


def test_experiment_1_tests_on_other_cameras() -> None:
    splits = protocol_splits(UVAD, published_presentations(UVAD, invented=True), "experiment_1")
    labels = {split: Counter(one.label for one in taken) for split, taken in splits.items()}
    assert labels == {"train": {1: 344, 0: 3528}, "dev": {}, "test": {1: 60, 0: 6356}}
    cameras = {split: {one.attributes["camera"] for one in taken} for split, taken in splits.items()}
    assert cameras == {"train": {"sony", "kodac", "olympus"}, "dev": set(), "test": {"canon", "nikon", "panasonic"}}


@pytest.mark.parametrize(
    ("path", "attack_type", "camera"),
    [
        ("release_1/attack/sony/sony/monitor4/MAH01472.MP4", "replay/monitor4", "sony"),
        ("release_1/attack/panasonic/panasonic/monitor7/a b.mov", "replay/monitor7", "panasonic"),
        ("release_1/real/kodac/100_0001.MOV", "", "kodac"),
        ("release_1/real/canon/MVI_0001.MOV", "", "canon"),
    ],
)
def test_names_by_hand(path: str, attack_type: str, camera: str) -> None:
    one = NameReader(UVAD).read(path)
    assert one is not None
    assert (one.attack_type, one.label, one.attributes["camera"]) == (attack_type, not attack_type, camera)
    assert one.video_id == path.rpartition(".")[0]


@pytest.mark.parametrize(
    "path",
    [
        "release_1/attack/sony/sony/monitor8/MAH01472.MP4",
        "release_1/attack/sony/monitor4/MAH01472.MP4",
        "release_1/real/leica/0001.MP4",
        "release_1/real/sony/0001.avi",
        "real/sony/0001.MP4",
    ],
)
def test_other_names_are_unexpected(tmp_path: Path, path: str) -> None:
    for file in ("release_1/real/sony/MAH00001.MP4", path):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.warns(FasWarning, match="1 file is unexpected"):
        assert index_dataset(UVAD, tmp_path).unexpected == [path]
