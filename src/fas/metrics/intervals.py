"""Confidence intervals."""

from __future__ import annotations

import math

from scipy.special import betaincinv


def clopper_pearson(errors: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a binomial proportion.

    Source: Clopper and Pearson, Biometrika 26 (1934), by quantiles of the beta distribution. It holds for independent
    presentations; several presentations of one subject are not, so the true interval is wider.

    Args:
        errors: 0 <= errors <= total.
        total: At least 1.
        confidence: Confidence of the interval, in (0, 1).

    Returns:
        Lower and upper limit in [0, 1]; exactly 0 below no errors, exactly 1 above nothing but errors.

    Raises:
        ValueError: The counts are impossible or the confidence is not in (0, 1).
    """
    if total < 1 or not 0 <= errors <= total:
        raise ValueError(f"{errors} errors out of {total} is impossible")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence is in (0, 1), not {confidence}")
    tail = (1 - confidence) / 2
    lower = 0.0 if errors == 0 else float(betaincinv(errors, total - errors + 1, tail))
    upper = 1.0 if errors == total else float(betaincinv(errors + 1, total - errors, 1 - tail))
    return lower, upper


def rule_of_three(total: int, confidence: float = 0.95) -> float:
    """The upper limit of a rate of which no error was seen: about 3 / total at 95 %.

    The rate at which no error in `total` trials would have the chance 1 - confidence: 1 - (1 - confidence)^(1 / total),
    one-sided. For many trials that is -ln(1 - confidence) / total (Hanley and Lippman-Hand, JAMA 249, 1983), for few it
    stays below 1. A bootstrap draws from what was seen, so that without errors its interval is empty; this limit
    takes its place.

    Args:
        total: Independent trials without an error, at least 1.
        confidence: Confidence of the interval, in (0, 1).

    Raises:
        ValueError: The total is below 1 or the confidence is not in (0, 1).
    """
    if total < 1:
        raise ValueError(f"the rule of three needs at least one trial, not {total}")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence is in (0, 1), not {confidence}")
    return -math.expm1(math.log1p(-confidence) / total)
