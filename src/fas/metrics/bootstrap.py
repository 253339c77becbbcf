"""Bootstrap replicates of all metrics together: scores are sorted once, replicates are weighted counts of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fas.metrics.rates import Level, checked_presentations
from fas.metrics.scale import Counts
from fas.metrics.weighted import SortedScores

Floats = NDArray[np.float64]

_CELLS = 1 << 22
"""Weights in memory at a time, 16 MiB in each of a few arrays. One replicate is always taken as a whole."""

_SMALL = 1 << 24
"""Below so many presentations no count or product of counts leaves four bytes, which add up four times as fast."""


def metric_replicates(
    scores: ArrayLike,
    labels: ArrayLike,
    attack_types: ArrayLike,
    threshold: float,
    clusters: ArrayLike,
    *,
    level: Level = "coarse",
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, Floats]:
    """Every metric over bootstrap replicates of the presentations.

    A replicate draws as many clusters as there are, with replacement, and takes all presentations of each drawn
    cluster as often as it was drawn. With subjects as clusters this respects that presentations of one subject are
    alike; with one cluster per presentation it is the ordinary bootstrap. Source: Davison and Hinkley, Bootstrap
    Methods and their Application (1997), section 3.8 (first stage only).

    The threshold is the same in all replicates; EER, AUC and the operating points, which choose their own thresholds
    on the scores, choose them again in each. Each value is what the functions of `fas.metrics` give for the
    presentations of the replicate, repeated as drawn.

    Args:
        scores: `(n,)`, one per presentation, high = bona fide. Infinities are allowed.
        labels: `(n,)`, 1 = bona fide, 0 = attack.
        attack_types: `(n,)` strings; those of bona fide presentations are not read.
        threshold: Accept as bona fide if score >= threshold.
        clusters: `(n,)` integers or strings, such as the subject of each presentation.
        level: The level of PAI species.
        replicates: Number of replicates, at least 1.
        seed: Seed of the draws. Equal seeds and clusters give equal draws.

    Returns:
        Metric -> float64 `(replicates,)`: `apcer`, `apcer_pooled`, `bpcer`, `acer`, `hter`, `eer`, `auc`,
        `apcer/<species>` for each species, and the names of `fas.metrics.OPERATING_POINTS`. A replicate without bona
        fide presentations, without attacks or without a species has nan where the metric is undefined; APCER is the
        maximum over the species that were drawn.

    Raises:
        ValueError: As `fas.metrics.error_rates`; or `replicates` is below 1.
    """
    sample = SortedScores(*checked_presentations(scores, labels, attack_types), threshold, level)
    return replicates_of([sample], clusters, replicates, seed)[0]


def replicates_of(
    samples: Sequence[SortedScores], clusters: ArrayLike, replicates: int, seed: int
) -> list[dict[str, Floats]]:
    """Replicates of several systems on the same presentations, with the same draws; see `metric_replicates`."""
    names, codes = np.unique(np.asarray(clusters), return_inverse=True)
    if any(codes.shape != (sample.size,) for sample in samples):
        raise ValueError(f"clusters have shape {codes.shape}, scores {[(sample.size,) for sample in samples]}")
    parts: list[list[dict[str, Floats]]] = [[] for _ in samples]
    dtype = np.int32 if codes.size < _SMALL else np.int64
    for counts in _draws(names.size, replicates, max(1, _CELLS // codes.size), seed):
        counts = counts.astype(dtype)
        for sample, part in zip(samples, parts, strict=True):
            part.append(sample.metrics(counts.take(codes[sample.order], axis=1)))
    return [{name: np.concatenate([one[name] for one in part]) for name in part[0]} for part in parts]


def percentile_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of replicates; those that are undefined (nan) are left out.

    Returns:
        Lower and upper limit; both nan if no replicate is defined.
    """
    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    if array.size == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(array, [tail, 1 - tail])
    return float(lower), float(upper)


def _draws(clusters: int, replicates: int, rows: int, seed: int) -> Iterator[Counts]:
    """How often each cluster is drawn: `(at most rows, clusters)` at a time, `replicates` rows in all."""
    if replicates < 1:
        raise ValueError(f"the number of replicates is at least 1, not {replicates}")
    generator = np.random.default_rng(seed)
    for start in range(0, replicates, rows):
        here = min(rows, replicates - start)
        drawn = generator.integers(clusters, size=(here, clusters))
        drawn += np.arange(here)[:, None] * clusters
        yield np.bincount(drawn.ravel(), minlength=here * clusters).reshape(here, clusters)
