"""Reliability by bins: by hand, and against a library."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from fas.metrics.calibration import expected_calibration_error, reliability


def test_by_hand():
    found = reliability([0.05, 0.15, 0.1, 0.95, 1.0, 0.9], [0, 1, 0, 1, 1, 0])
    assert [(round(one.low, 9), round(one.high, 9), one.bona_fide, one.total) for one in found] == [
        (0.0, 0.1, 0, 1),
        (0.1, 0.2, 1, 2),  # 0.1 belongs to the bin that it begins
        (0.9, 1.0, 2, 3),  # the last bin holds 1
    ]
    assert [one.mean_score for one in found] == pytest.approx([0.05, 0.125, 0.95])
    # (1 * 0.05 + 2 * (0.5 - 0.125) + 3 * (0.95 - 2 / 3)) / 6
    assert expected_calibration_error(found) == pytest.approx((0.05 + 0.75 + 0.85) / 6)


def test_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=500)
    labels = (rng.uniform(size=500) < scores**2).astype(int)
    share, mean = calibration_curve(labels, scores, n_bins=10)
    found = reliability(scores, labels)
    np.testing.assert_allclose([one.share for one in found], share)
    np.testing.assert_allclose([one.mean_score for one in found], mean)


def test_perfect_and_opposite_scores():
    assert expected_calibration_error(reliability([0.0, 1.0], [0, 1])) == 0
    assert expected_calibration_error(reliability([1.0, 0.0], [0, 1])) == 1


@pytest.mark.parametrize(
    ("scores", "labels"), [([1.1], [1]), ([-0.1], [1]), ([float("nan")], [1]), ([0.5], [2]), ([0.5, 0.5], [1])]
)
def test_refuses(scores, labels):
    with pytest.raises(ValueError, match=r"probabilities|labels"):
        reliability(scores, labels)
