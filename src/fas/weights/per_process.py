"""Loads a network when it is first used, again in every process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Holds a value that must not cross a fork or be pickled, such as a network with its threads and buffers.

    Args:
        load: Makes the value. It must be picklable, because a spawned worker calls it again.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._value: T | None = None
        self._process = 0

    def get(self) -> T:
        """The value of this process."""
        if self._value is None or self._process != os.getpid():
            self._value = self._load()
            self._process = os.getpid()
        return self._value

    def __getstate__(self) -> dict[str, object]:
        return {"_load": self._load, "_value": None, "_process": 0}
