from __future__ import annotations

import io
import sys
import threading

import pytest

from fas import progress
from fas.progress import progress_bar


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return clock


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_a_log_gets_a_line_for_every_tenth(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("simulating", 40, "video") as advance:
        for _ in range(40):
            clock.now += 2
            advance(1)
    lines = lines_of(capsys)
    assert [line.split(",")[0] for line in lines] == [f"simulating: {done}/40" for done in range(4, 41, 4)]
    assert lines[0] == "simulating: 4/40, 0.5 video/s, 0:00:08 so far, 0:01:12 left"
    assert lines[-1] == "simulating: 40/40, 0.5 video/s, 0:01:20 so far"


def test_slow_steps_are_told_every_half_minute(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("fit", 1000, "batch") as advance:
        for _ in range(8):
            clock.now += 12
            advance(1)
        assert [line.split(",")[0] for line in lines_of(capsys)] == ["fit: 3/1000", "fit: 6/1000"]
    assert [line.split(",")[0] for line in lines_of(capsys)] == ["fit: 8/1000"]


def test_quick_work_is_one_line(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("index", 500, "video") as advance:
        for _ in range(500):
            clock.now += 0.001
            advance(1)
    assert [line.split(",")[0] for line in lines_of(capsys)] == ["index: 500/500"]


def test_an_interrupted_block_says_how_far_it_came(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), progress_bar("verify", 3, "presentation") as advance:
        clock.now += 1
        advance(2)
        raise KeyboardInterrupt
    assert lines_of(capsys) == [
        "verify: 2/3, 2.0 presentation/s, 0:00:01 so far, 0:00:00 left",
    ]


def test_a_block_that_ended_before_its_first_step_is_told(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), progress_bar("index", 3, "video"):
        raise ZeroDivisionError
    assert lines_of(capsys) == ["index: 0/3, 0.0 video/s, 0:00:00 so far"]


def test_an_unknown_total_is_left_out(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("weights.bin", 0, "MB") as advance:
        for _ in range(35):
            clock.now += 1
            advance(1)
    assert lines_of(capsys) == [
        "weights.bin: 30, 1.0 MB/s, 0:00:30 so far",
        "weights.bin: 35, 1.0 MB/s, 0:00:35 so far",
    ]


def test_threads_lose_no_step(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("index", 8000, "video") as advance:
        threads = [threading.Thread(target=lambda: [advance(1) for _ in range(1000)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lines_of(capsys)[-1].startswith("index: 8000/8000, ")


@pytest.mark.parametrize(("total", "shown"), [(3, "2/3"), (0, "2/?")])
def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, total: int, shown: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    with progress_bar("verify", total, "presentation") as advance:
        advance(2)
    assert shown in terminal.getvalue()
    assert "━" in terminal.getvalue()
