"""Runs a plan on worker processes, records failures, and summarises the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context

from fas.errors import FasError
from fas.preprocessing.plan import Plan, Task, source_stamp
from fas.preprocessing.worker import Outcome, WorkerSettings, start_process, work_in_process
from fas.progress import progress_bar
from fas.store.store import Store
from fas.store.summary import without_numbers


@dataclass(slots=True)
class Summary:
    """The results of a run.

    Attributes:
        complete: Presentations that had every layer before.
        done: Presentations that this run completed.
        frames: Frames looked at by this run, also of presentations that failed.
        faces: Frames with a face, of the presentations that this run completed.
        without_face: The other frames of these presentations.
        failures: Presentation -> reason, of this run and of earlier ones whose media have not changed.
        notes: Presentation -> warnings, although it was stored.
        seconds: Duration of the run.
    """

    complete: int = 0
    done: int = 0
    frames: int = 0
    faces: int = 0
    without_face: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seconds: float = 0.0

    def by_reason(self) -> dict[str, list[str]]:
        """Reason -> the presentations that failed for it, the most frequent first.

        Reasons that differ only in numbers ("no face in any of 151 frames") count as one.
        """
        grouped: dict[str, list[str]] = {}
        for video_id, reason in sorted(self.failures.items()):
            grouped.setdefault(without_numbers(reason), []).append(video_id)
        return dict(sorted(grouped.items(), key=lambda item: -len(item[1])))


def run_plan(store: Store, plan: Plan, settings: WorkerSettings, workers: int) -> Summary:
    """Does the tasks of a plan and updates the store's index.

    An interruption lets the running tasks finish; a killed worker costs its task one more try, alone.

    Args:
        store: The store to fill.
        plan: What to do.
        settings: What each worker needs.
        workers: How many processes.

    Raises:
        FasError: The store cannot be written, or weights are missing. What was written stays.
    """
    summary = Summary(complete=plan.complete, failures=dict(plan.failed_before))
    start = time.monotonic()
    try:
        if plan.tasks:
            with progress_bar("preprocess", len(plan.tasks), "presentation") as advance:
                for outcome in _outcomes(plan.tasks, settings, workers):
                    _account(store, outcome, summary)
                    advance(1)
    except BaseException:
        with suppress(FasError):  # the error that stopped the run matters more than its effect on the index
            store.build_index()
        raise
    summary.seconds = time.monotonic() - start
    with progress_bar("index", sum(1 for _ in store.video_ids()), "presentation") as advance:
        store.build_index(advance)
    return summary


def _account(store: Store, outcome: Outcome, summary: Summary) -> None:
    task = outcome.task
    video_id = task.presentation.video_id
    summary.frames += outcome.frames
    if outcome.notes:
        summary.notes[video_id] = outcome.notes
    if outcome.failure is None:
        summary.done += 1
        summary.faces += outcome.faces
        summary.without_face += outcome.frames - outcome.faces
        return
    summary.failures[video_id] = outcome.failure
    layer = outcome.layer or (None if task.faces else task.layers[0])
    # The facts of a presentation whose faces are stored are in its shard. Repeated here, they would make it one that
    # could not be acquired.
    facts = asdict(task.presentation) if layer is None else {"video_id": video_id, "layer": layer}
    store.record_failure(
        {
            **facts,
            "reason": outcome.failure,
            "detail": outcome.detail,
            "frames": outcome.frames,
            "source": source_stamp(task.source),
        }
    )


def _outcomes(tasks: list[Task], settings: WorkerSettings, workers: int) -> Iterator[Outcome]:
    """Outcomes in the order in which they are ready."""
    suspects: list[Task] = []
    remaining = list(tasks)
    while remaining:
        done: set[str] = set()
        running: set[str] = set()
        try:
            for outcome in _pool_outcomes(remaining, settings, workers, running):
                done.add(outcome.task.presentation.video_id)
                yield outcome
        except BrokenProcessPool:
            # A worker died (out of memory, or a crash in a decoder): the tasks that were running are tried alone.
            left = [task for task in remaining if task.presentation.video_id not in done]
            suspects += [task for task in left if task.presentation.video_id in running]
            remaining = [task for task in left if task.presentation.video_id not in running]
        else:
            remaining = []
    for task in suspects:
        try:
            yield from _pool_outcomes([task], settings, 1, set())
        except BrokenProcessPool:
            reason = "the worker process died on this presentation"
            yield Outcome(task, 0, 0, reason, "it ran out of memory, or the decoder crashed; check the file")


def _pool_outcomes(tasks: list[Task], settings: WorkerSettings, workers: int, running: set[str]) -> Iterator[Outcome]:
    # spawn: neither OpenCV's nor FFmpeg's threads survive a fork.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), start_process, (settings,))
    queue = iter(tasks)
    futures: dict[Future[Outcome], Task] = {}

    def submit() -> None:
        task = next(queue, None)
        if task is not None:
            running.add(task.presentation.video_id)
            futures[pool.submit(work_in_process, task)] = task

    try:
        for _ in range(2 * workers):  # one running and one waiting for each worker
            submit()
        while futures:
            finished, _ = wait(futures, return_when=FIRST_COMPLETED)
            for future in finished:
                outcome = future.result()
                running.discard(futures.pop(future).presentation.video_id)
                submit()
                yield outcome
    finally:
        pool.shutdown(cancel_futures=True)
