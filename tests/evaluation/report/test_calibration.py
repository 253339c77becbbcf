"""Calibration of an evaluation, by hand."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.calibration import calibration, reliability_chart
from fas.evaluation.report.plot import Plot
from tests.fakes.scores import score_table


def evaluated(attacks: list[float], bona_fide: list[float]):
    rows = [(f"a{i}", "1", "test", 0, "print", 0, score) for i, score in enumerate(attacks)]
    rows += [(f"b{i}", "2", "test", 1, "", 0, score) for i, score in enumerate(bona_fide)]
    return evaluate_scores(score_table(rows), threshold=0.5, replicates=1)


def test_by_hand():
    found = calibration(evaluated([0.12, 0.14, 0.16], [0.18]))
    assert found is not None
    (only,) = found.bins
    assert (only.bona_fide, only.total) == (1, 4)
    assert found.error == pytest.approx(0.25 - 0.15)
    assert found.prior == 0.25
    chart = ElementTree.fromstring(reliability_chart(found.bins))
    (mark,) = chart.iter("path")
    x, y = map(float, re.findall(r"[\d.]+", mark.get("transform", "")))
    plot = Plot("", 300, (0, 1), (0, 1))
    assert (x, y) == pytest.approx((plot.x(0.15), plot.y(0.25)), abs=0.06)


@pytest.mark.parametrize(("attack", "bona_fide"), [(-0.1, 0.5), (0.1, 1.5), (0.1, float("inf"))])
def test_scores_outside_of_0_to_1_are_no_probabilities(attack, bona_fide):
    assert calibration(evaluated([attack], [bona_fide])) is None
