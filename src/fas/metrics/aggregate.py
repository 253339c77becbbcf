"""From scores of frames to scores of presentations, the unit that ISO/IEC 30107-3 counts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Aggregation = Literal["mean", "median", "max", "last"]
"""How the scores of a presentation's frames become one."""


def presentation_scores(
    presentations: ArrayLike,
    scores: ArrayLike,
    aggregation: Aggregation = "mean",
    frames: ArrayLike | None = None,
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """One score for each presentation, from those of its frames that have one.

    A frame without a score (no face, not decodable) is nan and is left out, whatever the aggregation: `last` is the
    last frame **with** a score. A frame without a row is the same as one with nan. A presentation without any scored
    frame gets nan: a failure to acquire, which the caller counts apart (see `fas.metrics.non_responses`);
    `error_rates` and the threshold functions refuse nan, so it cannot pass for a decision.

    Args:
        presentations: `(n,)`, the presentation of each frame: integers or strings.
        scores: `(n,)`, the score of each frame. Infinities are kept.
        aggregation: `mean`; `median`, of an even number the mean of the middle two; `max`; or `last`.
        frames: `(n,)`, the number of each frame, for `last`; without it the order of the rows is the order in time.

    Returns:
        The distinct presentations, sorted, `(m,)`, and their scores, float64 `(m,)`.

    Raises:
        ValueError: The lengths differ, the aggregation is unknown, or the score is undefined because it is between
            +inf and -inf.
    """
    owners, values = np.asarray(presentations), np.asarray(scores, dtype=np.float64)
    if owners.shape != values.shape or owners.ndim != 1:
        raise ValueError(f"presentations and scores differ: {owners.shape}, {values.shape}")
    distinct, codes = np.unique(owners, return_inverse=True)
    has_score = ~np.isnan(values)
    codes, values = codes[has_score], values[has_score]
    counts = np.bincount(codes, minlength=distinct.size)
    with np.errstate(invalid="ignore"):  # inf - inf
        if aggregation == "mean":
            results = _means(codes, values, counts)
        elif aggregation == "median":
            results = _medians(codes, values, counts)
        elif aggregation == "max":
            results = _at(counts, values[np.lexsort((values, codes))], counts - 1)
        elif aggregation == "last":
            time = np.arange(values.size) if frames is None else np.asarray(frames)[has_score]
            results = _at(counts, values[np.lexsort((time, codes))], counts - 1)
        else:
            raise ValueError(f"the aggregation is mean, median, max or last, not {aggregation!r}")
    undefined = np.isnan(results) & (counts > 0)
    if undefined.any():
        raise ValueError(f"presentation {distinct[undefined][0]} has scores of both +inf and -inf")
    return distinct, results


def _means(codes: NDArray[np.intp], values: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    sums = np.bincount(codes, weights=values, minlength=counts.size)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(counts.size, np.nan), where=counts > 0)
    return means


def _medians(codes: NDArray[np.intp], values: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    ordered = values[np.lexsort((values, codes))]
    lower, upper = _at(counts, ordered, (counts - 1) // 2), _at(counts, ordered, counts // 2)
    # Not (lower + upper) / 2, which is inf for two large numbers; nor for equal ones, as inf - inf is nan.
    return np.where(lower == upper, lower, lower / 2 + upper / 2)


def _at(counts: NDArray[np.intp], grouped: NDArray[np.float64], places: NDArray[np.intp]) -> NDArray[np.float64]:
    """The value at a place within each group of consecutive values; nan for an empty group."""
    results = np.full(counts.size, np.nan)
    filled = counts > 0
    starts = np.cumsum(counts) - counts
    results[filled] = grouped[(starts + places)[filled]]
    return results
