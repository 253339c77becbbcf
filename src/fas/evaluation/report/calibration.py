"""Whether a score can be read as a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.evaluation.report.plot import BONA_FIDE_COLOUR, Plot
from fas.labels import BONA_FIDE
from fas.metrics.calibration import ReliabilityBin, expected_calibration_error, reliability


@dataclass(frozen=True)
class Calibration:
    """Reliability of the test presentations' scores.

    Attributes:
        bins: Those that are not empty.
        error: The expected calibration error.
        prior: The share of bona fide presentations.
    """

    bins: list[ReliabilityBin]
    error: float
    prior: float


def calibration(evaluation: Evaluation) -> Calibration | None:
    """The reliability of the scores; None where they leave [0, 1], and so are not probabilities."""
    presentations = evaluation.presentations
    if presentations.score.min() < 0 or presentations.score.max() > 1:
        return None
    bins = reliability(presentations.score, presentations.label)
    return Calibration(bins, expected_calibration_error(bins), float(np.mean(presentations.label == BONA_FIDE)))


def reliability_chart(bins: list[ReliabilityBin]) -> str:
    """The share of bona fide presentations over the mean score of each bin, with intervals and counts."""
    plot = Plot("Reliability: the share of bona fide presentations over their score", 300, (0, 1), (0, 1))
    plot.axes("mean score of the bin", "share that is bona fide", percent_y=True)
    plot.line(plot.x(0), plot.y(0), plot.x(1), plot.y(1), "threshold")
    for one in bins:
        lower, upper = one.interval(CONFIDENCE)
        plot.line(plot.x(one.mean_score), plot.y(lower), plot.x(one.mean_score), plot.y(upper), "interval")
    for one in bins:
        plot.mark(one.mean_score, one.share, BONA_FIDE_COLOUR)
    return plot.svg()
