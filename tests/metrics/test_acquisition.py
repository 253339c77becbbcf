"""Failures to acquire: their rates, and what they do to the error rates as rejections."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import Rate, error_rates, failures_as_rejections, non_responses

nan = math.nan


def test_by_hand():
    scores, labels = [nan, 0.9, 0.1, nan, nan, 0.2], [1, 1, 0, 0, 0, 0]
    types = ["", "", "print/1", "print/2", "mask", "mask"]
    failed = non_responses(scores, labels, types)
    assert failed.bona_fide == Rate(1, 2)
    assert failed.attacks == {"mask": Rate(1, 2), "print": Rate(1, 2)}
    assert failed.pooled == Rate(3, 6)
    assert non_responses(scores, labels, types, "fine").attacks["print/2"] == Rate(1, 1)
    rates = error_rates(failures_as_rejections(scores), labels, types, 0.15)
    assert rates.attacks == {"mask": Rate(1, 2), "print": Rate(0, 2)}
    assert rates.bona_fide == Rate(1, 2)


def test_one_class():
    assert non_responses([nan, 1], [1, 1], ["", ""]).attacks == {}
    assert non_responses([nan, 1], [0, 0], ["print", "print"]).bona_fide is None
    assert non_responses([nan, 1], [0, 0], ["print", "print"]).pooled == Rate(1, 2)


@given(
    rows=st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, nan]), st.sampled_from([0, 1])), max_size=20),
    threshold=st.sampled_from([-math.inf, 0.0, 0.5, 1.0]),
)
def test_as_rejections_equals_a_plain_loop(rows, threshold):
    rows = [*rows, (0.5, 0), (0.5, 1)]
    scores, labels = zip(*rows, strict=True)
    rates = error_rates(failures_as_rejections(scores), labels, ["print"] * len(rows), max(threshold, -1e308))
    accepted = [not math.isnan(score) and score >= threshold for score in scores]
    attacks = [ok for ok, label in zip(accepted, labels, strict=True) if label == 0]
    bona_fide = [ok for ok, label in zip(accepted, labels, strict=True) if label == 1]
    assert rates.apcer == sum(attacks) / len(attacks)
    assert rates.bpcer == bona_fide.count(False) / len(bona_fide)
