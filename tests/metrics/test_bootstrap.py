"""Bootstrap replicates against a plain loop that repeats the drawn presentations and counts again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fas.metrics.bootstrap as module
from fas.metrics import (
    OPERATING_POINTS,
    SpeciesScores,
    auc,
    eer,
    error_rates,
    metric_replicates,
    operating_points,
    percentile_interval,
)

RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter")


def loop(scores, labels, types, threshold, clusters, level, replicates, seed) -> list[dict[str, float]]:
    """Each replicate as its presentations, repeated as drawn; none where a class is not drawn."""
    members = [np.flatnonzero(clusters == cluster) for cluster in np.unique(clusters)]
    generator = np.random.default_rng(seed)
    results = []
    for _ in range(replicates):
        drawn = np.concatenate([members[i] for i in generator.integers(len(members), size=len(members))])
        s, y, t = scores[drawn], labels[drawn], types[drawn]
        values = {}
        if 0 < y.sum() < y.size:
            rates = error_rates(s, y, t, threshold, level)
            values = {name: getattr(rates, name) for name in RATES}
            values |= {f"apcer/{name}": value for name, value in rates.apcer_by_species.items()}
            values |= {"eer": eer(s[y == 0], s[y == 1]), "auc": auc(s[y == 0], s[y == 1])}
            points = operating_points(SpeciesScores.from_presentations(s, y, t, level))
            values |= {point.name: point.value(points[point.name]) for point in OPERATING_POINTS}
        results.append(values)
    return results


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(2, 30),
    values=st.integers(1, 12),
    subjects=st.integers(1, 8),
    level=st.sampled_from(["coarse", "fine"]),
)
def test_equals_the_plain_loop(seed, n, values, subjects, level):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    labels[:2] = 0, 1
    scores = rng.choice([-math.inf, 0.0, 1e-300, 0.25, 0.5, 1, 2, 3, 4, 5, 6, math.inf][:values], n)
    types = np.where(labels == 1, "", rng.choice(["print/1", "print/2", "replay/1", "mask"], n))
    clusters = rng.integers(0, subjects, n)
    found = metric_replicates(scores, labels, types, 0.5, clusters, level=level, replicates=8, seed=seed)
    for index, expected in enumerate(loop(scores, labels, types, 0.5, clusters, level, 8, seed)):
        if not expected:  # one class: what needs both is undefined
            assert all(math.isnan(found[name][index]) for name in ("acer", "hter", "eer", "auc", "bpcer10", "apcer10"))
            continue
        for name, column in found.items():
            if name in expected:
                assert column[index] == pytest.approx(expected[name], abs=1e-12), name
            else:  # a species that was not drawn
                assert math.isnan(column[index])
                assert name.startswith("apcer/")


@pytest.mark.parametrize("cells", [1, 50, 1 << 22])
def test_the_size_of_the_pieces_changes_nothing(monkeypatch, cells):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 40)
    arguments = (rng.normal(size=40), labels, np.where(labels, "", "print"), 0.0, rng.integers(0, 7, 40))
    expected = metric_replicates(*arguments, replicates=23)
    monkeypatch.setattr(module, "_CELLS", cells)
    monkeypatch.setattr(module, "_SMALL", cells)
    for name, column in metric_replicates(*arguments, replicates=23).items():
        np.testing.assert_array_equal(column, expected[name])


def test_equal_seeds_give_equal_draws():
    labels = np.array([0, 1] * 20)
    arguments = (np.random.default_rng(0).normal(labels), labels, np.where(labels, "", "print"), 0.5, np.arange(40))
    first, second, other = (metric_replicates(*arguments, replicates=50, seed=seed)["auc"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_spread_of_a_rate_is_that_of_the_binomial():
    rng = np.random.default_rng(0)
    n = 2000
    labels = np.repeat([0, 1], n // 2)
    scores = np.where(rng.random(n) < 0.2, 1 - labels, labels)
    drawn = metric_replicates(scores, labels, np.where(labels, "", "print"), 0.5, np.arange(n), replicates=2000)
    value = np.mean(scores[labels == 1] < 0.5)
    assert np.std(drawn["bpcer"]) == pytest.approx(math.sqrt(value * (1 - value) / (n // 2)), rel=0.07)
    assert np.mean(drawn["bpcer"]) == pytest.approx(value, abs=0.002)


def test_subjects_that_are_wrong_as_a_whole_widen_the_interval():
    # Half of 20 subjects are always rejected: the spread is that of 20 draws, not of 2000.
    subjects = np.repeat(np.arange(20), 100)
    labels = np.tile([0, 1], 1000)
    scores = np.where(labels == 1, subjects % 2, -1)
    types = np.where(labels == 1, "", "print")
    by_subject, by_presentation = (
        np.std(metric_replicates(scores, labels, types, 0.5, clusters, replicates=500)["bpcer"])
        for clusters in (subjects, np.arange(2000))
    )
    assert by_subject == pytest.approx(0.5 / math.sqrt(20), rel=0.15)
    assert by_presentation == pytest.approx(0.5 / math.sqrt(1000), rel=0.15)


def test_percentile_interval():
    assert percentile_interval(np.arange(101) / 100, 0.9) == pytest.approx((0.05, 0.95))
    assert percentile_interval([math.nan, 0.5]) == (0.5, 0.5)
    assert all(math.isnan(limit) for limit in percentile_interval([math.nan]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicates": 0}, "replicates is at least 1"),
        ({"clusters": [0]}, "clusters have shape"),
        ({"labels": [0, 0]}, "at least one bona fide"),
        ({"scores": [0.5, math.nan]}, "nan"),
        ({"threshold": math.nan}, "the threshold is nan"),
    ],
)
def test_bad_input(changes, message):
    arguments = {"scores": [0.1, 0.9], "labels": [0, 1], "attack_types": ["print", ""], "threshold": 0.5}
    with pytest.raises(ValueError, match=message):
        metric_replicates(**{**arguments, "clusters": [0, 1], **changes})
