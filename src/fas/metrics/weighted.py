"""All metrics of presentations that count as often as they were drawn; what the bootstrap stands on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fas.metrics.operating import OPERATING_POINTS, Held
from fas.metrics.rates import Level, species_codes

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class SortedScores:
    """Scores of a system, sorted once, of which any weighting can be judged.

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
        blocks = [_Block(ordered, start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._bona_fide, self._attacks = blocks[0], blocks[1:]
        self._threshold = threshold
        self._distinct = np.unique(scores)
        # Of each attack, the bona fide scores below it and not above it: both are lost, ties one half.
        self._lost = [np.searchsorted(self._bona_fide.scores, ordered[ends[0] :], side) for side in ("left", "right")]

    @property
    def size(self) -> int:
        """The number of presentations."""
        return self.order.size

    def metrics(self, weights: Floats) -> dict[str, Floats]:
        """Every metric for each row of weights.

        Args:
            weights: float64 `(r, n)`, whole numbers, in the order of `order`.

        Returns:
            Metric -> float64 `(r,)`, nan where it is undefined; the names as in `fas.metrics.metric_replicates`.
        """
        # Whole numbers below 2**53: sums and products in float64 are exact, and faster than those of integers.
        below = np.zeros((weights.shape[0], self.size + 1))
        np.cumsum(weights, axis=1, out=below[:, 1:])
        # 0 / 0: the metric is undefined; next after the largest float: the infinite threshold.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            rates = self._rates(below, np.full(weights.shape[0], self._threshold))
            by_species = {f"apcer/{name}": self._apcer(below, block, self._threshold) for name, block in self._named()}
            apcer, pooled, bpcer = rates["apcer"], rates["apcer_pooled"], rates["bpcer"]
            composed = {"acer": (apcer + bpcer) / 2, "hter": (pooled + bpcer) / 2}
            curve = {"eer": self._eer(below), "auc": self._auc(weights, below)}
            return {**rates, **composed, **curve, **by_species, **self._operating_points(below)}

    def _named(self) -> list[tuple[str, _Block]]:
        return list(zip(self.species, self._attacks, strict=True))

    def _apcer(self, below: Floats, block: _Block, thresholds: Floats | float) -> Floats:
        return block.at_least(below, block.position(np.broadcast_to(thresholds, len(below)))) / block.total(below)

    def _rates(self, below: Floats, thresholds: Floats) -> dict[str, Floats]:
        """The three rates of each row at its own threshold `(r,)`."""
        bona_fide = self._bona_fide
        accepted = [block.at_least(below, block.position(thresholds)) for block in self._attacks]
        totals = [block.total(below) for block in self._attacks]
        rejected = bona_fide.total(below) - bona_fide.at_least(below, bona_fide.position(thresholds))
        by_species = [wrong / total for wrong, total in zip(accepted, totals, strict=True)]
        return {
            "apcer": np.fmax.reduce(by_species),
            "apcer_pooled": np.sum(accepted, axis=0) / np.sum(totals, axis=0),
            "bpcer": rejected / bona_fide.total(below),
        }

    def _eer(self, below: Floats) -> Floats:
        """The rule of `ErrorCurve.eer_step`.

        FAR - FRR falls with the threshold, so the smallest distance is at one of the two steps around its change of
        sign. Scores that were not drawn repeat the step before them and change nothing.
        """
        positions = [block.positions(self._distinct) for block in self._attacks]
        rejecting = self._bona_fide.positions(self._distinct)
        bona_fide = self._bona_fide.total(below)
        attacks = np.sum([block.total(below) for block in self._attacks], axis=0)

        def errors(step: Indices) -> tuple[Floats, Floats]:
            accepts = np.sum(
                [block.at_least(below, at[step]) for block, at in zip(self._attacks, positions, strict=True)], axis=0
            )
            return accepts, bona_fide - self._bona_fide.at_least(below, rejecting[step])

        def gap(step: Indices) -> Floats:
            accepts, rejects = errors(step)
            difference: Floats = accepts * bona_fide - rejects * attacks
            return difference

        after = _first(lambda step: gap(step) <= 0, len(below), self._distinct.size)
        before = np.maximum(after - 1, 0)
        accepts, rejects = errors(after)
        exhausted = (accepts == 0) | (rejects == bona_fide)
        over, under = np.abs(gap(before)), np.abs(gap(after))
        chosen = np.where((under < over) | ((under == over) & ~exhausted), after, before)
        accepts, rejects = errors(chosen)
        rate: Floats = (accepts / attacks + rejects / bona_fide) / 2
        return rate

    def _auc(self, weights: Floats, below: Floats) -> Floats:
        bona_fide = self._bona_fide.total(below)
        attacks = below[:, -1] - bona_fide
        lost = below[:, self._lost[0]] + below[:, self._lost[1]]
        twice_lost = np.einsum("rk,rk->r", weights[:, self._bona_fide.end :], lost)
        area: Floats = 1 - twice_lost / (2 * attacks * bona_fide)
        return area

    def _operating_points(self, below: Floats) -> dict[str, Floats]:
        points = {}
        for point in OPERATING_POINTS:
            thresholds = self._holding(below, point.held, point.target)
            value = self._rates(below, thresholds)[point.reported]
            points[point.name] = np.where(np.isnan(thresholds), np.nan, 1 - value if point.complement else value)
        return points

    def _holding(self, below: Floats, held: Held, target: float) -> Floats:
        """The threshold of each row that holds a rate, nan if nothing was drawn; see `fas.metrics.thresholds`."""
        if held == "bpcer":
            return _holding_bona_fide(below, self._bona_fide, target)
        if held == "apcer":
            worst: Floats = np.fmax.reduce([_holding_species(below, block, target) for block in self._attacks])
            return worst
        return _holding_pooled(below, self._attacks, target)


class _Block:
    """The consecutive columns of one species, or of the bona fide presentations, by ascending score."""

    def __init__(self, ordered: Floats, start: int, end: int) -> None:
        self.scores = ordered[start:end]
        self.start, self.end = start, end

    def position(self, thresholds: Floats) -> Indices:
        """The column of the first score that each threshold accepts."""
        return self.start + np.searchsorted(self.scores, thresholds)

    def positions(self, distinct: Floats) -> Indices:
        """`position` of distinct scores, and of a threshold above them all."""
        return np.append(self.position(distinct), self.end)

    def at_least(self, below: Floats, position: Indices) -> Floats:
        """The weight from each row's own column on."""
        weight: Floats = below[:, self.end] - below[np.arange(len(below)), position]
        return weight

    def total(self, below: Floats) -> Floats:
        """The weight of the whole block."""
        weight: Floats = below[:, self.end] - below[:, self.start]
        return weight


def _holding_species(below: Floats, block: _Block, target: float) -> Floats:
    """The lowest drawn score of the block at which a share of at most `target` < 1 of it is accepted."""
    distinct = np.unique(block.scores)
    positions, total = block.positions(distinct), block.total(below)

    def accepted(step: Indices) -> Floats:
        return block.at_least(below, positions[step])

    allowed = accepted(_first(lambda step: accepted(step) / total <= target, len(below), distinct.size))
    # The first step that accepts less is one above the lowest score that is accepted.
    lowest = _first(lambda step: accepted(step) < np.maximum(allowed, 1), len(below), distinct.size) - 1
    scores = distinct[np.maximum(lowest, 0)]
    return np.where(total == 0, np.nan, np.where(allowed > 0, scores, np.nextafter(scores, np.inf)))


def _holding_pooled(below: Floats, blocks: list[_Block], target: float) -> Floats:
    """The lowest threshold at which a share of at most `target` < 1 of all blocks is accepted."""
    distinct = np.unique(np.concatenate([block.scores for block in blocks]))
    positions = [block.positions(distinct) for block in blocks]
    total = np.sum([block.total(below) for block in blocks], axis=0)

    def accepted(step: Indices) -> Floats:
        parts = [block.at_least(below, at[step]) for block, at in zip(blocks, positions, strict=True)]
        counts: Floats = np.sum(parts, axis=0)
        return counts

    holding = _first(lambda step: accepted(step) / total <= target, len(below), distinct.size)
    return np.where(total == 0, np.nan, np.nextafter(distinct[np.maximum(holding - 1, 0)], np.inf))


def _holding_bona_fide(below: Floats, block: _Block, target: float) -> Floats:
    """The highest drawn score of the block at which a share of at most `target` < 1 of it is rejected."""
    distinct = np.unique(block.scores)
    positions, total = block.positions(distinct), block.total(below)

    def rejected(step: Indices) -> Floats:
        return total - block.at_least(below, positions[step])

    beyond = _first(lambda step: rejected(step) / total > target, len(below), distinct.size)
    reached = rejected(beyond)
    # The first step that rejects as much is one above the highest score that was drawn below it.
    highest = _first(lambda step: rejected(step) >= reached, len(below), distinct.size) - 1
    return np.where(total == 0, np.nan, distinct[np.maximum(highest, 0)])


def _first(condition: Callable[[Indices], NDArray[np.bool_]], rows: int, last: int) -> Indices:
    """For each row the first step in 0..last at which a condition is true that stays true from there on.

    Args:
        condition: Takes one step per row, `(rows,)`, and says for each whether the condition holds.
        rows: The number of rows.
        last: The answer where the condition holds at no step before it.
    """
    low, high = np.zeros(rows, dtype=np.intp), np.full(rows, last, dtype=np.intp)
    while np.any(low < high):
        middle = (low + high) // 2
        holds = condition(middle)
        high = np.where(holds, middle, high)
        low = np.minimum(np.where(holds, low, middle + 1), high)
    return high
