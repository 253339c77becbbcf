from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator

import cv2
import pytest

from fas.errors import FasError
from fas.simulation.pool import run_all


def count_to(number: int) -> Iterator[int]:
    assert cv2.getNumThreads() == 1
    yield from range(number)


def fail_at_three(number: int) -> Iterator[int]:
    if number == 3:
        raise FasError("three is too many")
    yield number


def die(number: int) -> Iterator[int]:
    yield number
    os.kill(os.getpid(), signal.SIGKILL)


def die_with(photo: bytes) -> Iterator[int]:
    yield len(photo)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_step_is_reported(workers: int) -> None:
    steps: list[int] = []
    run_all(count_to, [2, 0, 5, 1], workers, steps.append)
    assert sum(steps) == 8


def test_this_process_keeps_its_threads() -> None:
    before = cv2.getNumThreads()
    run_all(count_to, [1], 1, lambda step: None)
    assert cv2.getNumThreads() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_ends_the_work(workers: int) -> None:
    with pytest.raises(FasError, match="three is too many"):
        run_all(fail_at_three, [1, 3, *range(4, 40)], workers, lambda step: None)


def test_a_killed_worker_is_one_message() -> None:
    with pytest.raises(FasError, match="a worker was killed"):
        run_all(die, [1, 2], 2, lambda step: None)


def test_killed_workers_with_large_items_left_keep_nobody_waiting() -> None:
    # In a process of its own: where the executor waits for ever, so does the interpreter's end.
    photos = [bytes(2_000_000)] * 6
    waiting = multiprocessing.get_context("spawn").Process(target=run_all, args=(die_with, photos, 2, print))
    waiting.start()
    waiting.join(60)
    ended = waiting.exitcode
    waiting.kill()
    assert ended == 1  # by the error
