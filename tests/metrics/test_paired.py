"""Paired comparison: McNemar against its definition, bootstrap differences against a plain loop over the same draws."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import auc, eer, error_rates, mcnemar, metric_replicates, paired_differences


def test_mcnemar_by_hand():
    a = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 0], dtype=bool)
    b = np.array([0, 0, 0, 0, 0, 1, 1, 0, 1, 0], dtype=bool)
    result = mcnemar(a, b)
    assert (result.both_correct, result.only_a_correct, result.only_b_correct, result.both_wrong) == (2, 5, 1, 2)
    # Six disagreements; 0, 1, 5 or 6 of them for A: (1 + 6 + 6 + 1) / 64.
    assert result.p_value == pytest.approx(14 / 64)


@given(a=st.lists(st.booleans(), max_size=40), data=st.data())
def test_mcnemar_equals_the_sum_of_the_binomial(a, data):
    b = data.draw(st.lists(st.booleans(), min_size=len(a), max_size=len(a)))
    result = mcnemar(np.array(a, dtype=bool), np.array(b, dtype=bool))
    less = min(result.only_a_correct, result.only_b_correct)
    disagreements = result.only_a_correct + result.only_b_correct
    tail = sum(comb(disagreements, k) for k in range(less + 1)) / 2**disagreements
    assert result.p_value == pytest.approx(min(1.0, 2 * tail))
    assert disagreements + result.both_correct + result.both_wrong == len(a)
    assert mcnemar(np.array(b, dtype=bool), np.array(a, dtype=bool)).p_value == pytest.approx(result.p_value)


def test_mcnemar_refuses_what_are_no_decisions():
    with pytest.raises(ValueError, match="differ"):
        mcnemar([True], [True, False])
    with pytest.raises(ValueError, match="booleans"):
        mcnemar([0.5], [0.7])


def systems(seed: int, n: int = 200):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    types = np.where(labels == 1, "", rng.choice(["print/printer1", "replay/display1"], n))
    subjects = rng.integers(0, 12, n)
    ease = rng.normal(size=12)[subjects]
    a = labels + ease + rng.normal(0, 0.5, n)
    b = labels + ease + rng.normal(0, 0.9, n)
    return a.round(1), b.round(1), labels, types, subjects


def test_differences_are_those_of_the_two_systems():
    a, b, labels, types, subjects = systems(0)
    result = paired_differences(a, b, labels, types, (0.4, 0.6), subjects, replicates=50)
    rates_a, rates_b = error_rates(a, labels, types, 0.4), error_rates(b, labels, types, 0.6)
    for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter"):
        assert (result[name].a, result[name].b) == (getattr(rates_a, name), getattr(rates_b, name))
    assert result["eer"].value == pytest.approx(
        eer(a[labels == 0], a[labels == 1]) - eer(b[labels == 0], b[labels == 1]), abs=1e-15
    )
    assert result["auc"].a == pytest.approx(auc(a[labels == 0], a[labels == 1]), abs=1e-15)
    assert result["apcer/print"].a == rates_a.apcer_by_species["print"]


def test_both_systems_are_evaluated_on_the_same_draws():
    a, b, labels, types, subjects = systems(1)
    result = paired_differences(a, b, labels, types, (0.4, 0.6), subjects, replicates=99, seed=3)
    of_a, of_b = (
        metric_replicates(scores, labels, types, threshold, subjects, replicates=99, seed=3)
        for scores, threshold in ((a, 0.4), (b, 0.6))
    )
    for name, difference in result.items():
        drawn = of_a[name] - of_b[name]
        assert difference.interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
        one_side = 1 + min(np.sum(drawn <= 0), np.sum(drawn >= 0))
        assert difference.p_value == pytest.approx(min(1.0, 2 * one_side / 100))


def test_a_system_does_not_differ_from_itself():
    a, _, labels, types, subjects = systems(2)
    for difference in paired_differences(a, a, labels, types, (0.5, 0.5), subjects, replicates=20).values():
        assert (difference.value, difference.interval, difference.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_pairing_narrows_the_interval_of_alike_systems():
    a, b, labels, types, subjects = systems(3, 2000)
    paired = paired_differences(a, b, labels, types, (0.5, 0.5), subjects, replicates=300)["auc"]
    alone_a, alone_b = (
        metric_replicates(scores, labels, types, 0.5, subjects, replicates=300, seed=seed)["auc"]
        for scores, seed in ((a, 1), (b, 2))
    )
    apart = np.quantile(alone_a - alone_b, [0.025, 0.975])
    assert np.diff(paired.interval)[0] < 0.7 * np.diff(apart)[0]
    assert paired.value > 0
    assert paired.p_value < 0.05


def test_a_species_of_one_subject_is_undefined_where_it_was_not_drawn():
    scores, labels = [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]
    types, subjects = ["mask", "print", "", ""], ["s1", "s2", "s3", "s4"]
    result = paired_differences(scores, scores, labels, types, (0.5, 0.5), subjects, replicates=400)
    # It is drawn in 1 - (3/4)^4 of the replicates.
    assert result["apcer/mask"].replicates == pytest.approx(400 * (1 - (3 / 4) ** 4), abs=40)
