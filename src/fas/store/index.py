"""The index of a store: one row per stored frame, memory-mapped, so that opening costs the same for any number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fas.errors import FasError
from fas.store.source import rebuild


@dataclass(frozen=True)
class PresentationTable:
    """One entry per presentation, in the order of the presentation codes.

    Attributes:
        video_id: str `(n,)`.
        subject: str `(n,)`.
        split: str `(n,)`: as distributed; a protocol may use it differently.
        label: int8 `(n,)`: 1 bona fide, 0 attack.
        attack_type: str `(n,)`: PAI species, empty for bona fide.
        attributes: `n` mappings of further facts.
        stamp: str `(n,)`: sizes and times of the shards that the rows were built from, as JSON.
        start: int64 `(n,)`: the first row of each in the index.
        stop: int64 `(n,)`: the row after its last.
    """

    video_id: NDArray[np.object_]
    subject: NDArray[np.object_]
    split: NDArray[np.object_]
    label: NDArray[np.int8]
    attack_type: NDArray[np.object_]
    attributes: list[dict[str, str]]
    stamp: NDArray[np.object_]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)


class Spans(NamedTuple):
    """The places of one layer's frames in their shards.

    Attributes:
        offset: int64 `(rows,)`: the first byte of the encoded value in the shard.
        length: int32 `(rows,)`: its number of bytes; 0 where the layer lacks the frame.
        crc32: uint32 `(rows,)`: CRC-32 of these bytes.
    """

    offset: NDArray[np.int64]
    length: NDArray[np.int32]
    crc32: NDArray[np.uint32]


class StoreIndex:
    """All frames of a store. Columns are read-only views of the mapped file, shared by all processes.

    If it is sent to another process, only its path and seal are sent, and the file is mapped there.

    Args:
        path: The `index.arrow`.

    Raises:
        FasError: It is missing or not readable.

    Attributes:
        path: The file.
        dataset: The dataset's name.
        simulated: Whether the content is simulated.
        layers: The layers that had been declared when it was built.
        shards: The number of shards per layer at that time.
        extensions: The file extension of the frames per layer, such as `png`; layers without shards are left out.
        label: int8 `(rows,)`: 1 bona fide, 0 attack.
        presentation: int32 `(rows,)`: code of the presentation, ascending from 0.
        frame: int32 `(rows,)`: frame number in the presentation's media file.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with _reading(self.path):
            self._batch = pa.ipc.open_file(pa.memory_map(str(self.path))).get_batch(0)
            metadata = self._batch.schema.metadata
            about = json.loads(metadata[b"fas"])
            self._seal: bytes = metadata[b"seal"]
            self.dataset: str = about["dataset"]
            self.simulated: bool = about["simulated"]
            self.layers: tuple[str, ...] = tuple(about["layers"])
            self.shards: dict[str, int] = about["shards"]
            self.extensions: dict[str, str] = about["extensions"]
            self.label: NDArray[np.int8] = self._numbers("label")
            self.presentation: NDArray[np.int32] = self._codes("video_id")
            self.frame: NDArray[np.int32] = self._numbers("frame")

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.path, self._seal)

    def spans(self, layer: str) -> Spans:
        """The places of a layer's frames.

        Raises:
            KeyError: The index has no such layer.
            FasError: It is damaged.
        """
        if layer not in self.layers:
            raise KeyError(layer)
        with _reading(self.path):
            return Spans(*(self._numbers(f"{layer}_{name}") for name in Spans._fields))

    def has(self, layer: str) -> NDArray[np.bool_]:
        """Whether the layer has each frame: bool `(rows,)`, all false for a layer that the index does not know."""
        return self.spans(layer).length > 0 if layer in self.layers else np.zeros(len(self), np.bool_)

    def video_id(self, presentation: int) -> str:
        """The video id of a presentation code."""
        return str(self._batch.column("video_id").dictionary[presentation])

    def codes(self, name: str) -> tuple[NDArray[np.int32], list[str]]:
        """A text column (`video_id`, `subject`, `split`, `attack_type`, ...) as `(rows,)` codes and texts."""
        return self._codes(name), self._batch.column(name).dictionary.to_pylist()

    @cached_property
    def presentations(self) -> PresentationTable:
        """The facts of all presentations; made on first use, since it grows with their number."""
        with _reading(self.path):
            return self._read_presentations()

    def _read_presentations(self) -> PresentationTable:
        video_id = np.array(self._batch.column("video_id").dictionary.to_pylist(), dtype=object)
        # Rows are sorted by presentation, so the bounds are found without reading all of them.
        bounds = np.searchsorted(self.presentation, np.arange(len(video_id) + 1, dtype=np.int32)).astype(np.int64)
        start, stop = bounds[:-1], bounds[1:]

        def texts(name: str) -> NDArray[np.object_]:
            codes, values = self.codes(name)
            return np.array(values, dtype=object)[codes[start]]

        return PresentationTable(
            video_id=video_id,
            subject=texts("subject"),
            split=texts("split"),
            label=self.label[start],
            attack_type=texts("attack_type"),
            attributes=[json.loads(text) for text in texts("attributes")],
            stamp=texts("stamp"),
            start=start,
            stop=stop,
        )

    def _numbers(self, name: str) -> NDArray[Any]:
        """A column's values without its null bits: a null has the value 0."""
        return _view(self._batch.column(name))

    def _codes(self, name: str) -> NDArray[np.int32]:
        return _view(self._batch.column(name).indices)


def _view(array: pa.Array) -> NDArray[Any]:
    kind = array.type.to_pandas_dtype()
    values: NDArray[Any] = np.frombuffer(array.buffers()[1], dtype=kind, count=len(array), offset=0)
    return values


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns the errors of Arrow and Python for a missing or damaged file into a `FasError`.

    Arrow notices most damage only when it reads it. Reading the whole file first would make opening slow;
    `fas store verify` does that.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FasError("this store has no index yet", path=path, remedy=rebuild(path.parent)) from error
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, SystemError) as error:
        raise FasError(f"index cannot be read: {error}", path=path, remedy=rebuild(path.parent)) from error


def _reopen(path: Path, seal: bytes) -> StoreIndex:
    index = StoreIndex(path)
    if index._seal != seal:
        raise FasError(
            "the index was rebuilt while it was in use, so its row numbers changed",
            path=path,
            remedy="start the command again",
        )
    return index
