"""Confidence intervals of every metric of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fas.evaluation.scores.table import Presentations
from fas.labels import BONA_FIDE
from fas.metrics import (
    OPERATING_POINTS,
    Level,
    metric_replicates,
    percentile_interval,
    rule_of_three,
    species_of,
)

Unit = Literal["subjects", "presentations"]
"""The unit that a bootstrap draws."""

FEW_UNITS = 10
"""With fewer subjects than this, a bootstrap over them is only a hint."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval of a metric.

    Attributes:
        lower: The lower limit; nan if the metric is undefined in every replicate.
        upper: The upper limit.
        method: `bootstrap`, or `rule of three` if no (or every) decision was wrong.
    """

    lower: float
    upper: float
    method: Literal["bootstrap", "rule of three"]


@dataclass(frozen=True)
class Intervals:
    """The intervals of an evaluation and how they were computed.

    Attributes:
        of: Metric -> interval; the names are those of `fas.metrics.metric_replicates`.
        unit: What was drawn.
        units: How many of them there are.
        replicates: Bootstrap replicates.
        seed: Seed of the draws.
        confidence: Confidence of all intervals.
    """

    of: Mapping[str, Interval]
    unit: Unit
    units: int
    replicates: int
    seed: int
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """How the intervals were computed."""
        return {
            "method": "percentile bootstrap; rule of three where no or every decision was wrong",
            "unit": self.unit,
            "units": self.units,
            "replicates": self.replicates,
            "seed": self.seed,
            "confidence": self.confidence,
        }


def bootstrap_intervals(
    presentations: Presentations,
    values: Mapping[str, float],
    threshold: float,
    level: Level,
    *,
    unit: Unit,
    replicates: int,
    seed: int,
    confidence: float,
) -> Intervals:
    """Intervals of all metrics.

    The bootstrap draws from what was seen. Where no error was seen its interval is only zero; there the upper limit
    is the rule of three, over the subjects (or presentations) of the class: presentations of a subject that all go well
    are not independent evidence. Likewise below, where everything went wrong. Of ACER and HTER the limits are then the
    means of their parts' limits; of an EER of 0 the mean of what both classes allow, and of an AUC of 1 their sum
    below 1, as 1 - AUC is at most FAR + FRR at any threshold.

    Args:
        presentations: Presentations with a score.
        values: The metrics themselves, by the names of `metric_replicates`.
        threshold: The threshold of the error rates.
        level: The level of PAI species.
        unit: What the bootstrap draws.
        replicates: Number of replicates, at least 1.
        seed: Seed of the draws.
        confidence: Confidence of the interval, in (0, 1).
    """
    clusters = (
        np.unique(presentations.subject, return_inverse=True)[1]
        if unit == "subjects"
        else np.arange(len(presentations))
    )
    drawn = metric_replicates(
        presentations.score,
        presentations.label,
        presentations.attack_type,
        threshold,
        clusters,
        level=level,
        replicates=replicates,
        seed=seed,
    )
    limits = _limits(presentations, clusters, level, confidence)
    intervals = {
        name: _interval(values[name], percentile_interval(drawn[name], confidence), limits.get(name)) for name in drawn
    }
    for whole, part in (("acer", "apcer"), ("hter", "apcer_pooled")):
        parts = intervals[part], intervals["bpcer"]
        if any(one.method == "rule of three" for one in parts):
            lower, upper = sum(one.lower for one in parts) / 2, sum(one.upper for one in parts) / 2
            intervals[whole] = Interval(lower, upper, "rule of three")
    return Intervals(intervals, unit, int(clusters.max()) + 1, replicates, seed, confidence)


def _interval(value: float, drawn: tuple[float, float], limit: float | None) -> Interval:
    lower, upper = drawn
    if limit is not None and value == 0:
        return Interval(0.0, max(limit, upper), "rule of three")
    if limit is not None and value == 1:
        return Interval(min(1 - limit, lower), 1.0, "rule of three")
    return Interval(lower, upper, "bootstrap")


def _limits(
    presentations: Presentations, clusters: NDArray[np.intp], level: Level, confidence: float
) -> dict[str, float]:
    """How far each metric may be from 0 (or 1) if no (or every) decision was wrong."""

    def limit(mask: NDArray[np.bool_]) -> float:
        return rule_of_three(np.unique(clusters[mask]).size, confidence)

    is_attack = presentations.label != BONA_FIDE
    species = np.array(species_of(presentations.attack_type.tolist(), level), dtype=object)
    of_species = {name: limit(is_attack & (species == name)) for name in sorted(set(species[is_attack].tolist()))}
    bpcer, pooled = limit(~is_attack), limit(is_attack)
    limits = {"bpcer": bpcer, "apcer_pooled": pooled, "apcer": max(of_species.values())}
    return {
        **limits,
        "eer": (bpcer + pooled) / 2,
        "auc": min(1.0, bpcer + pooled),
        **{f"apcer/{name}": one for name, one in of_species.items()},
        **{point.name: limits[point.reported] for point in OPERATING_POINTS},
    }
