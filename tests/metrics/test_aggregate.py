"""Frames to presentations, beside numpy's nanmean of each group."""

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
