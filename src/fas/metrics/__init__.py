"""Metrics of presentation attack detection: numpy in, numbers out. Label 1 = bona fide, high score = bona fide."""

from fas.metrics.acquisition import NonResponses, failures_as_rejections, non_responses
from fas.metrics.aggregate import Aggregation, presentation_scores
from fas.metrics.bootstrap import metric_replicates, percentile_interval
from fas.metrics.curve import ErrorCurve, auc, eer
from fas.metrics.intervals import clopper_pearson, rule_of_three
from fas.metrics.operating import OPERATING_POINTS, OperatingPoint, operating_points
from fas.metrics.paired import Difference, McNemar, mcnemar, paired_differences
from fas.metrics.rates import ErrorRates, Level, Rate, species_of
from fas.metrics.species import SpeciesScores, error_rates
from fas.metrics.thresholds import (
    apcer_threshold,
    bpcer_threshold,
    eer_threshold,
    far_threshold,
    frr_threshold,
    min_hter_threshold,
    pooled_apcer_threshold,
)

__all__ = [
    "OPERATING_POINTS",
    "Aggregation",
    "Difference",
    "ErrorCurve",
    "ErrorRates",
    "Level",
    "McNemar",
    "NonResponses",
    "OperatingPoint",
    "Rate",
    "SpeciesScores",
    "apcer_threshold",
    "auc",
    "bpcer_threshold",
    "clopper_pearson",
    "eer",
    "eer_threshold",
    "error_rates",
    "failures_as_rejections",
    "far_threshold",
    "frr_threshold",
    "mcnemar",
    "metric_replicates",
    "min_hter_threshold",
    "non_responses",
    "operating_points",
    "paired_differences",
    "percentile_interval",
    "pooled_apcer_threshold",
    "presentation_scores",
    "rule_of_three",
    "species_of",
]
