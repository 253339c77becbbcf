"""Operating points against a loop over all thresholds, and against scikit-learn's ROC."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from fas.metrics import OPERATING_POINTS, ErrorCurve, SpeciesScores, error_rates, operating_points

attacks = st.tuples(st.integers(0, 12), st.just(0), st.sampled_from(["print/1", "print/2", "replay", "mask"]))
bona_fide = st.tuples(st.integers(0, 12), st.just(1), st.just(""))
presentations = st.tuples(st.lists(attacks, min_size=1, max_size=25), st.lists(bona_fide, min_size=1, max_size=25)).map(
    lambda both: both[0] + both[1]
)


@given(rows=presentations, level=st.sampled_from(["coarse", "fine"]))
def test_holds_the_rate_and_reports_the_best_that_any_threshold_can(rows, level):
    scores, labels, types = zip(*rows, strict=True)
    sample = SpeciesScores.from_presentations(scores, labels, types, level)
    found = operating_points(sample)
    everywhere = [error_rates(scores, labels, types, threshold - 0.5, level) for threshold in range(15)]
    for point in OPERATING_POINTS:
        rates = found[point.name]
        assert getattr(rates, point.held) <= point.target
        assert point.held_rate(rates).value == getattr(rates, point.held)
        if point.held == "apcer":  # bob's rule takes a score of an attack, and may reject more than it must
            continue
        values = [point.value(one) for one in everywhere if getattr(one, point.held) <= point.target]
        assert point.value(rates) == (max(values) if point.complement else min(values))


def test_tpr_at_fpr_equals_scikit_learn():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 30_000)
    scores = rng.normal(labels * 3.0)
    types = np.where(labels == 1, "", "print")
    found = operating_points(SpeciesScores.from_presentations(scores, labels, types))
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    for target in (1e-2, 1e-3, 1e-4):
        (point,) = [one for one in OPERATING_POINTS if one.name == f"tpr_at_fpr_{target:g}"]
        assert point.value(found[point.name]) == pytest.approx(tpr[fpr <= target].max(), abs=1e-12)
    assert 1 - found["tdr_at_fdr_0.02"].apcer_pooled == pytest.approx(1 - fpr[1 - tpr <= 0.02].min(), abs=1e-12)


def test_what_too_few_presentations_cannot_resolve():
    sample = SpeciesScores.from_presentations(
        np.arange(130.0), [0] * 30 + [1] * 100, ["mask"] * 10 + ["print"] * 20 + [""] * 100
    )
    resolved = {point.name for point in OPERATING_POINTS if point.resolved(sample)}
    # 10 masks: one is 10 %; 100 bona fide: one is 1 %; 30 attacks: one is 3.3 %.
    assert resolved == {"bpcer10", "apcer10", "apcer20", "apcer100", "tdr_at_fdr_0.02"}


def test_names_are_unique():
    assert len({point.name for point in OPERATING_POINTS}) == len(OPERATING_POINTS)


def test_det_of_normal_scores_is_a_line():
    rng = np.random.default_rng(2)
    curve = ErrorCurve.from_scores(rng.normal(-1, 1, 40_000), rng.normal(1, 1, 40_000))
    far, frr = curve.det()
    inside = (np.abs(far) < 2) & (np.abs(frr) < 2)
    # Phi^-1(FAR) = -(t + 1) and Phi^-1(FRR) = t - 1 add up to -2.
    assert np.abs(far[inside] + frr[inside] + 2).max() < 0.1
    assert (far[0], frr[0], far[-1], frr[-1]) == (np.inf, -np.inf, -np.inf, np.inf)
