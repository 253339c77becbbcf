"""The interval of one error rate whose presentations come in clusters, such as those of a subject."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fas.metrics.bootstrap import percentile_interval
from fas.metrics.intervals import rule_of_three


def rate_interval(
    wrong: ArrayLike, clusters: ArrayLike, *, confidence: float = 0.95, replicates: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The percentile interval of a rate over bootstrap replicates of the clusters.

    It is the bootstrap of `fas.metrics.metric_replicates` for a single rate at a fixed threshold, where the number of
    errors and of presentations of each cluster are all that matters. Where nothing (or everything) is wrong, the rule
    of three over the clusters takes the place of a bootstrap that would have nothing to draw from.

    Args:
        wrong: bool `(n,)`, n >= 1: which presentations were classified wrongly.
        clusters: `(n,)` integers or strings, such as the subject of each presentation.
        confidence: Confidence of the interval, in (0, 1).
        replicates: Number of replicates, at least 1.
        seed: Seed of the draws.

    Returns:
        Lower and upper limit in [0, 1]; nan where there is a single cluster with both errors and right decisions: its
        draws are all alike, which does not mean that the rate is known.

    Raises:
        ValueError: The lengths differ, or there is no presentation.
    """
    errors_of, names = np.asarray(wrong, dtype=bool), np.asarray(clusters)
    if errors_of.shape != names.shape or errors_of.ndim != 1 or errors_of.size == 0:
        raise ValueError(f"wrong and clusters differ or are empty: {errors_of.shape}, {names.shape}")
    codes = np.unique(names, return_inverse=True)[1]
    totals = np.bincount(codes)
    errors = np.bincount(codes, weights=errors_of)
    if not errors_of.any():
        return 0.0, rule_of_three(totals.size, confidence)
    if errors_of.all():
        return 1 - rule_of_three(totals.size, confidence), 1.0
    if totals.size == 1:
        return float("nan"), float("nan")
    # How often each cluster is drawn when as many are drawn as there are.
    draws = np.random.default_rng(seed).multinomial(totals.size, np.full(totals.size, 1 / totals.size), size=replicates)
    return percentile_interval((draws @ errors) / (draws @ totals), confidence)
