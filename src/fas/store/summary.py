"""Counts to print: what a store holds, what is missing, what could not be acquired."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fas.store.files import scan_files
from fas.store.index import StoreIndex
from fas.store.names import BASE_LAYER, INDEX_FILE
from fas.store.store import Store


@dataclass(frozen=True)
class StoreSize:
    """The size of a store.

    Attributes:
        store: The store.
        shards: Shards per declared layer, `rgb` first.
        frames: Rows of the index; None if there is no index yet.
        size: Bytes of all files.
    """

    store: Store
    shards: dict[str, int]
    frames: int | None
    size: int


def measure_store(store: Store) -> StoreSize:
    """Lists the store's files; opens none but the index."""
    files = scan_files(store.path)
    counts = files.count_shards()
    frames = len(StoreIndex(store.path / INDEX_FILE)) if (store.path / INDEX_FILE).exists() else None
    return StoreSize(store, {layer: counts.get(layer, 0) for layer in store.layers}, frames, files.size)


@dataclass(frozen=True)
class Group:
    """Presentations of one split and one species.

    Attributes:
        split: As distributed.
        label: 1 bona fide, 0 attack.
        attack_type: PAI species, empty for bona fide.
        presentations: How many.
        frames: Their frames.
    """

    split: str
    label: int
    attack_type: str
    presentations: int
    frames: int


def count_groups(index: StoreIndex) -> list[Group]:
    """Presentations and frames by split, label and species; bona fide first in each split."""
    table = index.presentations
    presentations: Counter[tuple[str, int, str]] = Counter()
    frames: Counter[tuple[str, int, str]] = Counter()
    rows = table.stop - table.start
    for split, label, attack_type, count in zip(table.split, table.label, table.attack_type, rows, strict=True):
        key = (str(split), int(label), str(attack_type))
        presentations[key] += 1
        frames[key] += int(count)
    order = {"train": 0, "dev": 1, "test": 2}
    keys = sorted(presentations, key=lambda key: (order.get(key[0], 3), key[0], -key[1], key[2]))
    return [Group(*key, presentations[key], frames[key]) for key in keys]


def count_layers(index: StoreIndex) -> dict[str, tuple[int, int]]:
    """Per layer, the presentations and the frames that have it."""
    counts = {}
    for layer in (BASE_LAYER, *(layer for layer in index.layers if layer != BASE_LAYER)):
        has = index.has(layer)
        counts[layer] = (len(np.unique(index.presentation[has])), int(has.sum()))
    return counts


def count_failures(failures: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Failures by reason, the most frequent first; reasons that differ in numbers only count as one."""
    return dict(Counter(without_numbers(str(failure["reason"])) for failure in failures).most_common())


def without_numbers(reason: str) -> str:
    """A reason without its numbers: "no face in any of 151 frames" and "... of 90 frames" are one."""
    return re.sub(r"\d+", "N", reason)
