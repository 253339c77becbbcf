"""All metrics of presentations that count as often as they were drawn; what the bootstrap stands on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fas.metrics.rates import Level, species_of

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class SortedScores:
    """Scores of a system, sorted once, of which any weighting can be judged.

    Args:
        scores: float64 `(n,)` without nan.
        labels: `(n,)`, 1 = bona fide, 0 = attack; both occur.
        attack_types: `(n,)` strings.
        threshold: Accept as bona fide if score >= threshold.
        level: The level of PAI species.

    Attributes:
        order: `(n,)`: the presentations bona fide first, then species by species, each by ascending score. Weights are
            given in this order.
        species: Names of the species, sorted.
    """

    def __init__(
        self,
        scores: Floats,
        labels: NDArray[np.int64],
        attack_types: NDArray[np.object_],
        threshold: float,
        level: Level,
    ) -> None:
        is_attack = labels == 0
        names, codes = np.unique(species_of(attack_types[is_attack].tolist(), level), return_inverse=True)
        group = np.zeros(scores.size, dtype=np.int64)
        group[is_attack] = codes + 1
        self.order: Indices = np.lexsort((scores, group))
        self.species = [str(name) for name in names]
        ordered = scores[self.order]
        ends = np.cumsum(np.bincount(group))
        self._edges: list[tuple[int, int]] = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
        self._blocks = [ordered[start:end] for start, end in self._edges]
        # Every threshold that makes a difference: each distinct score, and above all of them.
        distinct = np.unique(scores)
        self._below = [
            np.append(np.searchsorted(block, distinct), block.size) + start
            for block, (start, _) in zip(self._blocks, self._edges, strict=True)
        ]
        self._rejected = [
            int(np.searchsorted(block, threshold)) + start
            for block, (start, _) in zip(self._blocks, self._edges, strict=True)
        ]
        # Bona fide scores below each attack, and not above it: each is half a loss of the pair.
        self._lost_strictly, self._lost_or_tied = (
            np.searchsorted(self._blocks[0], ordered[self._edges[0][1] :], side) for side in ("left", "right")
        )

    @property
    def size(self) -> int:
        """The number of presentations."""
        return self.order.size

    def metrics(self, weights: Floats) -> dict[str, Floats]:
        """Every metric for each row of weights.

        Args:
            weights: float64 `(r, n)`, whole numbers, in the order of `order`.

        Returns:
            Metric -> float64 `(r,)`; nan where it is undefined.
        """
        # Whole numbers below 2**53: sums and products in float64 are exact, and faster than those of integers.
        cumulative = np.zeros((weights.shape[0], self.size + 1))
        np.cumsum(weights, axis=1, out=cumulative[:, 1:])
        totals = [cumulative[:, end] - cumulative[:, start] for start, end in self._edges]
        bona_fide, attacks = totals[0], np.sum(totals[1:], axis=0)

        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0: the metric is undefined
            accepted = [
                cumulative[:, end] - cumulative[:, first]
                for first, (_, end) in zip(self._rejected[1:], self._edges[1:], strict=True)
            ]
            by_species = [wrong / total for wrong, total in zip(accepted, totals[1:], strict=True)]
            apcer = np.fmax.reduce(by_species)
            pooled = np.sum(accepted, axis=0) / attacks
            bpcer = cumulative[:, self._rejected[0]] / bona_fide
            return {
                "apcer": apcer,
                "apcer_pooled": pooled,
                "bpcer": bpcer,
                "acer": (apcer + bpcer) / 2,
                "hter": (pooled + bpcer) / 2,
                "eer": self._eer(cumulative, attacks, bona_fide),
                "auc": self._auc(weights, cumulative, attacks, bona_fide),
                **{f"apcer/{name}": rate for name, rate in zip(self.species, by_species, strict=True)},
            }

    def _errors(self, cumulative: Floats, step: Indices) -> tuple[Floats, Floats]:
        """False accepts and false rejects of each row at its own step of the distinct scores."""
        rows = np.arange(step.size)
        accepts = np.zeros(step.size)
        for (_, end), below in zip(self._edges[1:], self._below[1:], strict=True):
            accepts += cumulative[:, end] - cumulative[rows, below[step]]
        return accepts, cumulative[rows, self._below[0][step]]

    def _eer(self, cumulative: Floats, attacks: Floats, bona_fide: Floats) -> Floats:
        """The rule of `ErrorCurve.eer_step`.

        FAR - FRR falls with the threshold, so the smallest distance is at one of the two steps around its change of
        sign. Scores that were not drawn repeat the step before them and change nothing.
        """

        def gap(step: Indices) -> Floats:
            accepts, rejects = self._errors(cumulative, step)
            difference: Floats = accepts * bona_fide - rejects * attacks
            return difference

        after = first_true(lambda step: gap(step) <= 0, attacks.size, self._below[0].size - 1)
        before = np.maximum(after - 1, 0)
        accepts, rejects = self._errors(cumulative, after)
        exhausted = (accepts == 0) | (rejects == bona_fide)
        over, under = np.abs(gap(before)), np.abs(gap(after))
        chosen = np.where((under < over) | ((under == over) & ~exhausted), after, before)
        accepts, rejects = self._errors(cumulative, chosen)
        rate: Floats = (accepts / attacks + rejects / bona_fide) / 2
        return rate

    def _auc(self, weights: Floats, cumulative: Floats, attacks: Floats, bona_fide: Floats) -> Floats:
        first = self._edges[0][1]
        lost = cumulative[:, self._lost_strictly] + cumulative[:, self._lost_or_tied]
        twice_lost = np.einsum("rk,rk->r", weights[:, first:], lost)
        area: Floats = 1 - twice_lost / (2 * attacks * bona_fide)
        return area


def first_true(condition: Callable[[Indices], NDArray[np.bool_]], rows: int, last: int) -> Indices:
    """For each row the first step in 0..last at which a condition that never becomes false again is true.

    Args:
        condition: Takes one step per row, `(rows,)`, and says for each whether the condition holds.
        rows: The number of rows.
        last: The last step; it is the answer where the condition holds nowhere before it.
    """
    low, high = np.zeros(rows, dtype=np.intp), np.full(rows, last, dtype=np.intp)
    while np.any(low < high):
        middle = (low + high) // 2
        holds = condition(middle)
        low, high = np.where(holds, low, middle + 1), np.where(holds, middle, high)
        low = np.minimum(low, high)
    return high
