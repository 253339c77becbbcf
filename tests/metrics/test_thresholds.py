"""Threshold rules against plain loops over candidates with exact fractions, and against numbers by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import (
    ErrorCurve,
    SpeciesScores,
    apcer_threshold,
    bpcer_threshold,
    eer_threshold,
    far_threshold,
    frr_threshold,
    min_hter_threshold,
    pooled_apcer_threshold,
)

coarse = st.lists(st.integers(-4, 4).map(lambda i: i / 4), min_size=1, max_size=12)
wild = st.lists(st.floats(allow_nan=False, allow_infinity=True), min_size=1, max_size=12)
scores = st.one_of(coarse, wild)
targets = st.sampled_from([0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9, 0.999])


def scan(attacks: list[float], bona_fide: list[float], cost) -> float:
    """bob.measure's scan with exact arithmetic: candidates ascend until a class is exhausted, ties take the later."""
    distinct = sorted({*attacks, *bona_fide})
    best, chosen = None, math.nan
    for index, score in enumerate(distinct):
        far = Fraction(sum(a >= score for a in attacks), len(attacks))
        frr = Fraction(sum(b < score for b in bona_fide), len(bona_fide))
        last = far == 0 or frr == 1
        here = cost(far, frr)
        if best is None or here < best or (here == best and not last):
            middle = score if index == 0 else (distinct[index - 1] + score) / 2
            lowest = -math.inf if index == 0 else distinct[index - 1]
            best, chosen = here, middle if lowest < middle <= score else score
        if last:
            break
    return chosen


@given(attacks=scores, bona_fide=scores)
def test_scans_equal_the_plain_loop(attacks, bona_fide):
    assert eer_threshold(attacks, bona_fide) == scan(attacks, bona_fide, lambda far, frr: abs(far - frr))
    assert min_hter_threshold(attacks, bona_fide) == scan(attacks, bona_fide, lambda far, frr: far + frr)


@given(attacks=scores, bona_fide=scores)
def test_min_hter_is_the_least_of_all_thresholds(attacks, bona_fide):
    curve = ErrorCurve.from_scores(attacks, bona_fide)
    hter = curve.far + curve.frr
    assert hter[curve.min_hter_step()] == pytest.approx(hter.min(), abs=1e-12)


@pytest.mark.parametrize(
    ("attacks", "bona_fide", "threshold"),
    [
        ([0.1, 0.2], [0.8, 0.9], 0.5),
        ([0.8, 0.9], [0.1, 0.2], 0.1),  # inverted: accept all; the last candidate is not better
        ([0.5], [0.5], 0.5),
        ([0, 1, 2, 3], [2, 3, 4, 5], 2.5),  # FAR + FRR = 1/2 at 1.5, 2.5 and 3.5, the last, which must be better
        ([1, 3], [0, 2, 4], 3.5),  # 2/3 at 3.5, the last, is strictly better than 5/6 at 1.5
    ],
)
def test_min_hter_by_hand(attacks, bona_fide, threshold):
    assert min_hter_threshold(attacks, bona_fide) == threshold


def loop_far_threshold(attacks: list[float], target: float) -> float:
    """From the highest score down, as long as accepting it and all above is within the target."""
    threshold = math.nextafter(max(attacks), math.inf)
    for candidate in sorted(set(attacks), reverse=True):
        if sum(a >= candidate for a in attacks) / len(attacks) > target:
            break
        threshold = candidate
    return threshold


def loop_frr_threshold(bona_fide: list[float], target: float) -> float:
    """From the lowest score up, as long as rejecting all below is within the target."""
    threshold = min(bona_fide)
    for candidate in sorted(set(bona_fide)):
        if sum(b < candidate for b in bona_fide) / len(bona_fide) > target:
            break
        threshold = candidate
    return threshold


@given(values=scores, target=targets)
def test_targets_equal_the_plain_loops(values, target):
    assert far_threshold(values, target) == loop_far_threshold(values, target)
    assert frr_threshold(values, target) == loop_frr_threshold(values, target)


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30), target=targets)
def test_targets_are_held_and_cannot_be_held_by_the_next_score(values, target):
    array = np.array(values)
    low, high = far_threshold(values, target), frr_threshold(values, target)
    assert np.mean(array >= low) <= target
    assert np.mean(array < high) <= target
    below, above = array[array < low], array[array > high]
    if below.size:
        assert np.mean(array >= below.max()) > target
    if above.size:
        assert np.mean(array < above.min()) > target


@pytest.mark.parametrize("total", [3, 7, 10, 20, 49, 100, 1000])
def test_a_target_that_is_a_whole_number_of_errors_allows_them(total):
    values = np.arange(total, dtype=float)
    for errors in range(total):
        assert np.sum(values >= far_threshold(values, errors / total)) == errors
        assert np.sum(values < frr_threshold(values, errors / total)) == errors


def test_extreme_targets():
    values = [0.25, 0.5, 0.5]
    assert far_threshold(values, 0.0) == math.nextafter(0.5, 1)
    assert far_threshold(values, 0.5) == math.nextafter(0.5, 1)  # both of 0.5 or none
    assert far_threshold(values, 2 / 3) == 0.5
    assert far_threshold(values, 1.0) == math.nextafter(0.25, 0)
    assert frr_threshold(values, 0.0) == 0.25
    assert frr_threshold(values, 1 / 3) == 0.5
    assert frr_threshold(values, 1.0) == math.nextafter(0.5, 1)


def test_every_threshold_holds_a_pooled_target_of_one():
    with pytest.raises(ValueError, match="target of 1"):
        pooled_apcer_threshold(SpeciesScores.from_presentations([0.0, 1.0], [0, 1], ["print", ""]), 1.0)


def test_huge_and_infinite_scores():
    assert far_threshold([1e300], 0.1) == math.nextafter(1e300, math.inf) > 1e300
    assert far_threshold([0.0, 1e-300], 0.5) == 1e-300
    assert far_threshold([math.inf, 0.0], 0.1) == math.inf  # accepted whatever the threshold
    assert frr_threshold([-math.inf, 1.0], 0.5) == 1.0


@given(groups=st.dictionaries(st.sampled_from(["print", "replay", "mask"]), coarse, min_size=1), target=targets)
def test_the_target_of_the_worst_species(groups, target):
    types = [name for name, values in groups.items() for _ in values]
    values = [value for one in groups.values() for value in one]
    sample = SpeciesScores.from_presentations([*values, 0.0], [0] * len(values) + [1], [*types, ""])
    threshold = apcer_threshold(sample, target)
    assert threshold == max(loop_far_threshold(one, target) for one in groups.values())
    assert sample.rates(threshold).apcer <= target
    pooled = pooled_apcer_threshold(sample, target)
    assert sample.rates(pooled).apcer_pooled <= target < sample.rates(math.nextafter(pooled, -10)).apcer_pooled
    assert pooled <= threshold
    assert pooled <= loop_far_threshold(values, target)
    assert bpcer_threshold(sample, target) == 0.0


@pytest.mark.parametrize("function", [far_threshold, frr_threshold])
def test_bad_input(function):
    for target in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="the target of a rate"):
            function([0.5], target)
    with pytest.raises(ValueError, match="there is no"):
        function([], 0.1)
    with pytest.raises(ValueError, match="nan"):
        function([math.nan], 0.1)


@pytest.mark.parametrize("function", [eer_threshold, min_hter_threshold])
def test_a_class_is_empty(function):
    with pytest.raises(ValueError, match="no attack score"):
        function([], [0.5])
    with pytest.raises(ValueError, match="no bona fide score"):
        function([0.5], [])
