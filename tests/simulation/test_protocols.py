from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError
from fas.simulation.protocols import (
    ALL_PHONES,
    ALL_SESSIONS,
    SPLITS,
    all_videos,
    check_protocol,
    protocol_files,
    subject_numbers,
    videos_of_protocol,
)

STEM = re.compile(r"([1-6])_([1-3])_(0[1-9]|[1-4][0-9]|5[0-5])_([1-5])")
PUBLISHED = {  # bona fide + attacks of Train, Dev, Test
    "Protocol_1/{}.txt": ((240, 960), (180, 720), (120, 480)),
    "Protocol_2/{}.txt": ((360, 720), (270, 540), (360, 720)),
    "Protocol_3/{}_4.txt": ((300, 1200), (225, 900), (60, 240)),
    "Protocol_4/{}_6.txt": ((200, 400), (150, 300), (20, 40)),
}


def test_the_whole_set_has_the_published_counts() -> None:
    videos = all_videos(ALL_PHONES, ALL_SESSIONS, range(1, 56))
    files = protocol_files(videos)
    assert len({video.stem for video in videos}) == 4950
    assert len(files) == 42
    for pattern, counts in PUBLISHED.items():
        for split, (bona_fide, attacks) in zip(SPLITS, counts, strict=True):
            lines = files[pattern.format(split)].splitlines()
            assert sum(line.startswith("+1,") for line in lines) == bona_fide
            assert len(set(lines)) == bona_fide + attacks


def test_labels_tell_print_from_replay_in_test_only() -> None:
    files = protocol_files(all_videos((1, 2), (1, 2, 3), (1, 21, 36)))
    seen = {name: Counter((line.split(",")[0], line[-1]) for line in text.splitlines()) for name, text in files.items()}
    assert set(seen["Protocol_1/Train.txt"]) == {("+1", "1"), ("-1", "2"), ("-1", "3"), ("-1", "4"), ("-1", "5")}
    assert set(seen["Protocol_1/Test.txt"]) == {("+1", "1"), ("-1", "2"), ("-1", "3"), ("-2", "4"), ("-2", "5")}
    assert set(seen["Protocol_2/Dev.txt"]) == {("+1", "1"), ("-1", "2"), ("-1", "4")}
    assert set(seen["Protocol_4/Test_2.txt"]) == {("+1", "1"), ("-1", "3"), ("-2", "5")}


def test_folds_that_could_not_be_used_are_left_out() -> None:
    files = protocol_files(all_videos((1, 4), (1, 2, 3), (1, 21, 36)))
    assert {name for name in files if "Protocol_3" in name} == {
        f"Protocol_3/{split}_{phone}.txt" for split in SPLITS for phone in (1, 4)
    }
    assert not any("Protocol_1" in name for name in protocol_files(all_videos((1, 4), (1, 2), (1, 21, 36))))
    assert not protocol_files(all_videos((1, 4), (1, 2, 3), (1, 36)))


@given(st.integers(1, 55))
def test_every_subject_has_one_number_and_every_split_its_share(count: int) -> None:
    numbers = subject_numbers(count)
    assert len(set(numbers)) == count
    sizes = [sum(number in subjects for number in numbers) for subjects in SPLITS.values()]
    assert sum(sizes) == count
    if count >= 3:
        assert min(sizes) >= 1
    if count >= 10:
        assert max(abs(size / count - share) for size, share in zip(sizes, (0.40, 0.27, 0.33), strict=True)) < 0.06


def test_one_subject_is_for_training_and_the_second_for_the_test() -> None:
    assert subject_numbers(1) == [1]
    assert subject_numbers(2) == [1, 36]
    assert subject_numbers(3) == [1, 21, 36]
    assert subject_numbers(7) == [1, 2, 3, 21, 22, 36, 37]


@pytest.mark.parametrize("count", [0, -1, 56])
def test_an_impossible_number_of_subjects_is_refused(count: int) -> None:
    with pytest.raises(FasError, match="1 to 55"):
        subject_numbers(count)


def test_names_are_those_of_oulu() -> None:
    assert all(STEM.fullmatch(video.stem) for video in all_videos(ALL_PHONES, ALL_SESSIONS, (1, 9, 10, 55)))


@pytest.mark.parametrize(("protocol", "fold"), [("1", None), ("2", None), ("3", 4), ("4", 6)])
def test_the_videos_of_a_protocol_are_those_of_its_lists(protocol: str, fold: int | None) -> None:
    everything = all_videos(ALL_PHONES, ALL_SESSIONS, range(1, 56))
    chosen = videos_of_protocol(everything, protocol, fold)
    counts = next(value for name, value in PUBLISHED.items() if name.startswith(f"Protocol_{protocol}"))
    assert len(chosen) == sum(map(sum, counts))
    suffix = "" if fold is None else f"_{fold}"
    lists = [protocol_files(everything)[f"Protocol_{protocol}/{split}{suffix}.txt"] for split in SPLITS]
    assert {video.stem for video in chosen} == {line[3:] for text in lists for line in text.splitlines()}


def test_protocol_1_needs_130_of_the_240_videos_of_the_demo() -> None:
    demo = all_videos((1, 2), ALL_SESSIONS, subject_numbers(8))
    chosen = videos_of_protocol(demo, "1", None)
    assert (len(demo), len(chosen)) == (240, 130)
    assert chosen == [video for video in demo if (video.split == "Test") == (video.session == 3)]


@pytest.mark.parametrize(
    ("phones", "sessions", "count", "fold", "named"),
    [
        ((1, 2), (1, 2), 8, None, "protocol 1 has no test video"),
        ((1, 2), (3,), 8, None, "protocol 1 has no train and no dev video"),
        ((1, 2), (1, 2, 3), 2, None, "protocol 1 has no dev video"),
        ((1, 2), (1, 2, 3), 8, 3, "protocol 3, fold 3 has no test video"),
    ],
)
def test_a_protocol_with_an_empty_split_is_refused(
    phones: tuple[int, ...], sessions: tuple[int, ...], count: int, fold: int | None, named: str
) -> None:
    with pytest.raises(FasError, match=named):
        videos_of_protocol(all_videos(phones, sessions, subject_numbers(count)), "3" if fold else "1", fold)


@pytest.mark.parametrize(
    ("protocol", "fold", "said"),
    [
        ("5", None, "no protocol '5'"),
        ("3", None, "has 6 folds"),
        ("3", 7, "no fold 7"),
        ("1", 1, "no fold 1"),
        (None, 1, "without a protocol"),
    ],
)
def test_an_unknown_protocol_or_fold_is_refused(protocol: str | None, fold: int | None, said: str) -> None:
    with pytest.raises(FasError, match=said):
        check_protocol(protocol, fold)
