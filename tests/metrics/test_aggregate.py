"""Frames to presentations, against numpy's nanmean of each group."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import error_rates, presentation_scores

frames = st.lists(st.tuples(st.integers(0, 5), st.one_of(st.just(math.nan), st.floats(-100, 100))), max_size=30)


def test_by_hand():
    ids, scores = presentation_scores(["b", "a", "b", "a", "c"], [0.2, math.nan, 0.4, 1.0, math.nan])
    assert ids.tolist() == ["a", "b", "c"]
    assert scores[:2] == pytest.approx([1.0, 0.3])
    assert math.isnan(scores[2])


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("mean", [0.5, 0.7]), ("median", [0.4, 0.7]), ("max", [1.0, 0.8]), ("last", [0.1, 0.6])],
)
def test_aggregations_by_hand(aggregation, expected):
    owners, frames = ["a", "b", "a", "a", "b", "c"], [2, 0, 0, 1, 1, 0]
    scores = [0.1, 0.8, 1.0, 0.4, 0.6, math.nan]
    ids, values = presentation_scores(owners, scores, aggregation, frames)
    assert ids.tolist() == ["a", "b", "c"]
    assert values[:2] == pytest.approx(expected)
    assert math.isnan(values[2])


def test_last_is_the_last_frame_with_a_score():
    assert presentation_scores([0, 0, 0], [0.2, 0.3, math.nan], "last")[1].tolist() == [0.3]
    assert presentation_scores([0, 0, 0], [0.2, 0.3, math.nan], "last", [1, 0, 2])[1].tolist() == [0.2]


@given(rows=frames, aggregation=st.sampled_from(["median", "max", "last"]))
def test_aggregations_equal_a_loop(rows, aggregation):
    owners = [owner for owner, _ in rows]
    ids, scores = presentation_scores(owners, [score for _, score in rows], aggregation)
    pick = {"median": np.median, "max": max, "last": lambda group: group[-1]}[aggregation]
    for owner, score in zip(ids, scores, strict=True):
        group = [value for other, value in rows if other == owner and not math.isnan(value)]
        assert score == pytest.approx(pick(group), abs=1e-12) if group else math.isnan(score)


def test_medians_of_extreme_scores():
    assert presentation_scores([0, 0], [math.inf, math.inf], "median")[1].tolist() == [math.inf]
    assert presentation_scores([0, 0], [1.7e308, 1.7e308], "median")[1].tolist() == [1.7e308]
    assert presentation_scores([0, 0, 0], [-math.inf, 0.5, math.inf], "median")[1].tolist() == [0.5]
    assert presentation_scores([0, 0], [-math.inf, math.inf], "max")[1].tolist() == [math.inf]
    with pytest.raises(ValueError, match=r"both \+inf and -inf"):
        presentation_scores([0, 0], [-math.inf, math.inf], "median")


def test_unknown_aggregation():
    with pytest.raises(ValueError, match="mean, median, max or last, not 'min'"):
        presentation_scores([0], [0.5], "min")


@given(rows=frames)
def test_equals_nanmean_of_each_group(rows):
    owners = [owner for owner, _ in rows]
    ids, scores = presentation_scores(owners, [score for _, score in rows])
    assert ids.tolist() == sorted(set(owners))
    for owner, score in zip(ids, scores, strict=True):
        group = [value for other, value in rows if other == owner and not math.isnan(value)]
        if group:
            assert score == pytest.approx(math.fsum(group) / len(group), abs=1e-9)
        else:
            assert math.isnan(score)


def test_a_presentation_without_frames_cannot_pass_for_a_decision():
    _, scores = presentation_scores([0, 1], [math.nan, 0.5])
    with pytest.raises(ValueError, match="nan"):
        error_rates(scores, [0, 1], ["print", ""], 0.5)


def test_infinities():
    _, scores = presentation_scores([0, 0, 1, 1], [math.inf, 1.0, -math.inf, math.nan])
    assert scores.tolist() == [math.inf, -math.inf]
    with pytest.raises(ValueError, match=r"presentation 7 .* \+inf and -inf"):
        presentation_scores([3, 7, 7], [0.0, math.inf, -math.inf])


def test_empty_and_unequal():
    ids, scores = presentation_scores([], [])
    assert (ids.size, scores.size) == (0, 0)
    with pytest.raises(ValueError, match="differ"):
        presentation_scores([1], [])


def test_large_groups_stay_exact():
    owners = np.repeat(np.arange(100), 1000)
    _, scores = presentation_scores(owners, owners.astype(np.float32) / 128)
    np.testing.assert_array_equal(scores, np.arange(100) / 128)
