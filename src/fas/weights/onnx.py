"""Runs ONNX files of weights with onnxruntime on the CPU, with errors that name the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError, first_line
from fas.weights.per_process import PerProcess
from fas.weights.sources import file_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnxruntime import InferenceSession, SessionOptions


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a network.

    Attributes:
        name: Its name in the graph.
        type: As onnxruntime writes it: `tensor(float)`, `tensor(uint8)`, ...
        shape: Length of each axis; a text or None where it is free.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class OnnxNetwork:
    """A network from one ONNX file, run on the CPU.

    The file is opened once in every process that uses it, so the object may cross a fork or be pickled.

    Args:
        path: The ONNX file.
        name: What the network is called in messages, such as `the reflection network`.
        remedy: What a user can do about a file that does not work.
        threads: Threads of one run. The default is 1, because the worker processes are the parallelism.

    Raises:
        FasError: The file is missing, or onnxruntime cannot load it.
    """

    def __init__(self, path: Path, *, name: str, remedy: str, threads: int = 1) -> None:
        self.path = path
        self._name, self._remedy = name, remedy
        if not path.is_file():
            raise FasError(f"the weights of {name} do not exist", path=path, remedy=remedy)
        self._session: PerProcess[InferenceSession] = PerProcess(partial(_open, path, name, remedy, threads))
        self._session.get()  # a file that cannot be loaded fails now, not in the middle of the work

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file."""
        return file_hash(self.path)

    @property
    def inputs(self) -> list[Port]:
        """The inputs of the graph, in its order."""
        return [_port(one) for one in self._session.get().get_inputs()]

    @property
    def outputs(self) -> list[Port]:
        """The outputs of the graph, in its order."""
        return [_port(one) for one in self._session.get().get_outputs()]

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs, in the order of the graph.

        Args:
            feeds: Name of each input -> its array, of the input's type and shape.

        Raises:
            FasError: onnxruntime failed, for example because an array has another shape.
        """
        try:
            return [np.asarray(one) for one in self._session.get().run(None, dict(feeds))]
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise FasError(f"{self._name} failed: {error}", path=self.path, remedy=self._remedy) from error


def session_options(threads: int) -> SessionOptions:
    """Options of a session that uses this many threads; onnxruntime by itself would take every core."""
    import onnxruntime  # takes a second to import, and few commands need it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return options


def _open(path: Path, name: str, remedy: str, threads: int) -> InferenceSession:
    import onnxruntime

    try:
        # As bytes: next to a path onnxruntime would look for further files of weights, which the hash does not cover.
        content = path.read_bytes()
        return onnxruntime.InferenceSession(content, session_options(threads), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        cause = f"onnxruntime cannot load {name}: {first_line(error)}"
        raise FasError(cause, path=path, remedy=remedy) from error


def _port(value: Any) -> Port:
    return Port(value.name, value.type, tuple(value.shape))
