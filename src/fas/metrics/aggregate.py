"""From scores of frames to scores of presentations, the unit that ISO/IEC 30107-3 counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def presentation_scores(presentations: ArrayLike, scores: ArrayLike) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The mean score of each presentation over its frames that have one.

    A frame without a score (no face, not decodable) is nan and is left out of the mean. A presentation without any
    scored frame gets nan: a failure to acquire, which the caller counts apart (the standard's non-response rates);
    `error_rates` and the threshold functions refuse nan, so it cannot pass for a decision.

    Args:
        presentations: `(n,)`, the presentation of each frame: integers or strings.
        scores: `(n,)`, the score of each frame. Infinities are kept.

    Returns:
        The distinct presentations, sorted, `(m,)`, and their scores, float64 `(m,)`.

    Raises:
        ValueError: The lengths differ, or a presentation has scores of both +inf and -inf, whose mean is undefined.
    """
    owners, values = np.asarray(presentations), np.asarray(scores, dtype=np.float64)
    if owners.shape != values.shape or owners.ndim != 1:
        raise ValueError(f"presentations and scores differ: {owners.shape}, {values.shape}")
    distinct, codes = np.unique(owners, return_inverse=True)
    has_score = ~np.isnan(values)
    frames = np.bincount(codes[has_score], minlength=distinct.size)
    with np.errstate(invalid="ignore"):
        sums = np.bincount(codes[has_score], weights=values[has_score], minlength=distinct.size)
        means = np.divide(sums, frames, out=np.full(distinct.size, np.nan), where=frames > 0)
    undefined = np.isnan(means) & (frames > 0)
    if undefined.any():
        raise ValueError(f"presentation {distinct[undefined][0]} has scores of both +inf and -inf")
    return distinct, means
