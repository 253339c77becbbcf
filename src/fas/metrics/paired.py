"""Two systems on the same presentations: McNemar's test, and a paired bootstrap of the difference of any metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from fas.metrics.bootstrap import percentile_interval, replicates_of
from fas.metrics.rates import Level, checked_presentations
from fas.metrics.weighted import SortedScores


@dataclass(frozen=True, slots=True)
class McNemar:
    """Decisions of two systems on the same presentations.

    Attributes:
        both_correct: Presentations that both classify rightly.
        only_a_correct: Those that A alone classifies rightly.
        only_b_correct: Those that B alone classifies rightly.
        both_wrong: Those that both classify wrongly.
        p_value: Exact and two-sided: how often so uneven a split of the disagreements, or a more uneven one, occurs if
            the systems are equally good. 1 if they never disagree.
    """

    both_correct: int
    only_a_correct: int
    only_b_correct: int
    both_wrong: int
    p_value: float


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> McNemar:
    """McNemar's exact test of two systems that decided on the same presentations.

    Only the presentations on which they disagree matter; under equal error rates each system is right on half of
    them, so their split is binomial. Source: McNemar, Psychometrika 12 (1947), in the exact form. Presentations count
    as independent; several of one subject are not, so the p-value is too small then (see `paired_differences`).

    Args:
        correct_a: Booleans `(n,)`: whether system A classified each presentation rightly.
        correct_b: The same for system B, in the same order.

    Raises:
        ValueError: The arrays differ in length, are not boolean or have more than one dimension.
    """
    a, b = np.asarray(correct_a), np.asarray(correct_b)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"the decisions of the two systems differ: {a.shape}, {b.shape}")
    if a.dtype != np.bool_ or b.dtype != np.bool_:
        raise ValueError(f"decisions are booleans, not {a.dtype} and {b.dtype}")
    only_a, only_b = int(np.count_nonzero(a & ~b)), int(np.count_nonzero(b & ~a))
    p_value = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return McNemar(int(np.count_nonzero(a & b)), only_a, only_b, int(np.count_nonzero(~a & ~b)), p_value)


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of two systems on the same presentations.

    Attributes:
        a: The metric of system A.
        b: The metric of system B.
        interval: Of `value`, by percentiles of the paired bootstrap; nan if no replicate is defined.
        p_value: Two-sided: twice the smaller share of replicates with a difference on either side of zero, those with
            none on both sides, and one replicate added to each so that it is never 0; at most 1.
        replicates: How many replicates are defined: a metric of a species needs a replicate that has it.
    """

    a: float
    b: float
    interval: tuple[float, float]
    p_value: float
    replicates: int

    @property
    def value(self) -> float:
        """The metric of A minus that of B."""
        return self.a - self.b


def paired_differences(
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    labels: ArrayLike,
    attack_types: ArrayLike,
    thresholds: tuple[float, float],
    clusters: ArrayLike,
    *,
    level: Level = "coarse",
    replicates: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, Difference]:
    """The difference of every metric between two systems, with its interval over the choice of subjects.

    Both systems are evaluated on the same draws of clusters, so that what is easy or hard for both cancels out.

    Args:
        scores_a: `(n,)`, of system A, high = bona fide.
        scores_b: `(n,)`, of system B for the same presentations in the same order.
        labels: `(n,)`, 1 = bona fide, 0 = attack.
        attack_types: `(n,)` strings.
        thresholds: Of A and of B.
        clusters: `(n,)`, the subject of each presentation, or a number of its own for each.
        level: The level of PAI species.
        replicates: Number of replicates, at least 1.
        seed: Seed of the draws.
        confidence: Confidence of the intervals.

    Returns:
        Metric -> difference; the names are those of `fas.metrics.metric_replicates`.

    Raises:
        ValueError: As `fas.metrics.metric_replicates`.
    """
    systems = [
        SortedScores(*checked_presentations(scores, labels, attack_types), threshold, level)
        for scores, threshold in zip((scores_a, scores_b), thresholds, strict=True)
    ]
    point_a, point_b = (system.metrics(np.ones((1, system.size), dtype=np.int32)) for system in systems)
    drawn_a, drawn_b = replicates_of(systems, clusters, replicates, seed)
    differences = {}
    for name, of_a in drawn_a.items():
        drawn = of_a - drawn_b[name]
        drawn = drawn[~np.isnan(drawn)]
        one_side = 1 + min(int(np.count_nonzero(drawn <= 0)), int(np.count_nonzero(drawn >= 0)))
        differences[name] = Difference(
            a=float(point_a[name][0]),
            b=float(point_b[name][0]),
            interval=percentile_interval(drawn, confidence),
            p_value=min(1.0, 2 * one_side / (drawn.size + 1)),
            replicates=drawn.size,
        )
    return differences
