"""Exact intervals against their definition: the tail probabilities of the binomial distribution."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from fas.metrics import Rate, clopper_pearson, rule_of_three


@given(total=st.integers(1, 400), data=st.data(), confidence=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_limits_have_the_tail_probability(total, data, confidence):
    errors = data.draw(st.integers(0, total))
    lower, upper = clopper_pearson(errors, total, confidence)
    assert 0 <= lower <= errors / total <= upper <= 1
    tail = (1 - confidence) / 2
    if errors > 0:
        assert binom.sf(errors - 1, total, lower) == pytest.approx(tail, rel=1e-6)
    if errors < total:
        assert binom.cdf(errors, total, upper) == pytest.approx(tail, rel=1e-6)


def test_equals_scipy():
    expected = binomtest(3, 40).proportion_ci(0.95, method="exact")
    assert clopper_pearson(3, 40) == pytest.approx((expected.low, expected.high))


def test_by_hand():
    # No error in n: (1 - upper)^n = 0.025.
    lower, upper = Rate(0, 20).interval()
    assert lower == 0.0
    assert (1 - upper) ** 20 == pytest.approx(0.025)
    lower, upper = Rate(20, 20).interval()
    assert upper == 1.0
    assert lower**20 == pytest.approx(0.025)


@pytest.mark.parametrize(("errors", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts(errors, total):
    with pytest.raises(ValueError, match="impossible"):
        clopper_pearson(errors, total)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_impossible_confidence(confidence):
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson(1, 2, confidence)


def test_rule_of_three():
    assert rule_of_three(1) == pytest.approx(0.95)
    assert rule_of_three(2) == pytest.approx(0.776393, abs=1e-6)  # 1 - sqrt(0.05)
    for total in (1, 3, 30, 100, 1000):
        # No error in n has the chance (1 - p)^n, 5 % at the limit.
        assert (1 - rule_of_three(total)) ** total == pytest.approx(0.05)
        assert rule_of_three(total, 0.99) > rule_of_three(total)
    for total in (30, 100, 1000):
        assert rule_of_three(total) == pytest.approx(3 / total, rel=0.06)


def test_rule_of_three_of_nothing():
    with pytest.raises(ValueError, match="at least one trial"):
        rule_of_three(0)
    with pytest.raises(ValueError, match="confidence"):
        rule_of_three(5, 1.0)
