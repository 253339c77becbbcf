from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from fas.datasets.fake import FRAMES, empty_media, make_fake_tree
from fas.datasets.fake_media import FakeMedia
from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.recipe import Recipe
from fas.errors import FasError
from fas.preprocessing.decode import FrameSelection, read_frames
from tests.fakes.oulu import make_oulu

OULU = load_recipe("oulu")


def small(folder: Path, **changes: object) -> Recipe:
    """A dataset of two presentations of each class, as changes say."""
    base = {
        "name": "small",
        "title": "Small",
        "media": "video",
        "grammar": r"(?P<subject>\w)_(?P<kind>real|fake)\.mp4",
        "fields": {"subject": "who", "kind": {"real": "r", "fake": "f"}},
        "bona_fide": {"kind": "real"},
        "attacks": {"print": {"kind": "fake"}},
        "protocols": {"official": {"about": "x", "test": {}}},
        "contents": [{"path": "{subject}_{kind}.mp4", "products": [{"subject": ["a", "b"], "kind": ["real", "fake"]}]}],
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({**base, **changes}))
    return load_recipe(path)


def texts(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".json" and path.name != "Readme.pdf"
    }


def test_the_tree_of_oulu_is_that_of_an_independent_generator(tmp_path: Path) -> None:
    make_fake_tree(OULU, tmp_path / "made", empty_media)
    make_oulu(tmp_path / "other", frames=FRAMES)
    made, other = texts(tmp_path / "made"), texts(tmp_path / "other")
    assert set(made) == set(other)
    eyes = {name for name in made if name.endswith(".txt") and not name.startswith("Protocols")}
    for name in set(made) - eyes:
        assert sorted(made[name].splitlines()) == sorted(other[name].splitlines()), name
    assert made["Train_files/1_1_01_1.txt"] == other["Train_files/1_1_01_1.txt"]
    mark = json.loads((tmp_path / "made/SIMULATED.json").read_text())
    assert mark["simulated"] is True
    assert "The names are the real ones" in mark["about"]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "avi", "jpg", "png", "bmp"])
def test_media_play(tmp_path: Path, suffix: str) -> None:
    contents = [{"path": f"{{subject}}_{{kind}}.{suffix}", "products": [{"subject": "a", "kind": ["real", "fake"]}]}]
    grammar = rf"(?P<subject>\w)_(?P<kind>real|fake)\.{suffix}"
    recipe = small(tmp_path, contents=contents, grammar=grammar)
    made = make_fake_tree(recipe, tmp_path / "tree", FakeMedia(recipe))
    shown = {one.label: list(read_frames(tmp_path / "tree" / one.path, FrameSelection())) for one in made}
    assert {label: len(frames) for label, frames in shown.items()} == dict.fromkeys(
        (0, 1), 1 if suffix in ("jpg", "png", "bmp") else FRAMES
    )
    assert np.abs(shown[0][0].image.astype(int) - shown[1][0].image).mean() > 5  # attacks look otherwise


def test_folders_of_frames(tmp_path: Path) -> None:
    contents = [{"path": "{subject}_{kind}/color", "products": [{"subject": "a", "kind": "real"}]}]
    recipe = small(tmp_path, media="frames", contents=contents, grammar=r"(?P<subject>\w)_(?P<kind>real|fake)/color")
    make_fake_tree(recipe, tmp_path / "tree", FakeMedia(recipe))
    index = index_dataset(recipe, tmp_path / "tree", strict=True)
    assert [one.path for one in index.presentations] == ["a_real/color"]
    frames = list(read_frames(tmp_path / "tree/a_real/color", FrameSelection("even", 2)))
    assert [frame.number for frame in frames] == [1, 3]


@pytest.mark.parametrize("array", ["Color_Data", "*/array"])
def test_hdf5(tmp_path: Path, array: str) -> None:
    contents = [{"path": "{subject}_{kind}.hdf5", "products": [{"subject": "a", "kind": ["real", "fake"]}]}]
    grammar = r"(?P<subject>\w)_(?P<kind>real|fake)\.hdf5"
    recipe = small(tmp_path, media="hdf5", hdf5_array=array, contents=contents, grammar=grammar)
    made = make_fake_tree(recipe, tmp_path / "tree", FakeMedia(recipe))
    for one in made:
        frames = list(read_frames(tmp_path / "tree" / one.path, FrameSelection(), array))
        assert len(frames) == FRAMES
        assert frames[0].image.shape == (160, 160, 3)


def test_what_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="has no `contents` to build a tree from"):
        make_fake_tree(replace(small(tmp_path), contents=()), tmp_path / "tree", empty_media)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a").touch()
    with pytest.raises(FasError, match="not empty"):
        make_fake_tree(small(tmp_path), tmp_path / "full", empty_media)
    recipe = small(tmp_path, grammar=r"(?P<subject>\w)_(?P<kind>real|fake)\.xyz", contents=[
        {"path": "{subject}_{kind}.xyz", "products": [{"subject": "a", "kind": "real"}]}
    ])  # fmt: skip
    with pytest.raises(FasError, match="fake media with the suffix"):
        make_fake_tree(recipe, tmp_path / "odd", FakeMedia(recipe))


def test_invented_names_are_never_missing_nor_unexpected(tmp_path: Path) -> None:
    part = {
        "path": "{subject}_{kind}.mp4",
        "products": [{"of": {"subject": ["a", "b", "c"], "kind": "fake"}, "first": 2}],
    }
    recipe = small(tmp_path, contents=[{**part, "invented": True}])
    made = make_fake_tree(recipe, tmp_path / "tree", empty_media)
    assert [one.path for one in made] == ["a_fake.mp4", "b_fake.mp4"]
    (tmp_path / "tree/a_fake.mp4").unlink()
    (tmp_path / "tree/z_real.mp4").touch()
    index = index_dataset(recipe, tmp_path / "tree", strict=True)
    assert [one.path for one in index.presentations] == ["b_fake.mp4", "z_real.mp4"]
    assert "Some names are invented" in json.loads((tmp_path / "tree/SIMULATED.json").read_text())["about"]
