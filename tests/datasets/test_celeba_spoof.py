"""The recipe of CelebA-Spoof against the published numbers, written here by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fas.datasets.annotations import read_annotations
from fas.datasets.contents import published_presentations
from fas.datasets.counts import count, count_published
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.datasets.recipe import Recipe
from fas.errors import FasError, FasWarning

pytestmark = pytest.mark.slow

CELEBA = load_recipe("celeba_spoof")
METAS = "metas/intra_test/train_label.json"
TYPES = {
    1: "print/photo",
    2: "print/poster",
    3: "print/a4",
    4: "paper_mask/face",
    5: "paper_mask/upper_body",
    6: "paper_mask/region",
    7: "replay/pc",
    8: "replay/pad",
    9: "replay/phone",
    10: "mask/3d",
}


def of_subjects(*subjects: str) -> Recipe:
    """The recipe of a dataset of these subjects only: the whole one has 1.25 million files."""
    (part,) = CELEBA.contents
    products = [
        replace(one, of={**one.of, "subject": tuple(set(subjects) & set(one.of["subject"]))}) for one in part.products
    ]
    return replace(CELEBA, contents=(replace(part, products=tuple(products)),))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "celeba_spoof"
    small = of_subjects("1", "8142", "8143")
    make_fake_tree(small, root, empty_media)
    return index_dataset(small, root, strict=True)


def one_picture(root: Path, path: str, row: list[int] | None) -> Path:
    (root / path).parent.mkdir(parents=True)
    (root / path).touch()
    (root / f"{path.rpartition('.')[0]}_BB.txt").write_text("62 30 100 130 0.99")
    if row is not None:
        (root / METAS).parent.mkdir(parents=True)
        (root / METAS).write_text(json.dumps({path: [0] * 40 + row}))
    return root


def test_published_totals() -> None:
    found = count(published_presentations(CELEBA, invented=True))
    assert (found["presentations"], found["subjects"]) == (625537, 10177)
    assert count_published(CELEBA) == {"presentations": 625537, "subjects": 10177}  # of classes nothing is published


def test_a_fake_tree_has_what_the_metas_say(tree: DatasetIndex) -> None:
    assert len(tree.presentations) == 61 * 3 + 1
    types = Counter(one.attack_type for one in tree.presentations)
    assert set(types) == {"", *TYPES.values()}
    assert {one.attributes["illumination"] for one in tree.presentations if not one.label} == set("1234")
    assert {one.attributes["illumination"] for one in tree.presentations if one.label} == {"0"}


def test_the_official_protocol(tree: DatasetIndex) -> None:
    splits = protocol_splits(CELEBA, tree.presentations, "official")
    assert {split: {one.subject for one in taken} for split, taken in splits.items()} == {
        "train": {"1", "8142"},
        "dev": set(),
        "test": {"8143"},
    }


@pytest.mark.parametrize("code", range(1, 11))
def test_every_spoof_type_by_hand(tmp_path: Path, code: int) -> None:
    path = "Data/train/4980/spoof/497042.png"
    (one,) = index_dataset(CELEBA, one_picture(tmp_path, path, [code, 3, 2, 1]), strict=True).presentations
    assert one.attributes["illumination"] == "3"
    assert one.attributes["environment"] == "2"
    assert one == Presentation(
        video_id="Data/train/4980/spoof/497042",
        path=path,
        subject="4980",
        split="train",
        label=0,
        attack_type=TYPES[code],
        attributes=one.attributes,
    )


@pytest.mark.parametrize(("kind", "label", "species"), [("live", 1, ""), ("spoof", 0, "unknown")])
def test_without_metas_the_folder_is_the_label(tmp_path: Path, kind: str, label: int, species: str) -> None:
    root = one_picture(tmp_path, f"Data/test/9/{kind}/000184.jpg", None)
    (one,) = index_dataset(CELEBA, root, strict=True).presentations
    assert (one.label, one.attack_type, one.split) == (label, species, "test")


@pytest.mark.parametrize(
    ("kind", "row"), [("live", [0, 0, 0, 1]), ("live", [3, 1, 1, 0]), ("spoof", [0, 0, 0, 0]), ("spoof", [1, 1, 1, 0])]
)
def test_folder_and_metas_that_contradict_each_other_are_an_error(tmp_path: Path, kind: str, row: list[int]) -> None:
    root = one_picture(tmp_path, f"Data/train/9/{kind}/000184.jpg", row)
    with pytest.raises(FasError, match=r"exactly one label .* fits none"):
        index_dataset(CELEBA, root)


def test_a_short_row_and_a_missing_picture_are_named(tmp_path: Path) -> None:
    root = one_picture(tmp_path, "Data/train/9/live/000184.jpg", [0, 0, 0, 0])
    (root / METAS).write_text(json.dumps({"Data/train/9/live/000184.jpg": [0] * 43}))
    with pytest.raises(FasError, match=r"entry 1, .* not a list of at least 44 numbers"):
        index_dataset(CELEBA, root)
    rows = {f"Data/train/9/live/{name}.jpg": [0] * 44 for name in ("000184", "000185")}
    (root / METAS).write_text(json.dumps(rows))
    with pytest.warns(FasWarning, match=r"1 file is missing: Data/train/9/live/000185\.jpg"):
        index_dataset(CELEBA, root)


def test_boxes_are_in_a_frame_of_224(tmp_path: Path) -> None:
    root = one_picture(tmp_path, "Data/train/9/live/000184.jpg", None)
    (one,) = index_dataset(CELEBA, root).presentations
    found = read_annotations(CELEBA, root, one, (448, 672))
    # 62 30 100 130: left and width times 448 / 224, top and height times 672 / 224.
    np.testing.assert_array_equal(found[0].box, [124, 90, 324, 480])
    assert found[0].eyes is None


def test_equal_facts_are_one_object(tree: DatasetIndex) -> None:
    """What keeps 625,537 pictures in memory."""
    attributes = {id(one.attributes) for one in tree.presentations}
    assert len(attributes) == len({tuple(one.attributes.items()) for one in tree.presentations}) < 100
