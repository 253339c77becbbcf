"""An evaluation as plain JSON: every metric with its interval, every rate with its counts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.intervals import Interval
from fas.files import write_text
from fas.metrics import OPERATING_POINTS, OperatingPoint, Rate


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """The content of `evaluation.json` and of `fas evaluate --json`.

    `interval` is that of the bootstrap (or the rule of three) over `interval.unit`; `exact_interval` is Clopper and
    Pearson's for the same counts, as if presentations were independent. Thresholds are in the direction of the scores
    file (`higher_is`). Operating points that too few presentations cannot resolve are here too, with `resolved: false`.
    """
    rates, intervals = evaluation.rates, evaluation.intervals.of
    by_species = {name: _rate(rate, intervals[f"apcer/{name}"]) for name, rate in rates.attacks.items()}
    return {
        "split": "test",
        "simulated": evaluation.simulated,
        "threshold": {
            "value": _number(evaluation.of_file(evaluation.threshold.value)),
            "rule": evaluation.threshold.rule,
            "origin": evaluation.threshold.origin,
        },
        "higher_is": evaluation.higher_is,
        "accepted_if": f"score {evaluation.accepted_if} threshold",
        "level": rates.level,
        "aggregation": evaluation.aggregation,
        "apcer": {**_rate(rates.attacks[rates.worst_species], intervals["apcer"]), "species": rates.worst_species},
        "apcer_by_species": by_species,
        "apcer_by_fine_species": {name: _rate(rate) for name, rate in evaluation.fine.attacks.items()},
        "apcer_pooled": _rate(rates.pooled_attacks, intervals["apcer_pooled"]),
        "bpcer": _rate(rates.bona_fide, intervals["bpcer"]),
        "acer": {"value": rates.acer, **_interval(intervals["acer"])},
        "hter": {"value": rates.hter, **_interval(intervals["hter"])},
        "eer": {"value": evaluation.eer, **_interval(intervals["eer"]), "computed_on": "test", "optimistic": True},
        "auc": {"value": evaluation.auc, **_interval(intervals["auc"])},
        "operating_points": _operating_points(evaluation),
        "failures_to_acquire": _failures(evaluation),
        "counts": evaluation.counts,
        "interval": evaluation.intervals.to_json(),
        "warnings": list(evaluation.warnings),
        "provenance": None if evaluation.provenance is None else dict(evaluation.provenance),
    }


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Writes `evaluation_json` to a file, as a whole or not at all.

    Raises:
        FasError: The file cannot be written.
    """
    write_text(path, json.dumps(evaluation_json(evaluation), indent=2, allow_nan=False) + "\n")


def _operating_points(evaluation: Evaluation) -> dict[str, Any]:
    return {
        point.name: {
            **_point(evaluation, point),
            **_interval(evaluation.intervals.of[point.name]),
            "resolved": point.resolved(evaluation.scores),
        }
        for point in OPERATING_POINTS
    }


def _point(evaluation: Evaluation, point: OperatingPoint) -> dict[str, Any]:
    rates = evaluation.operating[point.name]
    held = point.held_rate(rates)
    return {
        "value": point.value(rates),
        "meaning": point.meaning,
        "threshold": _number(evaluation.of_file(rates.threshold)),
        "computed_on": "test",
        "optimistic": True,
        "held": {"rate": point.held, "target": point.target, "value": held.value, **_counts(held)},
        "counts": rates.counts,
    }


def _failures(evaluation: Evaluation) -> dict[str, Any]:
    """Failures to acquire: how many, and the error rates where they count as rejections."""
    failed, rates = evaluation.non_responses, evaluation.with_failures
    return {
        "rate": _rate(failed.pooled),
        "bona_fide": None if failed.bona_fide is None else _rate(failed.bona_fide),
        "attacks": {name: _rate(rate) for name, rate in failed.attacks.items()},
        "as_rejections": {
            "apcer": {**_rate(rates.attacks[rates.worst_species]), "species": rates.worst_species},
            "apcer_pooled": _rate(rates.pooled_attacks),
            "bpcer": _rate(rates.bona_fide),
            "acer": {"value": rates.acer},
            "hter": {"value": rates.hter},
        },
    }


def _rate(rate: Rate, interval: Interval | None = None) -> dict[str, Any]:
    exact = list(rate.interval())
    shown = {"interval": exact, "interval_method": "Clopper-Pearson"} if interval is None else _interval(interval)
    return {"value": rate.value, **_counts(rate), **shown, "exact_interval": exact}


def _counts(rate: Rate) -> dict[str, int]:
    return {"errors": rate.errors, "total": rate.total}


def _interval(interval: Interval) -> dict[str, Any]:
    limits = [None if math.isnan(limit) else limit for limit in (interval.lower, interval.upper)]
    return {"interval": limits, "interval_method": interval.method}


def _number(value: float) -> float | str:
    """JSON has no infinity; a threshold of infinite scores is one."""
    return value if math.isfinite(value) else str(value)
