"""Worker processes: how many to start, and how each starts so that it never outlives its parent."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread

import cv2


def default_workers() -> int:
    """One worker for each core that this process may use, which on a cluster is less than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin_worker() -> None:
    """Call this first in a worker process: it limits OpenCV to one thread and exits when the parent is gone.

    A killed parent cannot notify its workers; without this they would wait for it forever.
    """
    cv2.setNumThreads(1)  # the workers are the parallelism
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
