"""How the report writes numbers, and its verdict."""

from __future__ import annotations

import math

from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.evaluation.intervals import Interval
from fas.metrics import Rate

CONFIDENCE_TEXT = f"{100 * CONFIDENCE:g}\N{NO-BREAK SPACE}%"
"""The confidence of all intervals."""


def verdict(evaluation: Evaluation) -> str:
    """What was found, in one sentence, without an opinion."""
    rates, counts, intervals = evaluation.rates, evaluation.counts, evaluation.intervals.of
    data = {True: "simulated presentations", False: "presentations", None: "presentations of unknown origin"}
    return (
        f"At the threshold {evaluation.threshold.value:.4g} ({evaluation.threshold.rule}), "
        f"{percent(rates.apcer)} of the attacks of the worst species ({rates.worst_species}) pass as bona fide "
        f"({CONFIDENCE_TEXT} interval {interval(intervals['apcer'])}) and {percent(rates.bpcer)} of the bona fide "
        f"presentations are rejected ({interval(intervals['bpcer'])}), over {counts['presentations']} "
        f"{data[evaluation.simulated]} of {counts['subjects']} subjects."
    )


def percent(value: float) -> str:
    """A share in percent with two decimals; the number and its sign stay on one line."""
    return f"{100 * value:.2f}\N{NO-BREAK SPACE}%"


def limits(lower: float, upper: float) -> str:
    """The limits of an interval of a share."""
    return "undefined" if math.isnan(lower) else f"{100 * lower:.2f} to {percent(upper)}"


def interval(one: Interval) -> str:
    """An interval of a share."""
    return limits(one.lower, one.upper)


def count(rate: Rate) -> str:
    """Errors of a total."""
    return f"{rate.errors} of {rate.total}"


def about_intervals(evaluation: Evaluation) -> str:
    """How the intervals of the metrics were computed."""
    made = evaluation.intervals
    text = f"Bootstrap over {made.units} {made.unit}, {made.replicates} replicates, seed {made.seed}"
    if any(one.method == "rule of three" for one in made.of.values()):
        text += "; the rule of three where no (or every) decision was wrong"
    return f"{text}."
