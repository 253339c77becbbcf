"""Operating points: what a threshold that holds one rate does to another, chosen on dev and read off the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report.formatting import count, interval, percent
from fas.evaluation.scores.table import ScoreTable
from fas.labels import ATTACK, BONA_FIDE
from fas.metrics import OPERATING_POINTS, ErrorRates, OperatingPoint, SpeciesScores


@dataclass(frozen=True)
class Reading:
    """An operating point at one threshold, on the test split.

    Attributes:
        value: What the point reports, in percent.
        held: The rate that the point is to hold, with its counts.
        missed: Whether that rate is above its target.
        threshold: Accept as bona fide if score >= threshold.
        interval: Of the value; empty where none is known.
    """

    value: str
    held: str
    missed: bool
    threshold: str
    interval: str = ""


@dataclass(frozen=True)
class PointRow:
    """An operating point.

    Attributes:
        name: As in tables of the literature.
        meaning: In words.
        dev: With the threshold that holds the rate on the dev split; None without a dev split.
        test: With the threshold that holds it on the test split itself, which is optimistic.
        resolved: Whether the test split is large enough for a single error to be within the target.
    """

    name: str
    meaning: str
    dev: Reading | None
    test: Reading
    resolved: bool


def operating_rows(evaluation: Evaluation, table: ScoreTable) -> list[PointRow]:
    """Every operating point of the test split.

    Args:
        evaluation: The evaluation of the test split.
        table: The scores that it is of; its dev split gives thresholds.
    """
    dev = _dev(evaluation, table)
    return [
        PointRow(
            name=point.name.replace("_", " "),
            meaning=point.meaning.replace("<=", "\N{LESS-THAN OR EQUAL TO}"),
            dev=None if dev is None else _reading(point, evaluation.scores.rates(point.threshold(dev))),
            test=_reading(point, evaluation.operating[point.name], interval(evaluation.intervals.of[point.name])),
            resolved=point.resolved(evaluation.scores),
        )
        for point in OPERATING_POINTS
    ]


def _dev(evaluation: Evaluation, table: ScoreTable) -> SpeciesScores | None:
    presentations = table.presentations(evaluation.aggregation)
    dev = presentations.where((presentations.split == "dev") & ~np.isnan(presentations.score))
    if not {ATTACK, BONA_FIDE} <= set(dev.label.tolist()):
        return None
    return SpeciesScores.from_presentations(dev.score, dev.label, dev.attack_type, evaluation.rates.level)


def _reading(point: OperatingPoint, rates: ErrorRates, limits: str = "") -> Reading:
    held = point.held_rate(rates)
    name = {"apcer": f"APCER {rates.worst_species}", "apcer_pooled": "APCER pooled", "bpcer": "BPCER"}[point.held]
    return Reading(
        value=percent(point.value(rates)),
        held=f"{name} {percent(held.value)} ({count(held)})",
        missed=held.value > point.target,
        threshold=f"{rates.threshold:.4g}",
        interval=limits,
    )
