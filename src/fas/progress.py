"""The progress display of every long step: a bar with count, rate and remaining time; in a log, lines of these."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_LINE_SHARE = 0.1
_LINE_SECONDS = 30.0
"""A log gets a line for every tenth of the steps, and at the next step after half a minute without one."""
_LINE_GAP = 1.0
"""Minimum seconds between two lines, so that quick work prints only one."""


class Advance(Protocol):
    """The function with which work advances its progress bar."""

    def __call__(self, steps: int, note: str | None = None) -> None:
        """Advances by `steps`; `note` replaces the note after the bar."""


class _RateColumn(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} {self._unit}/s" if speed else f"- {self._unit}/s", style="progress.data.speed")


@contextmanager
def progress_bar(description: str, total: int, unit: str) -> Iterator[Advance]:
    """Shows on stderr how far the block has come: a bar, or a plain line now and then if stderr is not a terminal.

    Args:
        description: What is being done.
        total: The number of steps; 0 if it is not known.
        unit: What one step is, in the singular (`frame`, `video`), for the rate.

    Yields:
        A function that advances the bar by the given number of steps, and may change the note after it. Threads may
        share it.
    """
    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        lines = _Lines(description, total, unit)
        try:
            yield lines.advance
        finally:
            lines.end()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(unit),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(description, total=total or None, note="")

        def advance(steps: int, note: str | None = None) -> None:
            if note is not None:
                progress.update(task, note=note)
            progress.advance(task, steps)

        yield advance


class _Lines:
    """Progress as plain lines, for a log file or a pipe."""

    def __init__(self, description: str, total: int, unit: str) -> None:
        self._description, self._total, self._unit = description, total, unit
        self._done = self._told = 0
        self._start = self._told_at = time.monotonic()
        self._note = ""
        self._lock = Lock()

    def advance(self, steps: int, note: str | None = None) -> None:
        with self._lock:
            self._note = self._note if note is None else note
            self._done += steps
            silence = time.monotonic() - self._told_at
            due = silence >= _LINE_SECONDS or 0 < self._total * _LINE_SHARE <= self._done - self._told
            if due and silence >= _LINE_GAP and self._done != self._total:
                self._tell()

    def end(self) -> None:
        """Prints the last line, even if the block was interrupted."""
        if self._done > self._told or not self._done:
            self._tell()

    def _tell(self) -> None:
        self._told, self._told_at = self._done, time.monotonic()
        elapsed = self._told_at - self._start
        rate = self._done / elapsed if elapsed else 0.0
        text = f"{self._description}: {self._done}" + (f"/{self._total}" if self._total else "")
        text += f", {rate:.1f} {self._unit}/s, {_clock(elapsed)} so far"
        if rate and self._done < self._total:
            text += f", {_clock((self._total - self._done) / rate)} left"
        print(text + (f", {self._note}" if self._note else ""), file=sys.stderr, flush=True)


def _clock(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))
