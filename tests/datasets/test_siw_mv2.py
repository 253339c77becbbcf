"""The recipe of SiW-Mv2 against the numbers of its lists, written here by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError, FasWarning

SIW_MV2 = load_recipe("siw_mv2")

# Type, in the order of the folds -> videos in the lists for training and for testing.
LISTED = {
    "makeup/cosmetic": (28, 24),
    "makeup/impersonation": (39, 22),
    "makeup/obfuscation": (12, 10),
    "mask/half": (52, 20),
    "mask/mannequin": (26, 14),
    "mask/paper": (11, 6),
    "mask/silicone": (9, 8),
    "mask/transparent": (24, 35),
    "print": (79, 56),
    "partial/eye": (34, 23),
    "partial/funny_eye_glasses": (96, 64),
    "partial/mouth": (17, 12),
    "partial/paper_glasses": (47, 29),
    "replay": (59, 39),
}
LIVE_TRAIN, LIVE_TEST = 531, 265


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    root = tmp_path_factory.mktemp("data") / "siw_mv2"
    make_fake_tree(SIW_MV2, root, empty_media)
    return index_dataset(SIW_MV2, root, strict=True)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A tree by hand, in which one attack is in no list."""
    videos = (
        "Live/Live_1.mov Live/Live_2.mp4 Spoof/Paper/Paper_7.avi Spoof/Replay/Replay_9.mov Spoof/Replay/Replay_10.mov"
    )
    for name in videos.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lists = {
        "trainlist_live": "Live_1\n",
        "testlist_live": "Live_2\n",
        "trainlist_all": "Paper_7\nPaper_7\nPaper_7\n",
        "testlist_all": "Replay_9\n",
    }
    (tmp_path / "pro_3_text").mkdir()
    for name, text in lists.items():
        (tmp_path / "pro_3_text" / f"{name}.txt").write_text(text)
    return tmp_path


def test_counts(tree: DatasetIndex) -> None:
    counts = Counter(p.attack_type for p in tree.presentations)
    assert counts == {"": 796, **{species: sum(numbers) for species, numbers in LISTED.items()}}
    assert counts.total() - counts[""] == 895
    assert len(LISTED) == 14


def test_protocol_1_follows_the_lists(tree: DatasetIndex) -> None:
    splits = protocol_splits(SIW_MV2, tree.presentations, "known")
    train, test = (Counter(p.attack_type for p in splits[split]) for split in ("train", "test"))
    assert train == {"": LIVE_TRAIN, **{species: numbers[0] for species, numbers in LISTED.items()}}
    assert test == {"": LIVE_TEST, **{species: numbers[1] for species, numbers in LISTED.items()}}
    assert (train.total() - LIVE_TRAIN, test.total() - LIVE_TEST) == (533, 362)
    assert splits["dev"] == []


@pytest.mark.parametrize(("fold", "attack_type"), list(enumerate(LISTED, start=1)))
def test_leave_one_out(tree: DatasetIndex, fold: int, attack_type: str) -> None:
    splits = protocol_splits(SIW_MV2, tree.presentations, "leave_one_out", fold)
    totals = {species: sum(numbers) for species, numbers in LISTED.items()}
    assert Counter(p.attack_type for p in splits["test"]) == {"": LIVE_TEST, attack_type: totals.pop(attack_type)}
    assert Counter(p.attack_type for p in splits["train"]) == {"": LIVE_TRAIN, **totals}


def test_a_tree_by_hand(small: Path) -> None:
    index = index_dataset(SIW_MV2, small, strict=True)
    found = {p.video_id: (p.label, p.attack_type) for p in index.presentations}
    assert found == {
        "Live_1": (1, ""),
        "Live_2": (1, ""),
        "Paper_7": (0, "print"),
        "Replay_9": (0, "replay"),
        "Replay_10": (0, "replay"),
    }
    known = protocol_splits(SIW_MV2, index.presentations, "known")
    assert [p.video_id for p in known["train"]] == ["Live_1", "Paper_7"]
    assert [p.video_id for p in known["test"]] == ["Live_2", "Replay_9"]
    replay_unseen = protocol_splits(SIW_MV2, index.presentations, "leave_one_out", 14)
    assert [p.video_id for p in replay_unseen["test"]] == ["Live_2", "Replay_10", "Replay_9"]


def test_a_missing_list_says_where_it_is_found(small: Path) -> None:
    (small / "pro_3_text" / "testlist_all.txt").unlink()
    with pytest.raises(FasError, match=r"labels or splits depend on is missing") as caught:
        index_dataset(SIW_MV2, small)
    assert "source_SiW_Mv2/pro_3_text" in str(caught.value.remedy)


def test_a_listed_video_that_the_archive_lacks_is_named(small: Path) -> None:
    (small / "pro_3_text" / "testlist_live.txt").write_text("Live_2\nLive_800\n")
    with pytest.warns(FasWarning, match="1 file is missing: Live_800"):
        index_dataset(SIW_MV2, small)


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("testlist_live", "Live_1", "line 1: Live_1 has live_list test, but was train in an earlier line or table"),
        ("testlist_all", "Live_3", "line 1, 'Live_3', is not of the form"),
        ("trainlist_live", "Replay_3", "line 1, 'Replay_3', is not of the form"),
    ],
)
def test_lists_that_contradict_themselves(small: Path, name: str, line: str, problem: str) -> None:
    (small / "pro_3_text" / f"{name}.txt").write_text(f"{line}\n")
    with pytest.raises(FasError, match=problem):
        index_dataset(SIW_MV2, small)


@pytest.mark.parametrize(
    ("path", "video_id", "attack_type"),
    [
        ("Spoof/Mannequin/Mask_Mann_4.mov", "Mask_Mann_4", "mask/mannequin"),
        ("Spoof/Silicone/Mask_Silicone_4.mp4", "Mask_Silicone_4", "mask/silicone"),
        ("Spoof/Mask_PaperMask/Mask_Paper_4.mov", "Mask_Paper_4", "mask/paper"),
        ("Spoof/Paper/Paper_4.mov", "Paper_4", "print"),
        ("Spoof/Print/Paper_4.mov", "Paper_4", "print"),  # as the owners' page calls the folder
        ("Spoof/Partial_FunnyeyeGlasses/Partial_Funnyeye_4.avi", "Partial_Funnyeye_4", "partial/funny_eye_glasses"),
    ],
)
def test_names_by_hand(path: str, video_id: str, attack_type: str) -> None:
    presentation = NameReader(SIW_MV2).read(path)
    assert presentation is not None
    assert (presentation.video_id, presentation.attack_type) == (video_id, attack_type)
    assert presentation.subject == video_id  # names do not tell who it is
