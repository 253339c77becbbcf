"""The recipe of CASIA-SURF against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.counts import count
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import protocol_splits
from fas.datasets.recipe import Recipe
from fas.errors import FasError, FasWarning

SURF = load_recipe("casia_surf")
FLAT, BENT, WHOLE = "print/eyes_nose_mouth_flat", "print/eyes_nose_bent", "print/eyes_nose_mouth_bent"
REAL = "Training/real_part/CLKJ_AS0137/real.rssdk"
FAKE = "Training/fake_part/CLKJ_AS0005/04_en_b.rssdk"


def small() -> Recipe:
    """A dataset with the first values of each product: the whole one has 68,518 presentations."""
    cut = []
    for part in SURF.contents:
        products = [replace(one, of={name: values[:3] for name, values in one.of.items()}) for one in part.products]
        cut.append(replace(part, products=tuple(products)))
    return replace(SURF, contents=tuple(cut))


def write(root: Path, *files: str, **lists: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    for name, text in lists.items():
        (root / f"{name}_list.txt").write_text(text)
    return root


def test_published_counts_of_the_official_protocol() -> None:
    presentations = published_presentations(SURF, invented=True)
    splits = protocol_splits(SURF, presentations, "official")
    assert {split: Counter(one.label for one in taken) for split, taken in splits.items()} == {
        "train": {1: 300, 0: 900},
        "dev": {1: 2994, 0: 6614},
        "test": {1: 17458, 0: 40252},
    }
    assert Counter(one.attack_type for one in splits["train"]) == {"": 300, BENT: 300, FLAT: 300, WHOLE: 300}
    assert {one.attack_type for split in ("dev", "test") for one in splits[split]} == {"", "print/unknown"}
    assert len({one.subject for one in splits["train"]}) == 300
    assert count(presentations)["presentations"] == 1200 + 9608 + 57710


def test_a_fake_tree_is_exactly_what_the_recipe_says(tmp_path: Path) -> None:
    made = make_fake_tree(small(), tmp_path / "surf", empty_media)
    index = index_dataset(small(), tmp_path / "surf", strict=True)
    assert index.presentations == made
    assert Counter((one.split, one.label) for one in made) == {
        ("train", 1): 3,
        ("train", 0): 9,
        **{(split, label): 3 for split in ("dev", "test") for label in (0, 1)},
    }
    assert (tmp_path / "surf/val_private_list.txt").read_text().splitlines()[0] == (
        "Val/0000/000000-color.jpg Val/0000/000000-depth.jpg Val/0000/000000-ir.jpg 1"
    )


def test_recordings_of_training_are_folders_of_colour_frames(tmp_path: Path) -> None:
    frames = [
        f"{folder}/{kind}/{name}.jpg" for folder in (REAL, FAKE) for kind in ("color", "depth", "ir") for name in "17"
    ]
    fake, real = index_dataset(SURF, write(tmp_path, *frames), strict=True).presentations
    assert (real.path, real.subject, real.label, real.split) == (f"{REAL}/color", "CLKJ_AS0137", 1, "train")
    assert (fake.path, fake.subject, fake.attack_type, fake.split) == (f"{FAKE}/color", "CLKJ_AS0005", BENT, "train")


@pytest.mark.parametrize("order", list(permutations(("color", "depth", "ir"))))
def test_the_columns_of_the_lists_may_stand_in_any_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    pictures = [f"Val/0000/00000{n}-{kind}.jpg" for n in range(2) for kind in order]
    text = f"{' '.join(pictures[:3])} 0\n{' '.join(pictures[3:])} 1\n"
    attack, bona_fide = index_dataset(SURF, write(tmp_path, *pictures, val_private=text), strict=True).presentations
    assert (attack.path, attack.attack_type, attack.split) == ("Val/0000/000000-color.jpg", "print/unknown", "dev")
    assert (bona_fide.path, bona_fide.label) == ("Val/0000/000001-color.jpg", 1)  # 1 is bona fide
    assert attack.subject != bona_fide.subject


def test_pictures_that_no_list_labels_are_never_guessed(tmp_path: Path) -> None:
    root = write(tmp_path, f"{REAL}/color/1.jpg", "Testing/0000/000000-color.jpg", test_public="")
    with pytest.warns(FasWarning):
        index = index_dataset(SURF, root)
    assert [one.path for one in index.presentations] == [f"{REAL}/color"]
    assert index.unexpected == ["Testing/0000/000000-color.jpg"]


def listed(label: str, number: int = 1) -> str:
    return " ".join(f"{REAL}/{kind}/{number}.jpg" for kind in ("color", "depth", "ir")) + f" {label}\n"


def test_a_training_list_whose_labels_are_inverted_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, f"{REAL}/color/1.jpg", train=listed("1"))
    assert index_dataset(SURF, tmp_path, strict=True).presentations[0].label == 1
    write(tmp_path, train=listed("0"))
    with pytest.raises(FasError, match=r"exactly one label .* fits none"):
        index_dataset(SURF, tmp_path)
    write(tmp_path, train=listed("1") + listed("0", 31))
    with pytest.raises(FasError, match=r"line 2: .* has genuine 0, but was 1 in an earlier line or table"):
        index_dataset(SURF, tmp_path)


def test_a_public_list_in_place_of_a_private_one_is_named(tmp_path: Path) -> None:
    row = "Val/0000/000000-color.jpg Val/0000/000000-depth.jpg Val/0000/000000-ir.jpg\n"
    write(tmp_path, "Val/0000/000000-color.jpg", val_private=row)
    with pytest.raises(FasError, match=r"line 1, .* is not of the form"):
        index_dataset(SURF, tmp_path)
