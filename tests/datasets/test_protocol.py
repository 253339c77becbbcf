from __future__ import annotations

from dataclasses import replace

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import default_protocol, folds, protocol_splits
from fas.errors import FasError

OULU = load_recipe("oulu")


@pytest.mark.parametrize(
    ("protocol", "fold", "words"),
    [
        ("5", None, ["no protocol '5'", "1 (unseen environment", "4 (unseen"]),
        ("3", None, ["6 folds", "give a fold of 1..6"]),
        ("3", 0, ["no fold 0", "1..6"]),
        ("4", 7, ["no fold 7", "1..6"]),
        ("1", 1, ["no fold 1", "leave the fold out"]),
    ],
)
def test_unknown_protocols_and_folds_list_the_choices(protocol: str, fold: int | None, words: list[str]) -> None:
    with pytest.raises(FasError) as caught:
        protocol_splits(OULU, [], protocol, fold)
    assert all(word in str(caught.value) for word in words)


def test_folds_of_each_protocol() -> None:
    assert [list(folds(OULU, name)) for name in OULU.protocols] == [[None], [None], [*range(1, 7)], [*range(1, 7)]]


def test_the_only_protocol_is_the_default() -> None:
    (only,) = load_recipe("uvad").protocols
    assert default_protocol(load_recipe("uvad")) == only


def test_without_a_default_the_choices_are_listed() -> None:
    with pytest.raises(FasError) as caught:
        default_protocol(OULU)
    assert "OULU-NPU has 4 protocols; choose one:\n  1: unseen environment (session 3)\n" in str(caught.value)
    assert "\n  4: unseen environment, instruments and camera together\n" in str(caught.value)
    assert caught.value.remedy.startswith("name one: data.protocol=NAME")
    with pytest.raises(FasError, match="OULU-NPU has no protocol"):
        default_protocol(replace(OULU, protocols={}))


def test_unused_presentations_are_left_out_and_the_order_is_kept() -> None:
    presentations = published_presentations(OULU)[::-1]
    splits = protocol_splits(OULU, presentations, "1")
    assert sum(map(len, splits.values())) == 1200 + 900 + 600
    for split, members in splits.items():
        sessions = {"3"} if split == "test" else {"1", "2"}
        assert members == [p for p in presentations if p.split == split and p.attributes["session"] in sessions]


def test_a_subject_in_two_splits_is_an_error() -> None:
    presentations = published_presentations(OULU)
    moved = [replace(p, split="test") if p.video_id == "1_3_07_1" else p for p in presentations]
    with pytest.raises(FasError, match="puts subject 07 into train and test"):
        protocol_splits(OULU, moved, "1")
