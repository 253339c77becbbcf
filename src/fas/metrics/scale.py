"""Weighted counts of sorted scores at many thresholds; the parts of `fas.metrics.weighted`.

Throughout, `below` holds whole numbers `(r, n + 1)`: for each row of weights the cumulative weight before each column.
Columns are scores, sorted within their block. Results are `(r,)`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Counts = NDArray[np.integer]
"""Weights, and sums of them."""


class Block:
    """The consecutive columns of one species, or of the bona fide presentations, by ascending score."""

    def __init__(self, ordered: Floats, start: int, end: int) -> None:
        self.scores = ordered[start:end]
        self.start, self.end = start, end

    def accepted(self, below: Counts, thresholds: Floats) -> Floats:
        """The weight that each row accepts at its own threshold."""
        return self.at_least(below, self.start + np.searchsorted(self.scores, thresholds))

    def at_least(self, below: Counts, position: Indices) -> Floats:
        """The weight from each row's own column on."""
        weight = below[:, self.end] - below[np.arange(len(below)), position]
        return weight.astype(np.float64)  # products of two weights are exact below 2**53

    def total(self, below: Counts) -> Floats:
        """The weight of the whole block."""
        weight = below[:, self.end] - below[:, self.start]
        return weight.astype(np.float64)


class Scale:
    """The thresholds that make a difference to some blocks: step `j` accepts their distinct scores from the j-th on.

    The last step, `scores.size`, accepts none.
    """

    def __init__(self, blocks: list[Block]) -> None:
        self.scores = np.unique(np.concatenate([block.scores for block in blocks]))
        self._blocks = blocks
        self._columns = [
            np.append(block.start + np.searchsorted(block.scores, self.scores), block.end) for block in blocks
        ]

    def total(self, below: Counts) -> Floats:
        """The weight of all blocks."""
        weight: Floats = np.sum([block.total(below) for block in self._blocks], axis=0)
        return weight

    def parts_at_least(self, below: Counts, step: Indices) -> list[Floats]:
        """The weight of each block that each row accepts at its own step."""
        return [
            block.at_least(below, columns[step]) for block, columns in zip(self._blocks, self._columns, strict=True)
        ]

    def at_least(self, below: Counts, step: Indices) -> Floats:
        """The weight of all blocks that each row accepts at its own step."""
        weight: Floats = np.sum(self.parts_at_least(below, step), axis=0)
        return weight

    def first(self, below: Counts, condition: Callable[[Indices], NDArray[np.bool_]]) -> Indices:
        """For each row the first step at which a condition is true that stays true from there on, else the last.

        Args:
            below: Cumulative weights, one row each.
            condition: Takes one step per row, `(r,)`, and says for each whether the condition holds.
        """
        low, high = np.zeros(len(below), dtype=np.intp), np.full(len(below), self.scores.size, dtype=np.intp)
        for _ in range(self.scores.size.bit_length()):
            middle = (low + high) // 2
            holds = condition(middle)
            high = np.where(holds, middle, high)
            low = np.minimum(np.where(holds, low, middle + 1), high)
        return high


def holding_species(below: Counts, scale: Scale, target: float) -> Floats:
    """The lowest drawn score at which a share of at most `target` < 1 is accepted."""
    total = scale.total(below)
    holding = scale.first(below, lambda step: scale.at_least(below, step) / total <= target)
    allowed = scale.at_least(below, holding)
    # The first step that accepts less is one above the lowest score that is accepted.
    lowest = scale.first(below, lambda step: scale.at_least(below, step) < np.maximum(allowed, 1)) - 1
    scores = scale.scores[np.maximum(lowest, 0)]
    return np.where(total == 0, np.nan, np.where(allowed > 0, scores, np.nextafter(scores, np.inf)))


def holding_pooled(below: Counts, scale: Scale, target: float) -> Floats:
    """The lowest threshold at which a share of at most `target` < 1 is accepted."""
    total = scale.total(below)
    holding = scale.first(below, lambda step: scale.at_least(below, step) / total <= target)
    return np.where(total == 0, np.nan, np.nextafter(scale.scores[np.maximum(holding - 1, 0)], np.inf))


def holding_bona_fide(below: Counts, scale: Scale, target: float) -> Floats:
    """The highest drawn score at which a share of at most `target` < 1 is rejected."""
    total = scale.total(below)

    def rejected(step: Indices) -> Floats:
        return total - scale.at_least(below, step)

    beyond = scale.first(below, lambda step: rejected(step) / total > target)
    reached = rejected(beyond)
    # The first step that rejects as much is one above the highest score that was drawn below it.
    highest = scale.first(below, lambda step: rejected(step) >= reached) - 1
    return np.where(total == 0, np.nan, scale.scores[np.maximum(highest, 0)])
