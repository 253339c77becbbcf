from __future__ import annotations

import json
from multiprocessing import get_context
from pathlib import Path

import pytest

from fas.errors import FasError, FasWarning
from fas.store.failures import append_failure, latest_failures, read_failures


def test_the_latest_of_each_presentation_and_frame_wins(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    append_failure(path, {"video_id": "a", "reason": "first"})
    append_failure(path, {"video_id": "b", "reason": "other"})
    append_failure(path, {"video_id": "a", "frame": 3, "reason": "of a frame"})
    append_failure(path, {"video_id": "a", "reason": "second"})
    assert latest_failures(path) == [
        {"video_id": "a", "reason": "second"},
        {"video_id": "b", "reason": "other"},
        {"video_id": "a", "frame": 3, "reason": "of a frame"},
    ]


def test_lines_are_json_for_everyone(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    append_failure(path, {"video_id": "é\n", "reason": "line\nbreak\u2028"})
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["reason"] == "line\nbreak\u2028"
    assert read_failures(path) == ([{"video_id": "é\n", "reason": "line\nbreak\u2028"}], [])


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert latest_failures(tmp_path / "failures.jsonl") == []


@pytest.mark.parametrize("keep", [1, 10, -2])
def test_a_torn_line_costs_only_itself(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "failures.jsonl"
    append_failure(path, {"video_id": "a", "reason": "1"})
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:keep])
    append_failure(path, {"video_id": "b", "reason": "2"})
    assert read_failures(path)[1] == [2]
    with pytest.warns(FasWarning, match="line 2 unreadable"):
        assert [record["video_id"] for record in latest_failures(path)] == ["a", "b"]


def test_every_flipped_byte_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    append_failure(path, {"video_id": "a", "reason": "1", "score": 1e-20})
    append_failure(path, {"video_id": "b", "reason": "2"})
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        for bit in range(8):
            content[position] ^= 1 << bit
            path.write_bytes(content)
            assert read_failures(path)[1], (position, bit)
            content[position] ^= 1 << bit


def _append_many(path: Path, writer: int) -> None:
    for i in range(200):
        append_failure(path, {"video_id": f"{writer}/{i}", "reason": "r" * (i * 7 % 300)})


def test_lines_of_many_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    with get_context("spawn").Pool(3) as pool:
        pool.starmap(_append_many, [(path, writer) for writer in range(3)])
    records, unreadable = read_failures(path)
    assert unreadable == []
    assert {record["video_id"] for record in records} == {f"{writer}/{i}" for writer in range(3) for i in range(200)}
    assert len(records) == 600


def test_a_folder_in_its_place_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    path.mkdir()
    with pytest.raises(FasError, match="directory"):
        append_failure(path, {"video_id": "a", "reason": "1"})
    with pytest.raises(FasError, match="directory"):
        read_failures(path)
