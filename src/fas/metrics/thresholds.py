"""Decision thresholds by rule. A presentation is accepted as bona fide if score >= threshold.

The candidates and ties are those of bob.measure 6, which the field compares against:

- `eer_threshold` and `min_hter_threshold` scan candidates in ascending order: the smallest score of all, then the
  midpoint of each two consecutive distinct scores, up to the first one that leaves all scores of one class below it.
  The least cost wins; of equal ones the later (higher) threshold, except that the last candidate must be strictly
  better. bob.measure adds up FAR and FRR in floating point, so that its ties may fall either way by rounding; here
  whole numbers are compared, and a tie is a tie.
- `far_threshold`, `frr_threshold` and `apcer_threshold` hold a rate at or below a target and return a score that
  occurs, not a midpoint. `pooled_apcer_threshold` is that of ROC curves instead, which bob.measure does not have.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fas.metrics.curve import ErrorCurve, checked_scores
from fas.metrics.species import SpeciesScores


def eer_threshold(attack_scores: ArrayLike, bona_fide_scores: ArrayLike) -> float:
    """The threshold at which FAR and FRR are closest; candidates and ties as the module says.

    Source: `bob.measure.eer_threshold`.

    Args:
        attack_scores: `(N,)`, N >= 1, all species pooled; high = bona fide.
        bona_fide_scores: `(P,)`, P >= 1.

    Raises:
        ValueError: A class is empty or a score is nan.
    """
    return ErrorCurve.from_scores(attack_scores, bona_fide_scores).eer_threshold()


def min_hter_threshold(attack_scores: ArrayLike, bona_fide_scores: ArrayLike) -> float:
    """The threshold of the least half total error rate, (FAR + FRR) / 2; candidates and ties as the module says.

    Source: `bob.measure.min_hter_threshold`.

    Args:
        attack_scores: `(N,)`, N >= 1, all species pooled; high = bona fide.
        bona_fide_scores: `(P,)`, P >= 1.

    Raises:
        ValueError: A class is empty or a score is nan.
    """
    return ErrorCurve.from_scores(attack_scores, bona_fide_scores).min_hter_threshold()


def far_threshold(attack_scores: ArrayLike, target: float) -> float:
    """The lowest attack score at which at most a share `target` of the attacks is accepted.

    Where even the highest attack score accepts more than that, it is the next number above it; a target of 1 gives the
    next number below the lowest. Source: `bob.measure.far_threshold`, which asks for two attacks; here one is enough.

    Args:
        attack_scores: `(N,)`, N >= 1. An attack of score +inf is accepted at every threshold, so that the target may
            be missed.
        target: In [0, 1].

    Raises:
        ValueError: There is no score, one is nan, or the target is not in [0, 1].
    """
    return _far_threshold(np.sort(checked_scores(attack_scores, "attack")), target)


def frr_threshold(bona_fide_scores: ArrayLike, target: float) -> float:
    """The highest bona fide score at which at most a share `target` of the bona fide presentations is rejected.

    A target of 1 gives the next number above the highest. Source: `bob.measure.frr_threshold`, with which it agrees
    where no two bona fide scores are equal. Of equal scores bob.measure counts all but one as rejected at a threshold
    that accepts them, so that its threshold may be too low, or even miss the target.

    Args:
        bona_fide_scores: `(P,)`, P >= 1.
        target: In [0, 1].

    Raises:
        ValueError: There is no score, one is nan, or the target is not in [0, 1].
    """
    return _frr_threshold(np.sort(checked_scores(bona_fide_scores, "bona fide")), target)


def apcer_threshold(scores: SpeciesScores, target: float) -> float:
    """The lowest threshold at which the APCER of the worst species is at most `target`.

    It is the highest `far_threshold` of all species. Source: bob.pad.base 6, criterion `bpcerN` with target 1 / N.

    Args:
        scores: At the level of species that is wanted.
        target: In [0, 1].

    Raises:
        ValueError: The target is not in [0, 1].
    """
    return max(_far_threshold(attacks, target) for attacks in scores.attacks.values())


def bpcer_threshold(scores: SpeciesScores, target: float) -> float:
    """The highest threshold at which BPCER is at most `target`: `frr_threshold` of scores that are sorted already."""
    return _frr_threshold(scores.bona_fide, target)


def pooled_apcer_threshold(scores: SpeciesScores, target: float) -> float:
    """The lowest threshold at which the pooled APCER is at most `target`: just above the first attack too many.

    Below the score that `far_threshold` gives there may be bona fide scores that it rejects in vain. This threshold
    accepts them, and gives the TPR that a ROC curve has at an FPR of at most `target`, as `sklearn.metrics.roc_curve`
    counts it.

    Args:
        scores: At any level of species.
        target: In [0, 1).

    Raises:
        ValueError: The target is not in [0, 1).
    """
    if target == 1:
        raise ValueError("every threshold holds a target of 1")
    refused = _most_errors(sum(one.size for one in scores.attacks.values()), target) + 1  # its place from the top
    highest = np.concatenate([one[-refused:] for one in scores.attacks.values()])
    return math.nextafter(np.sort(highest)[-refused], math.inf)


def _far_threshold(ascending: NDArray[np.float64], target: float) -> float:
    if target == 1:
        return math.nextafter(ascending[0], -math.inf)
    first_refused = ascending[ascending.size - 1 - _most_errors(ascending.size, target)]
    position = int(np.searchsorted(ascending, first_refused, side="right"))
    return math.nextafter(ascending[-1], math.inf) if position == ascending.size else float(ascending[position])


def _frr_threshold(ascending: NDArray[np.float64], target: float) -> float:
    if target == 1:
        return math.nextafter(ascending[-1], math.inf)
    return float(ascending[_most_errors(ascending.size, target)])


def _most_errors(total: int, target: float) -> int:
    """The largest number of errors whose rate, as a float, is at most the target."""
    if not 0 <= target <= 1:
        raise ValueError(f"the target of a rate is in [0, 1], not {target}")
    errors = int(target * total)  # perhaps one off, by rounding
    return errors + 1 if (errors + 1) / total <= target else errors - (errors / total > target)
