"""EER, its threshold and AUC: against a plain loop over the stated rule, scikit-learn, and numbers by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from fas.metrics import ErrorCurve, auc, eer, eer_threshold

# Few distinct values, so that ties within and between the classes are common.
coarse = st.lists(st.integers(-4, 4).map(lambda i: i / 4), min_size=1, max_size=12)
wild = st.lists(st.floats(allow_nan=False, allow_infinity=True), min_size=1, max_size=12)
scores = st.one_of(coarse, wild)


def loop_eer_threshold(attacks: list[float], bona_fide: list[float]) -> float:
    """The rule as a plain loop over candidates with exact fractions, written from its statement alone."""
    distinct = sorted({*attacks, *bona_fide})
    best_gap, best_threshold = None, None
    for index, score in enumerate(distinct):
        far = Fraction(sum(a >= score for a in attacks), len(attacks))
        frr = Fraction(sum(b < score for b in bona_fide), len(bona_fide))
        last = far == 0 or frr == 1
        gap = abs(far - frr)
        if best_gap is None or gap < best_gap or (gap == best_gap and not last):
            threshold = score
            if index > 0:
                lower = distinct[index - 1]
                middle = (lower + score) / 2
                threshold = middle if lower < middle <= score else score
            best_gap, best_threshold = gap, threshold
        if last:
            break
    assert best_threshold is not None
    return best_threshold


@given(attacks=scores, bona_fide=scores)
def test_threshold_equals_the_plain_loop(attacks, bona_fide):
    assert eer_threshold(attacks, bona_fide) == loop_eer_threshold(attacks, bona_fide)


@given(attacks=scores, bona_fide=scores)
def test_eer_is_the_hter_at_its_threshold(attacks, bona_fide):
    threshold = eer_threshold(attacks, bona_fide)
    far = np.mean(np.asarray(attacks) >= threshold)
    frr = np.mean(np.asarray(bona_fide) < threshold)
    assert eer(attacks, bona_fide) == pytest.approx((far + frr) / 2, abs=1e-15)


@pytest.mark.parametrize(
    ("attacks", "bona_fide", "threshold", "rate"),
    [
        ([0.1, 0.2], [0.8, 0.9], 0.5, 0.0),  # separated: halfway between the classes
        ([0.8, 0.9], [0.1, 0.2], 0.5, 1.0),  # inverted: |FAR - FRR| = 0 at 0.5, where everything is wrong
        ([0.5], [0.5], 0.5, 0.5),  # all equal: accept all; above all is not better
        ([0.0], [1.0], 0.5, 0.0),
        ([1.0], [0.0], 0.5, 1.0),  # at 0 FAR - FRR = 1, at the midpoint 1 - 1 = 0
        ([0, 1, 2, 3], [2, 3, 4, 5], 2.5, 0.25),  # at 2.5: FAR 1/4 (3), FRR 1/4 (2)
        ([0, 2], [1, 3, 4], 1.5, 5 / 12),  # at 0.5, 1.5, 2.5: |1/2-0|, |1/2-1/3|, |0-1/3|
        ([0, 1], [0.5], 0.25, 0.25),  # at 0.25 FAR 1/2, FRR 0; at 0.75 FAR 1/2, FRR 1 ends a list: a tie, strict
        ([0, 1, 4], [2, 3, 5], 2.5, 1 / 3),  # FAR = FRR = 1/3 only at 2.5
        ([1, 2, 2, 3], [2, 4], 2.5, 0.375),  # at 1.5 FAR 3/4, FRR 0; at 2.5 FAR 1/4, FRR 1/2; at 3.5 FAR 0 (last)
    ],
)
def test_by_hand(attacks, bona_fide, threshold, rate):
    assert eer_threshold(attacks, bona_fide) == threshold
    assert eer(attacks, bona_fide) == pytest.approx(rate, abs=1e-15)


def test_tie_takes_the_later_threshold():
    # attacks 1, 3; bona fide 0, 2, 4: at 0.5 gap 2/3, at 1.5 |1/2 - 1/3| = 1/6, at 2.5 |1/2 - 2/3| = 1/6: the later.
    assert eer_threshold([1, 3], [0, 2, 4]) == 2.5


@given(attacks=coarse, bona_fide=coarse)
def test_auc_equals_scikit_learn_and_pair_counting(attacks, bona_fide):
    value = auc(attacks, bona_fide)
    labels = [0] * len(attacks) + [1] * len(bona_fide)
    assert value == pytest.approx(roc_auc_score(labels, attacks + bona_fide), abs=1e-12)
    pairs = sum((b > a) + 0.5 * (b == a) for a in attacks for b in bona_fide)
    assert value == pytest.approx(pairs / (len(attacks) * len(bona_fide)), abs=1e-15)


@given(attacks=wild, bona_fide=wild)
def test_auc_of_any_floats(attacks, bona_fide):
    pairs = sum((b > a) + 0.5 * (b == a) for a in attacks for b in bona_fide)
    assert auc(attacks, bona_fide) == pytest.approx(pairs / (len(attacks) * len(bona_fide)), abs=1e-15)


def test_curve_equals_scikit_learn_roc():
    rng = np.random.default_rng(0)
    attacks, bona_fide = rng.normal(size=500).round(2), rng.normal(1.0, size=300).round(2)
    curve = ErrorCurve.from_scores(attacks, bona_fide)
    labels = np.repeat([0, 1], [500, 300])
    fpr, tpr, thresholds = roc_curve(labels, np.concatenate([attacks, bona_fide]), drop_intermediate=False)
    # scikit-learn descends from above all scores.
    np.testing.assert_allclose(curve.far[::-1], fpr)
    np.testing.assert_allclose(curve.frr[::-1], 1 - tpr)
    np.testing.assert_array_equal(curve.scores[::-1], thresholds[1:])


@given(attacks=scores, bona_fide=scores)
def test_permutation_changes_nothing(attacks, bona_fide):
    shuffled = ErrorCurve.from_scores(attacks[::-1], sorted(bona_fide))
    curve = ErrorCurve.from_scores(attacks, bona_fide)
    assert (curve.eer_threshold(), curve.eer(), curve.auc()) == (
        shuffled.eer_threshold(),
        shuffled.eer(),
        shuffled.auc(),
    )


@given(attacks=scores, bona_fide=scores)
def test_increasing_transforms_keep_eer_and_auc(attacks, bona_fide):
    ranks = {value: rank for rank, value in enumerate(sorted({*attacks, *bona_fide}))}

    def transform(values: list[float]) -> list[float]:
        return [ranks[value] ** 3 * 7.0 - 100 for value in values]

    assert eer(transform(attacks), transform(bona_fide)) == eer(attacks, bona_fide)
    assert auc(transform(attacks), transform(bona_fide)) == auc(attacks, bona_fide)


@given(attacks=coarse, bona_fide=coarse)
def test_inverted_scores_invert_the_auc(attacks, bona_fide):
    assert auc([-a for a in attacks], [-b for b in bona_fide]) == pytest.approx(1 - auc(attacks, bona_fide), abs=1e-15)


@given(attacks=scores, bona_fide=scores)
def test_counts_hold_at_the_threshold_of_each_step(attacks, bona_fide):
    curve = ErrorCurve.from_scores(attacks, bona_fide)
    for step in range(curve.scores.size):
        threshold = curve.threshold_at(step)
        assert curve.false_accepts[step] == sum(a >= threshold for a in attacks)
        assert curve.false_rejects[step] == sum(b < threshold for b in bona_fide)
    assert (curve.false_accepts[-1], curve.false_rejects[-1]) == (0, len(bona_fide))


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.0, 1e-300),
        (0.0, 5e-324),
        (1.0, math.nextafter(1.0, 2.0)),
        (-1.7e308, 1.7e308),
        (1.6e308, 1.7e308),
        (-math.inf, 0.0),
        (0.0, math.inf),
        (-math.inf, math.inf),
    ],
)
def test_smallest_and_largest_differences_separate(low, high):
    assert low < eer_threshold([low], [high]) <= high
    assert eer([low, low], [high]) == 0.0
    assert auc([low], [high, high]) == 1.0


def test_float32_scores_keep_their_value():
    attacks, bona_fide = np.float32([0.1, 0.3]), np.float32([0.3, 0.9])
    assert auc(attacks, bona_fide) == pytest.approx(0.875)


@pytest.mark.parametrize("function", [eer_threshold, eer, auc, ErrorCurve.from_scores])
def test_no_scores_of_a_class_or_nan_is_an_error(function):
    with pytest.raises(ValueError, match="no attack score"):
        function([], [0.5])
    with pytest.raises(ValueError, match="no bona fide score"):
        function([0.5], [])
    with pytest.raises(ValueError, match="1 of 2 bona fide scores are nan"):
        function([0.5], [0.5, math.nan])
    with pytest.raises(ValueError, match="one dimension"):
        function([[0.5]], [0.5])
