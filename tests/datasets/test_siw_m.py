"""The recipe of SiW-M against the published numbers, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError

SIW_M = load_recipe("siw_m")

# In the order of the folds. Print and replay are the paper's 118 and 99.
ATTACKS = {
    "makeup/cosmetic": 51,
    "makeup/impersonation": 61,
    "makeup/obfuscation": 23,
    "mask/half": 72,
    "mask/mannequin": 40,
    "mask/paper": 17,
    "mask/silicone": 27,
    "mask/transparent": 88,
    "print": 118,
    "partial/funny_eye_glasses": 160,
    "partial/paper_cut": 86,
    "partial/paper_glasses": 127,
    "replay": 99,
}
LIVE_TRAIN, LIVE_TEST = 528, 131
LIVE_TEST_NUMBERS = (
    "3 6 11 16 22 30 32 34 35 40 54 55 68 69 91 92 96 99 101 105 112 115 119 121 123 127 133 135 136 140 146 148 149 "
    "152 160 165 166 170 174 175 176 186 190 218 228 236 241 244 261 265 269 271 281 291 294 296 301 303 304 306 310 "
    "319 320 321 325 333 335 336 343 357 358 360 361 369 376 390 396 399 400 402 408 409 419 423 425 440 448 452 460 "
    "461 464 475 488 506 518 519 520 530 532 542 545 556 578 584 592 593 594 599 600 609 612 613 614 615 623 624 625 "
    "626 628 629 631 634 635 637 638 639 643 644 645 646 647"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "siw_m"
    make_fake_tree(SIW_M, root, empty_media)
    return index_dataset(SIW_M, root, strict=True)


def numbers(tree: DatasetIndex, prefix: str) -> set[int]:
    return {int(p.attributes["number"]) for p in tree.presentations if p.attributes["prefix"] == prefix}


def test_counts(tree: DatasetIndex) -> None:
    assert len(tree.presentations) == 1628
    assert Counter(p.attack_type for p in tree.presentations) == {"": LIVE_TRAIN + LIVE_TEST, **ATTACKS}
    # The paper's 660 and 968 count what was Live_546 as bona fide.
    refiled = sum(p.path.endswith("_noLive_546.mov") for p in tree.presentations)
    assert (LIVE_TRAIN + LIVE_TEST + refiled, sum(ATTACKS.values()) - refiled) == (660, 968)


def test_numbers_that_do_not_exist(tree: DatasetIndex) -> None:
    assert numbers(tree, "Live") == set(range(1, 661)) - {546}
    assert numbers(tree, "Makeup_Co") == set(range(1, 56)) - {16, 17, 26, 27}
    assert numbers(tree, "Makeup_Im") == set(range(1, 64)) - {54, 55}
    assert numbers(tree, "Replay") == set(range(1, 100))
    assert numbers(tree, "Paper") == set(range(1, 119))
    assert (len(numbers(tree, "Partial_Eye")), len(numbers(tree, "Partial_Mouth"))) == (57, 29)


def test_bona_fide_videos_of_the_test_folder(tree: DatasetIndex) -> None:
    folders = {p.attributes["number"]: p.attributes["folder"] for p in tree.presentations if p.label == 1}
    assert {number for number, folder in folders.items() if folder == "Live/Test"} == set(LIVE_TEST_NUMBERS.split())
    assert Counter(folders.values()) == {"Live/Train": LIVE_TRAIN, "Live/Test": LIVE_TEST}


@pytest.mark.parametrize(("fold", "attack_type"), list(enumerate(ATTACKS, start=1)))
def test_leave_one_out(tree: DatasetIndex, fold: int, attack_type: str) -> None:
    splits = protocol_splits(SIW_M, tree.presentations, "leave_one_out", fold)
    assert Counter(p.attack_type for p in splits["test"]) == {"": LIVE_TEST, attack_type: ATTACKS[attack_type]}
    others = {species: number for species, number in ATTACKS.items() if species != attack_type}
    assert Counter(p.attack_type for p in splits["train"]) == {"": LIVE_TRAIN, **others}
    assert splits["dev"] == []


def test_leave_one_out_has_thirteen_folds() -> None:
    assert len(SIW_M.protocols["leave_one_out"].folds) == len(ATTACKS) == 13


def test_known_types_are_a_split_of_our_own(tree: DatasetIndex) -> None:
    assert not SIW_M.protocols["known"].official
    splits = protocol_splits(SIW_M, tree.presentations, "known")
    assert len(splits["train"]) + len(splits["test"]) == 1628
    for prefix in {p.attributes["prefix"] for p in tree.presentations if p.label == 0}:
        tested = {int(p.attributes["number"]) for p in splits["test"] if p.attributes["prefix"] == prefix}
        highest = max(numbers(tree, prefix))
        assert tested == {number for number in numbers(tree, prefix) if number > highest * 4 // 5}
    assert sum(p.label for p in splits["test"]) == LIVE_TEST
    assert sum(p.label for p in splits["train"]) == LIVE_TRAIN


@pytest.mark.parametrize(
    ("path", "video_id", "attack_type"),
    [
        ("Live/Train/Live_1.mov", "Live_1", ""),
        ("Live/Test/Live_647.mov", "Live_647", ""),
        ("Makeup/Cosmetic/Makeup_Co_55_noLive_546.mov", "Makeup_Co_55", "makeup/cosmetic"),
        ("Mask/PaperMask/Mask_Paper_17.mov", "Mask_Paper_17", "mask/paper"),
        ("Paper/Paper_81.mov", "Paper_81", "print"),
        ("Partial/PaperCut/Partial_Eye_3.mov", "Partial_Eye_3", "partial/paper_cut"),
        ("Partial/PaperCut/Partial_Mouth_3.mov", "Partial_Mouth_3", "partial/paper_cut"),
        ("Replay/Replay_62.mov", "Replay_62", "replay"),
    ],
)
def test_names_by_hand(path: str, video_id: str, attack_type: str) -> None:
    presentation = NameReader(SIW_M).read(path)
    assert presentation is not None
    assert (presentation.video_id, presentation.attack_type) == (video_id, attack_type)
    assert presentation.label == (attack_type == "")
    assert presentation.subject == video_id  # names do not tell who it is


def test_a_file_in_another_types_folder_is_an_error() -> None:
    with pytest.raises(FasError, match="exactly one label"):
        NameReader(SIW_M).read("Paper/Replay_3.mov")
    assert NameReader(SIW_M).read("Live/Train/Live_03.mov") is None  # numbers are not padded


def test_the_two_videos_that_some_copies_lack_are_named(tmp_path: Path) -> None:
    make_fake_tree(SIW_M, tmp_path, empty_media)
    for path in ("Replay/Replay_62.mov", "Paper/Paper_81.mov"):
        (tmp_path / path).unlink()
    with pytest.raises(FasError, match=r"2 files are missing: Paper/Paper_81\.mov, Replay/Replay_62\.mov"):
        index_dataset(SIW_M, tmp_path, strict=True)
