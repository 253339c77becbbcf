"""Several stores read as one, for protocols across datasets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fas.store.index import PresentationTable, StoreIndex
from fas.store.reader import FrameReader


class JoinedIndex:
    """The indexes of several stores in sequence, with the interface of `StoreIndex`.

    Args:
        indexes: Dataset -> index. Video ids and subjects are prefixed with the dataset's name and `/`.

    Attributes:
        indexes: The argument.
        starts: int64 `(stores + 1,)`: the first row of each, and the number of rows.
        label: int8 `(rows,)`.
        presentation: int32 `(rows,)`: code of the presentation, ascending from 0 over all stores.
        frame: int32 `(rows,)`.
    """

    def __init__(self, indexes: Mapping[str, StoreIndex]) -> None:
        self.indexes = dict(indexes)
        parts = list(self.indexes.values())
        self.starts = np.cumsum([0, *map(len, parts)])
        codes = np.cumsum([0, *(len(part.presentations) for part in parts)]).astype(np.int32)
        self.label = np.concatenate([part.label for part in parts])
        self.frame = np.concatenate([part.frame for part in parts])
        self.presentation: NDArray[np.int32] = np.concatenate(
            [part.presentation + first for part, first in zip(parts, codes, strict=False)]
        )

    def __len__(self) -> int:
        return int(self.starts[-1])

    def has(self, layer: str) -> NDArray[np.bool_]:
        """Whether the layer has each frame: bool `(rows,)`."""
        return np.concatenate([part.has(layer) for part in self.indexes.values()])

    def video_id(self, presentation: int) -> str:
        """The video id of a presentation code."""
        return str(self.presentations.video_id[presentation])

    @cached_property
    def presentations(self) -> PresentationTable:
        """The table of all presentations."""
        tables = [part.presentations for part in self.indexes.values()]

        def joined(name: str) -> NDArray[np.object_]:
            return np.concatenate([getattr(table, name) for table in tables])

        def named(name: str) -> NDArray[np.object_]:
            texts = [
                f"{dataset}/{text}"
                for dataset, table in zip(self.indexes, tables, strict=True)
                for text in getattr(table, name).tolist()
            ]
            return np.array(texts, dtype=object)

        firsts = zip(tables, self.starts, strict=False)
        bounds = [(table.start + first, table.stop + first) for table, first in firsts]
        return PresentationTable(
            video_id=named("video_id"),
            subject=named("subject"),
            split=joined("split"),
            label=np.concatenate([table.label for table in tables]),
            attack_type=joined("attack_type"),
            attributes=[
                {**one, "dataset": dataset}
                for dataset, table in zip(self.indexes, tables, strict=True)
                for one in table.attributes
            ],
            stamp=joined("stamp"),
            start=np.concatenate([start for start, _ in bounds]),
            stop=np.concatenate([stop for _, stop in bounds]),
        )


class JoinedReader:
    """Reads frames by rows of a `JoinedIndex`, as `FrameReader` does by those of one store.

    Args:
        index: The joined index.
    """

    def __init__(self, index: JoinedIndex) -> None:
        self._starts = index.starts
        self._readers = [FrameReader(part) for part in index.indexes.values()]

    def read(self, row: int, layer: str) -> NDArray[np.uint8]:
        """Decodes one frame of one layer; see `FrameReader.read`."""
        store = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._readers[store].read(row - int(self._starts[store]), layer)


def make_reader(index: StoreIndex | JoinedIndex) -> FrameReader | JoinedReader:
    """The reader of an index."""
    return JoinedReader(index) if isinstance(index, JoinedIndex) else FrameReader(index)
