"""The interval of a clustered rate: by hand, and against the bootstrap of all metrics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import metric_replicates, percentile_interval
from fas.metrics.clustered import rate_interval


def test_two_clusters_by_hand():
    # All of cluster a is wrong, nothing of b. Replicates: aa (1 of 4) 100 %, ab (2 of 4) 50 %, bb (1 of 4) 0 %.
    wrong, clusters = [True, True, False, False], ["a", "a", "b", "b"]
    assert rate_interval(wrong, clusters) == (0.0, 1.0)
    # Within the middle 40 % of the replicates there is nothing but 50 %.
    assert rate_interval(wrong, clusters, confidence=0.4) == (0.5, 0.5)


def test_agrees_with_all_equally_likely_draws():
    # Three clusters of different sizes: all 27 draws have the same chance.
    errors, totals = np.array([1, 0, 3]), np.array([2, 3, 4])
    wrong = np.concatenate([np.arange(total) < error for error, total in zip(errors, totals, strict=True)])
    draws = [list(draw) for draw in itertools.product(range(3), repeat=3)]
    rates = np.sort([errors[draw].sum() / totals[draw].sum() for draw in draws])
    found = rate_interval(wrong, np.repeat([0, 1, 2], totals), confidence=0.8, replicates=20000)
    assert found == pytest.approx((rates[2], rates[24]), abs=1e-9)  # the 10 % and 90 % quantiles lie inside these


def test_agrees_with_the_bootstrap_of_all_metrics():
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(30), 10)
    labels = np.tile([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], 30)
    scores = np.clip(rng.normal(0.3 + 0.4 * labels + 0.1 * (subjects % 5 == 0), 0.2), 0, 1)
    drawn = metric_replicates(scores, labels, np.full(300, "print"), 0.5, subjects, replicates=20000)
    is_attack = labels == 0
    for name, mask, wrong in (("apcer", is_attack, scores >= 0.5), ("bpcer", ~is_attack, scores < 0.5)):
        found = rate_interval(wrong[mask], subjects[mask], replicates=20000)
        assert found == pytest.approx(percentile_interval(drawn[name]), abs=0.01)


def test_nothing_and_everything_wrong_is_the_rule_of_three_over_clusters():
    limit = 1 - 0.05 ** (1 / 10)
    lower, upper = rate_interval([False] * 40, np.repeat(np.arange(10), 4))
    assert (lower, upper) == (0.0, pytest.approx(limit))
    assert rate_interval([True] * 40, np.repeat(np.arange(10), 4)) == (pytest.approx(1 - upper), 1.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
def test_limits_are_in_order_and_hold_nothing_that_is_impossible(rows):
    wrong, clusters = zip(*rows, strict=True)
    lower, upper = rate_interval(wrong, clusters, replicates=50)
    if len(set(clusters)) == 1 and len(set(wrong)) == 2:
        assert np.isnan([lower, upper]).all()
        return
    assert 0 <= lower <= upper <= 1
    assert rate_interval(wrong, clusters, replicates=50) == (lower, upper)


@pytest.mark.parametrize(("wrong", "clusters"), [([], []), ([True], [1, 2])])
def test_refuses(wrong, clusters):
    with pytest.raises(ValueError, match="differ or are empty"):
        rate_interval(wrong, clusters)
