"""The charts: numbers in them, and that no data breaks them."""

from __future__ import annotations

import math
import re
from statistics import NormalDist
from xml.etree import ElementTree

import pytest

from fas.evaluation.evaluate import Evaluation, evaluate_scores
from fas.evaluation.report.charts import (
    det,
    errors_over_threshold,
    roc,
    score_histograms,
    species_style,
    training_curves,
)
from fas.evaluation.report.plot import ATTACK_COLOURS, WIDTH, Plot
from tests.fakes.scores import random_scores, score_table

CHARTS = [score_histograms, errors_over_threshold, roc, det]


def evaluation(attacks: list[float], bona_fide: list[float], threshold: float) -> Evaluation:
    rows = [(f"a{i}", "1", "test", 0, "print/printer1", 0, score) for i, score in enumerate(attacks)]
    rows += [(f"b{i}", "2", "test", 1, "", 0, score) for i, score in enumerate(bona_fide)]
    return evaluate_scores(score_table(rows), threshold=threshold)


def svg(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{markup}</div>")


def texts(markup: str) -> list[str]:
    return [element.text or "" for element in svg(markup).iter("text")]


def test_histograms_count_the_errors_of_every_species():
    evaluation = evaluate_scores(random_scores(seed=2))
    shown = texts(score_histograms(evaluation))
    expected = {"bona fide": evaluation.rates.bona_fide, **evaluation.fine.attacks}
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


def marks(markup: str) -> list[tuple[float, float]]:
    """Positions of the marks of a chart."""
    paths = [path.get("transform", "") for path in svg(markup).iter("path")]
    return [(float(x), float(y)) for x, y in (re.findall(r"[\d.]+", path) for path in paths)]


# Print: 1 of 4 accepted at 0.5; replay: 1 of 2; pooled 2 of 6. Bona fide: 1 of 4 rejected.
MIXED = [(f"p{i}", "1", "test", 0, "print", 0, score) for i, score in enumerate((0.1, 0.2, 0.3, 0.8))]
MIXED += [(f"r{i}", "1", "test", 0, "replay", 0, score) for i, score in enumerate((0.1, 0.6))]
MIXED += [(f"b{i}", "2", "test", 1, "", 0, score) for i, score in enumerate((0.4, 0.7, 0.9, 0.95))]


def test_roc_marks_the_operating_point_of_every_species():
    found = marks(roc(evaluate_scores(score_table(MIXED), threshold=0.5)))
    plot = Plot("", 300, (0, 1), (0, 1))
    expected = [(plot.x(share), plot.y(0.75)) for share in (1 / 4, 1 / 2, 1 / 3)]
    assert found == [pytest.approx(one, abs=0.06) for one in expected]


def test_det_marks_the_operating_point_of_every_species():
    found = marks(det(evaluate_scores(score_table(MIXED), threshold=0.5)))
    # Six attacks: 5 % is below 1 of 6. The highest of the rates is 50 %, so the axes end at 60 %.
    plot = Plot("", 300, (0.05, 0.6), (0.05, 0.6), x_scale="normal", y_scale="normal")
    expected = [(plot.x(share), plot.y(0.25)) for share in (1 / 4, 1 / 2, 1 / 3)]
    assert found == [pytest.approx(one, abs=0.06) for one in expected]


def test_det_of_normal_scores_is_straight():
    # Scores at the quantiles of N(0, 1) and N(2, 1): the deviates of both rates add up to -2 at every threshold.
    quantiles = NormalDist().inv_cdf
    scores = [quantiles((place + 0.5) / 400) for place in range(400)]
    markup = det(evaluation(scores, [score + 2 for score in scores], 1.0))
    plot = Plot("", 300, (0.002, 0.4), (0.002, 0.4), x_scale="normal", y_scale="normal")
    line = next(svg(markup).iter("polyline")).get("points", "").split()
    points = [tuple(map(float, point.split(","))) for point in line]
    low, high = quantiles(0.002), quantiles(0.4)
    width, height = plot.x(0.4) - plot.x(0.002), plot.y(0.002) - plot.y(0.4)
    sums = [
        2 * low + (high - low) * ((x - plot.x(0.002)) / width + (plot.y(0.002) - y) / height)
        for x, y in points
        if plot.x(0.02) < x < plot.x(0.3) and plot.y(0.02) > y > plot.y(0.3)
    ]
    assert len(sums) > 50
    assert sums == pytest.approx([-2] * len(sums), abs=0.08)


def test_lines_of_species_differ_in_colour_and_dash():
    style = species_style(["print", "replay", "mask", "print"])
    assert list(style) == ["mask", "print", "replay"]
    assert [len(set(values)) for values in zip(*style.values(), strict=True)] == [3, 3, 3]
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


def test_training_curves_of_stages_are_lines_of_one_chart():
    curves = {
        "cnn/train/loss": [(0.0, 4.0), (9.0, 2.0)],
        "cnn/dev/loss": [(9.0, 3.0)],
        "cnn/lr": [(0.0, 1e-3)],
        "lstm/train/loss": [(10.0, 2.0), (20.0, 1.0)],
        "lstm/dev/loss": [(20.0, 1.5)],
    }
    charts = dict(training_curves(curves))
    assert list(charts) == ["loss", "lr"]
    lines = [item.find("svg") for item in svg(charts["loss"]).iter("li")]
    assert [line.tail for line in lines] == ["cnn train", "cnn dev", "lstm train", "lstm dev"]
    styles = [(line.find("line").get("stroke"), line.find("line").get("stroke-dasharray")) for line in lines]
    assert len(set(styles)) == 4
    assert len(list(svg(charts["loss"]).iter("polyline"))) == 4
    # A stage begins at its first step, whatever was logged there: 0 and 10 of 20.
    width = WIDTH - Plot.left - Plot.right
    placed = [text for text in svg(charts["loss"]).iter("text") if text.get("x")]
    places = {text.text: float(text.get("x", 0)) - 3 for text in placed}
    stages = {name: place for name, place in places.items() if name in ("cnn", "lstm")}
    assert stages == {"cnn": Plot.left, "lstm": Plot.left + width / 2}
    assert [item.find("svg").tail for item in svg(charts["lr"]).iter("li")] == ["cnn"]


def test_no_line_of_many_stages_is_lost():
    curves = {f"s{i}/{split}/loss": [(i, 1.0), (i + 0.5, 2.0)] for i in range(8) for split in ("train", "dev")}
    ((_, chart),) = training_curves(curves)
    assert len(list(svg(chart).iter("polyline"))) == 16
    assert len(list(svg(chart).iter("li"))) == 16
