"""The index's content for one presentation as plain values, to compare it with shards and to reuse it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fas.layers import is_per_presentation
from fas.store.index import StoreIndex
from fas.store.names import BASE_LAYER
from fas.store.seal import canonical_json
from fas.store.shard import Shard

Columns = dict[str, NDArray[Any]]

SPAN_KINDS: dict[str, type[np.generic]] = {"offset": np.int64, "length": np.int32, "crc32": np.uint32}
"""Per layer the index has `rgb_offset`, `rgb_length` and `rgb_crc32`; null if the layer lacks the frame."""


class PresentationRows(NamedTuple):
    """One presentation in the index.

    Attributes:
        facts: `video_id`, `subject`, `split`, `attack_type`, `label`, and `attributes` as JSON.
        columns: `frame` and, per layer, `<layer>_offset`, `_length`, `_crc32`, each `(n,)`: one row per frame of rgb,
            ascending; length 0 where the layer lacks the frame (no encoded value is empty). A layer with one value per
            presentation has it in every row.
    """

    facts: dict[str, Any]
    columns: Columns


def rows_of_shards(shards: Mapping[str, Shard], layers: Sequence[str]) -> PresentationRows:
    """The index rows that these shards of a presentation should have.

    Args:
        shards: By layer, as `load_shard` checked them; `rgb` must be there.
        layers: The layers that the index has.
    """
    base = shards[BASE_LAYER]
    facts = {name: base.meta[name] for name in ("video_id", "subject", "split", "attack_type", "label")}
    facts["attributes"] = canonical_json(base.meta["attributes"])
    columns: Columns = {"frame": base.frames.astype(np.int32)}
    for layer in layers:
        spans = {name: np.zeros(len(base.frames), kind) for name, kind in SPAN_KINDS.items()}
        if layer in shards:
            shard = shards[layer]
            if is_per_presentation(layer):  # its one entry belongs to every frame
                rows, sources = np.arange(len(base.frames)), np.zeros(len(base.frames), np.intp)
            else:
                _, rows, sources = np.intersect1d(base.frames, shard.frames, assume_unique=True, return_indices=True)
            for name, values in (("offset", shard.offsets), ("length", shard.lengths), ("crc32", shard.crc32)):
                spans[name][rows] = values[sources]
        columns.update({f"{layer}_{name}": values for name, values in spans.items()})
    return PresentationRows(facts, columns)


class IndexRows:
    """The rows that an index has, by video id.

    Args:
        index: The index.

    Attributes:
        index: The index.
        stamps: By video id, the sizes and times of the shards that the rows were built from.
    """

    def __init__(self, index: StoreIndex) -> None:
        self.index = index
        self._table = index.presentations
        self._codes = {video_id: code for code, video_id in enumerate(self._table.video_id)}
        self._spans = {layer: index.spans(layer) for layer in index.layers}
        self.stamps: dict[str, str] = dict(zip(self._table.video_id, self._table.stamp, strict=True))

    def get(self, video_id: str) -> PresentationRows | None:
        """The rows of a presentation, None if the index has none."""
        if video_id not in self._codes:
            return None
        code, table = self._codes[video_id], self._table
        facts: dict[str, Any] = {"video_id": video_id, "label": int(table.label[code])}
        facts |= {name: str(getattr(table, name)[code]) for name in ("subject", "split", "attack_type")}
        facts["attributes"] = canonical_json(table.attributes[code])
        rows = slice(table.start[code], table.stop[code])
        columns: Columns = {"frame": self.index.frame[rows]}
        for layer, spans in self._spans.items():
            columns |= {f"{layer}_{name}": values[rows] for name, values in spans._asdict().items()}
        return PresentationRows(facts, columns)
