from __future__ import annotations

import os
import sys

import pytest

from fas.processes import default_workers


@pytest.mark.skipif(sys.platform != "linux", reason="needs to bind a process to a core")
def test_workers_are_as_many_as_the_cores_that_this_process_may_use() -> None:
    cores = os.sched_getaffinity(0)
    assert default_workers() == len(cores)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert default_workers() == 1
    finally:
        os.sched_setaffinity(0, cores)
