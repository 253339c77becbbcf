from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError
from fas.simulation.protocols import ALL_PHONES, ALL_SESSIONS, SPLITS, all_videos, protocol_files, subject_numbers

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
