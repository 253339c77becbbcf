"""Runs work in several processes, one thread each, that report every step and leave no process behind."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue
from typing import Any, TypeVar

import cv2

from fas.errors import FasError
from fas.processes import begin_worker

_Item = TypeVar("_Item")
_LOOK = 0.2
"""Seconds between two looks at what was done."""

_steps: SimpleQueue[None] | None = None
"""In a worker: where it reports its steps."""
_items: Sequence[Any] = ()
"""In a worker: what there is to work on."""


def run_all(
    work: Callable[[_Item], Iterable[object]], items: list[_Item], workers: int, advance: Callable[[int], None]
) -> None:
    """Calls `work` on every item; each thing that it yields is one step.

    Args:
        work: A function of a module, so that other processes find it.
        items: What to work on.
        workers: Processes; 1 works in this process.
        advance: Is told the number of steps done since the last call.

    Raises:
        FasError: A worker was killed; or what `work` raises.
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            for item in items:
                for _ in work(item):
                    advance(1)
        finally:
            cv2.setNumThreads(threads)
        return
    # Spawned, not forked: the threads of OpenCV and PyAV in this process would not survive a fork.
    context = multiprocessing.get_context("spawn")
    steps: SimpleQueue[None] = context.SimpleQueue()
    # The items are sent once, when a worker starts, and calls pass a number: before Python 3.11.5 an executor whose
    # workers have died waits forever for the rest of a call that did not fit into the pipe (gh-94777).
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(steps, items)) as pool:
        try:
            pending = {pool.submit(_work_through, work, number) for number in range(len(items))}
            while pending:
                done, pending = wait(pending, timeout=_LOOK, return_when=FIRST_EXCEPTION)
                while not steps.empty():
                    steps.get()
                    advance(1)
                for future in done:
                    future.result()
        except BrokenProcessPool as error:
            raise FasError(
                "a worker was killed, perhaps because there was too little memory",
                remedy="run the command again with fewer --workers: it resumes where it stopped",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin_worker(steps: SimpleQueue[None], items: Sequence[Any]) -> None:
    global _items, _steps
    _items, _steps = items, steps
    # Ctrl-C ends a worker immediately: an item may take minutes, and the next run makes an unfinished one again.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    begin_worker()


def _work_through(work: Callable[[Any], Iterable[object]], number: int) -> None:
    assert _steps is not None
    for _ in work(_items[number]):
        _steps.put(None)
