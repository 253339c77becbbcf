"""How far a score can be read as a probability: reliability by bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fas.metrics.intervals import clopper_pearson


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Presentations whose scores are alike.

    Attributes:
        low: Lower end of the bin, included.
        high: Upper end, excluded, but for the last bin.
        mean_score: Mean of the scores.
        bona_fide: How many of the presentations are bona fide.
        total: How many there are, at least 1.
    """

    low: float
    high: float
    mean_score: float
    bona_fide: int
    total: int

    @property
    def share(self) -> float:
        """The share that is bona fide: what the score should be, were it a probability."""
        return self.bona_fide / self.total

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The exact interval of the share; see `fas.metrics.clopper_pearson`."""
        return clopper_pearson(self.bona_fide, self.total, confidence)


def reliability(scores: ArrayLike, labels: ArrayLike, bins: int = 10) -> list[ReliabilityBin]:
    """Sorts presentations into bins of equal width over [0, 1]; empty bins are left out.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 2, for the class bona fide.

    Args:
        scores: `(n,)` in [0, 1], n >= 1, high = bona fide.
        labels: `(n,)`, 1 = bona fide, 0 = attack.
        bins: At least 1.

    Raises:
        ValueError: The lengths differ, a score is outside [0, 1] or nan, or a label is neither 0 nor 1.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if values.shape != truth.shape or values.ndim != 1:
        raise ValueError(f"scores and labels differ: {values.shape}, {truth.shape}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("only scores in [0, 1] can be probabilities")
    if not np.isin(truth, (0, 1)).all():
        raise ValueError("labels are 1 (bona fide) or 0 (attack)")
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    return [
        ReliabilityBin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            mean_score=float(values[places == place].mean()),
            bona_fide=int(truth[places == place].sum()),
            total=int(np.count_nonzero(places == place)),
        )
        for place in np.unique(places).tolist()
    ]


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """The mean over presentations of |share - mean score| of their bin, in [0, 1] (Guo et al. 2017, equation 3)."""
    total = sum(one.total for one in bins)
    return sum(one.total * abs(one.share - one.mean_score) for one in bins) / total
