"""All metrics of presentations that count as often as they were drawn, for the bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.metrics.operating import OPERATING_POINTS, Held
from fas.metrics.rates import Level, species_codes
from fas.metrics.scale import Block, Counts, Indices, Scale, holding_bona_fide, holding_pooled, holding_species

Floats = NDArray[np.float64]


class SortedScores:
    """Scores of a system, sorted once, whose metrics can be computed for any weighting.

    Args:
        scores: float64 `(n,)` without nan.
        labels: `(n,)`, 1 = bona fide, 0 = attack; both occur.
        attack_types: `(n,)` strings.
        threshold: Accept as bona fide if score >= threshold; not nan.
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
        if np.isnan(threshold):
            raise ValueError("the threshold is nan")
        is_attack = labels == 0
        self.species, codes = species_codes(attack_types[is_attack], level)
        group = np.zeros(scores.size, dtype=np.intp)
        group[is_attack] = codes + 1
        self.order: Indices = np.lexsort((scores, group))
        ordered = scores[self.order]
        ends = np.cumsum(np.bincount(group)).tolist()
        blocks = [Block(ordered, start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._bona_fide, self._attacks = blocks[0], blocks[1:]
        self._threshold = threshold
        self._everything = Scale(blocks)
        self._pooled = Scale(blocks[1:])
        self._single = [Scale([block]) for block in blocks]
        # Of each attack, the bona fide scores below it and those not above it: both are lost, ties one half.
        self._lost = [np.searchsorted(self._bona_fide.scores, ordered[ends[0] :], side) for side in ("left", "right")]

    @property
    def size(self) -> int:
        """The number of presentations."""
        return self.order.size

    def metrics(self, weights: Counts) -> dict[str, Floats]:
        """Every metric for each row of weights.

        Args:
            weights: Whole numbers `(r, n)`, in the order of `order`.

        Returns:
            Metric -> float64 `(r,)`, nan where it is undefined; the names as in `fas.metrics.metric_replicates`.
        """
        below = np.zeros((len(weights), self.size + 1), dtype=weights.dtype)
        np.cumsum(weights, axis=1, out=below[:, 1:])
        thresholds = np.full(len(weights), self._threshold)
        # 0 / 0: the metric is undefined; next after the largest float: the infinite threshold.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            rates = {name: self._rate(name, below, thresholds) for name in ("apcer", "apcer_pooled", "bpcer")}
            apcer, pooled, bpcer = rates.values()
            by_species = zip(self.species, self._apcer(below, thresholds), strict=True)
            return {
                **rates,
                "acer": (apcer + bpcer) / 2,
                "hter": (pooled + bpcer) / 2,
                "eer": self._eer(below),
                "auc": self._auc(weights, below),
                **{f"apcer/{name}": rate for name, rate in by_species},
                **self._operating_points(below),
            }

    def _rate(self, name: Held, below: Counts, thresholds: Floats) -> Floats:
        """A rate of each row at its own threshold `(r,)`."""
        rate: Floats
        if name == "bpcer":
            total = self._bona_fide.total(below)
            rate = (total - self._bona_fide.accepted(below, thresholds)) / total
        elif name == "apcer":
            rate = np.fmax.reduce(self._apcer(below, thresholds))
        else:
            accepted = sum(block.accepted(below, thresholds) for block in self._attacks)
            rate = accepted / self._pooled.total(below)
        return rate

    def _apcer(self, below: Counts, thresholds: Floats) -> list[Floats]:
        """APCER of each species."""
        return [block.accepted(below, thresholds) / block.total(below) for block in self._attacks]

    def _eer(self, below: Counts) -> Floats:
        """The rule of `ErrorCurve.eer_step`.

        FAR - FRR falls with the threshold, so the smallest distance is at one of the two steps around its change of
        sign. Scores that were not drawn repeat the step before them and change nothing.
        """
        bona_fide, attacks = self._bona_fide.total(below), self._pooled.total(below)

        def errors(step: Indices) -> tuple[Floats, Floats]:
            good, *bad = self._everything.parts_at_least(below, step)
            return np.sum(bad, axis=0), bona_fide - good

        def gap(step: Indices) -> Floats:
            accepts, rejects = errors(step)
            difference: Floats = accepts * bona_fide - rejects * attacks
            return difference

        after = self._everything.first(below, lambda step: gap(step) <= 0)
        before = np.maximum(after - 1, 0)
        accepts, rejects = errors(after)
        exhausted = (accepts == 0) | (rejects == bona_fide)
        over, under = np.abs(gap(before)), np.abs(gap(after))
        chosen = np.where((under < over) | ((under == over) & ~exhausted), after, before)
        accepts, rejects = errors(chosen)
        rate: Floats = (accepts / attacks + rejects / bona_fide) / 2
        return rate

    def _auc(self, weights: Counts, below: Counts) -> Floats:
        left, right = self._lost
        lost = below.take(left, axis=1)
        lost += lost if np.array_equal(left, right) else below.take(right, axis=1)
        lost *= weights[:, self._bona_fide.end :]
        area: Floats = 1 - lost.sum(axis=1, dtype=np.int64) / (
            2 * self._pooled.total(below) * self._bona_fide.total(below)
        )
        return area

    def _operating_points(self, below: Counts) -> dict[str, Floats]:
        points = {}
        for point in OPERATING_POINTS:
            thresholds = self._holding(below, point.held, point.target)
            value = self._rate(point.reported, below, thresholds)
            points[point.name] = np.where(np.isnan(thresholds), np.nan, 1 - value if point.complement else value)
        return points

    def _holding(self, below: Counts, held: Held, target: float) -> Floats:
        """The threshold of each row that holds a rate, nan if nothing was drawn; see `fas.metrics.thresholds`."""
        bona_fide, *species = self._single
        if held == "bpcer":
            return holding_bona_fide(below, bona_fide, target)
        if held == "apcer":
            worst: Floats = np.fmax.reduce([holding_species(below, one, target) for one in species])
            return worst
        return holding_pooled(below, self._pooled, target)
