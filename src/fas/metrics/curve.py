"""Errors at every threshold, counted once: equal error rate, area under the ROC curve, and what plots need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """Counts of both errors at every threshold that makes a difference.

    A presentation is accepted as bona fide if its score >= threshold (high score = bona fide). With the distinct
    scores `u[0] < ... < u[m-1]`, entry `j` of the two counts holds for every threshold in `(u[j-1], u[j]]`; entry `m`
    holds above all scores.

    Attributes:
        scores: float64 `(m,)`: the distinct scores of both classes, ascending.
        false_accepts: int64 `(m + 1,)`: attacks that are accepted; falls from all attacks to 0.
        false_rejects: int64 `(m + 1,)`: bona fide presentations that are rejected; rises from 0 to all.
    """

    scores: NDArray[np.float64]
    false_accepts: NDArray[np.int64]
    false_rejects: NDArray[np.int64]

    @classmethod
    def from_scores(cls, attack_scores: ArrayLike, bona_fide_scores: ArrayLike) -> ErrorCurve:
        """Sorts the scores and counts.

        Args:
            attack_scores: `(N,)` with N >= 1; infinities are allowed.
            bona_fide_scores: `(P,)` with P >= 1; infinities are allowed.

        Raises:
            ValueError: A class is empty, an array is not one-dimensional, or a score is nan (the caller decides what
                a presentation without a score means, see `presentation_scores`).
        """
        attacks, bona_fide = (
            checked_scores(attack_scores, "attack"),
            np.sort(checked_scores(bona_fide_scores, "bona fide")),
        )
        # Plain sorts are vectorised in numpy, argsort is not: the classes are separated by counting afterwards.
        scores = np.sort(np.concatenate([attacks, bona_fide]))
        first = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))
        scores = scores[first]
        here = np.bincount(np.searchsorted(scores, bona_fide), minlength=scores.size)
        bona_fide_below = np.zeros(scores.size + 1, dtype=np.int64)
        np.cumsum(here, out=bona_fide_below[1:])
        attacks_below = np.append(first, attacks.size + bona_fide.size) - bona_fide_below
        return cls(scores, attacks.size - attacks_below, bona_fide_below)

    @property
    def far(self) -> NDArray[np.float64]:
        """float64 `(m + 1,)`: the share of all attacks (species pooled) that is accepted."""
        shares: NDArray[np.float64] = self.false_accepts / self.false_accepts[0]
        return shares

    @property
    def frr(self) -> NDArray[np.float64]:
        """float64 `(m + 1,)`: the share of bona fide presentations that is rejected."""
        shares: NDArray[np.float64] = self.false_rejects / self.false_rejects[-1]
        return shares

    def threshold_at(self, step: int) -> float:
        """The threshold of entry `step` of the counts, by bob.measure's convention.

        Entry 0 has the smallest score, every later one the midpoint between its neighbouring scores. Where no midpoint
        exists as a number above the lower neighbour (adjacent floats, an infinity, a sum too large) the upper neighbour
        stands for it, so that the counts are always those of the returned threshold.

        Args:
            step: 0 <= step < m.
        """
        upper = float(self.scores[step])
        if step == 0:
            return upper
        lower = float(self.scores[step - 1])
        middle = (lower + upper) / 2
        return middle if lower < middle <= upper else upper

    def eer_step(self) -> int:
        """The entry where FAR and FRR are closest; see `fas.metrics.eer_threshold` for the rule."""
        attacks, bona_fide = self._sizes
        # Times both class sizes: whole numbers, so that a tie is a tie.
        return self._least(np.abs(self.false_accepts * bona_fide - self.false_rejects * attacks))

    def min_hter_step(self) -> int:
        """The entry where FAR + FRR is smallest; see `fas.metrics.min_hter_threshold` for the rule."""
        attacks, bona_fide = self._sizes
        return self._least(self.false_accepts * bona_fide + self.false_rejects * attacks)

    def eer_threshold(self) -> float:
        """See `fas.metrics.eer_threshold`."""
        return self.threshold_at(self.eer_step())

    def min_hter_threshold(self) -> float:
        """See `fas.metrics.min_hter_threshold`."""
        return self.threshold_at(self.min_hter_step())

    def eer(self) -> float:
        """See `fas.metrics.eer`."""
        step = self.eer_step()
        far = self.false_accepts[step] / self.false_accepts[0]
        frr = self.false_rejects[step] / self.false_rejects[-1]
        return float(far + frr) / 2

    def auc(self) -> float:
        """See `fas.metrics.auc`."""
        attacks, bona_fide = self._sizes
        attacks_below = attacks - self.false_accepts
        bona_fide_here = np.diff(self.false_rejects)
        # A bona fide score wins over all attacks below it and half wins over those equal to it.
        twice_wins = int(np.sum(bona_fide_here * (attacks_below[:-1] + attacks_below[1:])))
        return twice_wins / (2 * attacks * bona_fide)

    def det(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """FAR and FRR as normal deviates, the axes of a detection error trade-off plot: each `(m + 1,)`.

        Normal scores of both classes give a straight line. A rate of 0 is -inf and one of 1 is +inf. Source: Martin et
        al., The DET curve in assessment of detection task performance (Eurospeech 1997).
        """
        return ndtri(self.far), ndtri(self.frr)

    @property
    def _sizes(self) -> tuple[int, int]:
        """The number of attacks and of bona fide presentations."""
        return int(self.false_accepts[0]), int(self.false_rejects[-1])

    def _least(self, cost: NDArray[np.int64]) -> int:
        """The candidate of least cost; see `fas.metrics.thresholds` for the candidates and the rule of ties."""
        _, bona_fide = self._sizes
        last = int(np.argmax((self.false_accepts == 0) | (self.false_rejects == bona_fide)))
        best = last - 1 - int(np.argmin(cost[:last][::-1]))
        return last if cost[last] < cost[best] else best


def eer(attack_scores: ArrayLike, bona_fide_scores: ArrayLike) -> float:
    """The equal error rate in [0, 1]: (FAR + FRR) / 2 at `eer_threshold` of the same scores.

    It is the HTER at that threshold: no point of a finite ROC curve needs to have FAR = FRR, and nothing is
    interpolated. The threshold is chosen on the scores that are evaluated, so the value is optimistic.

    Args:
        attack_scores: `(N,)`, N >= 1, all species pooled; high = bona fide.
        bona_fide_scores: `(P,)`, P >= 1.

    Raises:
        ValueError: A class is empty or a score is nan.
    """
    return ErrorCurve.from_scores(attack_scores, bona_fide_scores).eer()


def auc(attack_scores: ArrayLike, bona_fide_scores: ArrayLike) -> float:
    """The area under the ROC curve in [0, 1]: the chance that a bona fide score is above an attack's, ties one half.

    This is the Mann-Whitney statistic divided by N * P, exact up to one rounding; 1 = perfect, 0 = scores inverted.

    Args:
        attack_scores: `(N,)`, N >= 1, all species pooled; high = bona fide.
        bona_fide_scores: `(P,)`, P >= 1.

    Raises:
        ValueError: A class is empty or a score is nan.
    """
    return ErrorCurve.from_scores(attack_scores, bona_fide_scores).auc()


def checked_scores(scores: ArrayLike, name: str) -> NDArray[np.float64]:
    """Scores of one class as float64 `(n,)`, n >= 1, without nan; `name` is for the messages.

    Raises:
        ValueError: They are not.
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} scores must have one dimension, not shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"there is no {name} score")
    if np.isnan(array).any():
        raise ValueError(f"{int(np.isnan(array).sum())} of {array.size} {name} scores are nan")
    return array
