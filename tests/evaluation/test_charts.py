"""The charts: numbers in them, and that no data breaks them."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from fas.evaluation.charts import errors_over_threshold, roc, score_histograms, species_style, training_curves
from fas.evaluation.evaluate import Evaluation, evaluate_scores
from fas.evaluation.plot import ATTACK_COLOURS, Plot
from tests.fakes.scores import random_scores, score_table

CHARTS = [score_histograms, errors_over_threshold, roc]


def evaluation(attacks: list[float], bona_fide: list[float], threshold: float) -> Evaluation:
    rows = [(f"a{i}", "1", "test", 0, "print/printer1", 0, score) for i, score in enumerate(attacks)]
    rows += [(f"b{i}", "2", "test", 1, "", 0, score) for i, score in enumerate(bona_fide)]
    return evaluate_scores(score_table(rows), threshold=threshold)


def svg(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{markup}</div>")


def texts(markup: str) -> list[str]:
    return [element.text or "" for element in svg(markup).iter("text")]


def test_histograms_count_the_errors_of_every_species():
    judged = evaluate_scores(random_scores(seed=2))
    shown = texts(score_histograms(judged))
    expected = {"bona fide": judged.rates.bona_fide, **judged.fine.attacks}
    for name, rate in expected.items():
        assert f"{name}: {rate.errors} of {rate.total} wrong" in shown


def test_histogram_bars_by_hand():
    # Of four attacks, in bins of 1/40: two at 0.1, one at 0.3, and one accepted at 0.9.
    chart = score_histograms(evaluation([0.11, 0.11, 0.31, 0.91], [0.96], 0.5))
    bars = [
        (float(bar.get("x", "")), float(bar.get("height", "")), bar.get("fill-opacity"))
        for bar in svg(chart).iter("rect")
        if float(bar.get("height", "")) > 0 and bar.get("fill") in ATTACK_COLOURS
    ]
    plot = Plot("", 100, (0, 1), (0, 1))
    assert [x for x, _, _ in bars] == pytest.approx([plot.x(edge) + 0.4 for edge in (0.1, 0.3, 0.9)], abs=0.06)
    assert [height / bars[0][1] for _, height, _ in bars] == pytest.approx([1, 0.5, 0.5], abs=0.01)
    assert [opacity for _, _, opacity in bars] == ["0.35", "0.35", "1.0"]


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(
    ("attacks", "bona_fide", "threshold"),
    [
        ([0.1], [0.9], 0.5),
        ([0.5], [0.5], 0.5),
        ([5.0, 5.0], [5.0], 5.0),
        ([-3.0, 2.0], [4.0, 1e6], 0.0),
        ([-math.inf], [math.inf], 0.5),
        ([-math.inf, 2.0], [math.inf, 3.0], 2.5),
        ([0.0], [1e-300], 1e-300),
        ([0.2], [0.3], 7.0),
    ],
)
def test_no_scores_break_a_chart(chart, attacks, bona_fide, threshold):
    markup = chart(evaluation(attacks, bona_fide, threshold))
    svg(markup)
    numbers = re.findall(r'(?:x|y|width|height|points|[xyc]\w?[12]?)="([^"]*)"', markup)
    assert numbers
    assert not re.search(r"nan|inf", " ".join(numbers))


def test_roc_marks_the_operating_point():
    judged = evaluation([0.1, 0.2, 0.3, 0.8], [0.4, 0.7, 0.9, 0.95], 0.5)  # FAR 1/4, BPCER 1/4
    (dot,) = svg(roc(judged)).iter("circle")
    plot = Plot("", 270, (0, 1), (0, 1))
    assert float(dot.get("cx", "")) == pytest.approx(plot.x(0.25), abs=0.06)
    assert float(dot.get("cy", "")) == pytest.approx(plot.y(0.75), abs=0.06)


def test_lines_of_species_differ_in_colour_and_dash():
    style = species_style(["print", "replay", "mask", "print"])
    assert list(style) == ["mask", "print", "replay"]
    assert len({colour for colour, _ in style.values()}) == len({dash for _, dash in style.values()}) == 3
    many = species_style([str(number) for number in range(20)])
    assert len(many) == 20


def test_training_curves_group_splits_of_a_metric():
    curves = {
        "dev/eer": [(10.0, 0.0), (20.0, 0.0)],
        "train/loss": [(1.0, 1e4), (20.0, 3.0)],
        "dev/loss": [(10.0, 5.0)],
        "lr": [(0.0, 1e-3)],
    }
    charts = dict(training_curves(curves))
    assert list(charts) == ["loss", "eer", "lr"]
    assert [item.find("svg").tail for item in svg(charts["loss"]).iter("li")] == ["train", "dev"]
    assert {"1", "10", "100", "1000", "1e4"} <= set(texts(charts["loss"])), "a wide range is logarithmic"
    assert [item.find("svg").tail for item in svg(charts["lr"]).iter("li")] == ["lr"]
    assert training_curves({}) == []
