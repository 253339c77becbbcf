from __future__ import annotations

import multiprocessing
import os
import pickle

from fas.weights.per_process import PerProcess


class Loaded:
    """Says which process made it, and cannot be pickled."""

    def __init__(self) -> None:
        self.process = os.getpid()

    def __reduce__(self):
        raise TypeError("a network must not travel")


def test_loads_once_and_late():
    holder = PerProcess(Loaded)
    assert holder.get() is holder.get()


def test_a_pickled_holder_loads_again():
    holder = PerProcess(Loaded)
    first = holder.get()
    assert pickle.loads(pickle.dumps(holder)).get() is not first


def _report(holder, queue) -> None:
    queue.put((os.getpid(), holder.get().process))


def test_every_process_loads_its_own():
    holder = PerProcess(Loaded)
    holder.get()
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        queue = context.SimpleQueue()
        process = context.Process(target=_report, args=(holder, queue))
        process.start()
        child, made_in = queue.get()
        process.join()
        assert child == made_in == process.pid
