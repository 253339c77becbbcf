"""Metrics of presentation attack detection: numpy in, numbers out. Label 1 = bona fide, high score = bona fide."""

from fas.metrics.aggregate import presentation_scores
from fas.metrics.bootstrap import metric_replicates, percentile_interval
from fas.metrics.curve import ErrorCurve, auc, eer, eer_threshold
from fas.metrics.intervals import clopper_pearson
from fas.metrics.paired import Difference, McNemar, mcnemar, paired_differences
from fas.metrics.rates import ErrorRates, Level, Rate, error_rates, species_of

__all__ = [
    "Difference",
    "ErrorCurve",
    "ErrorRates",
    "Level",
    "McNemar",
    "Rate",
    "auc",
    "clopper_pearson",
    "eer",
    "eer_threshold",
    "error_rates",
    "mcnemar",
    "metric_replicates",
    "paired_differences",
    "percentile_interval",
    "presentation_scores",
    "species_of",
]
