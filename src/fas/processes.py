"""Worker processes: how many there should be, and how each begins, so that none is left behind."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread

import cv2


def default_workers() -> int:
    """One worker for each core that this process may use, which on a cluster is less than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin_worker() -> None:
    """To be called first in a worker process: one thread for OpenCV, and an end when the parent has ended.

    A parent that is killed tells nobody; without this its workers would wait for it forever.
    """
    cv2.setNumThreads(1)  # the workers are the parallelism
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
