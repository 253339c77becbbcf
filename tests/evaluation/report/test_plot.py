"""The SVG plot: where values land, round ticks, escaped text, bounded size."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.evaluation.report.plot import SHAPES, WIDTH, Plot, legend, mark_legend, ticks


def test_values_land_where_they_belong():
    plot = Plot("title", 200, (0, 10), (0, 1))
    left, right, top, floor = Plot.left, WIDTH - Plot.right, Plot.top, 200 - Plot.bottom
    assert (plot.x(0), plot.x(10), plot.x(5)) == (left, right, (left + right) / 2)
    assert (plot.y(0), plot.y(1), plot.y(0.25)) == (floor, top, floor - (floor - top) / 4)
    assert (plot.x(-math.inf), plot.x(math.inf), plot.x(99)) == (left, right, right)


def test_logarithmic_axis():
    plot = Plot("title", 200, (0, 1), (1, 100), y_scale="log")
    assert plot.y(10) == pytest.approx((plot.y(1) + plot.y(100)) / 2)


def test_axes_of_normal_deviates():
    plot = Plot("title", 200, (0.01, 0.99), (0.05, 0.5), x_scale="normal", y_scale="normal")
    middle = (Plot.left + WIDTH - Plot.right) / 2
    assert plot.x(0.5) == pytest.approx(middle)
    # One standard deviation is as wide everywhere: Phi(-2), Phi(-1), Phi(0) from the tables of the distribution.
    minus_two, minus_one = plot.x(0.0227501), plot.x(0.1586553)
    assert minus_one - minus_two == pytest.approx(middle - minus_one, rel=1e-5)
    assert (plot.x(0), plot.x(1)) == (Plot.left, WIDTH - Plot.right), "no deviate: on the border"
    assert (plot.y(0.05), plot.y(0.5), plot.y(1)) == pytest.approx((200 - Plot.bottom, Plot.top, Plot.top))
    plot.axes("x", "y", percent_x=True, percent_y=True)
    texts = [element.text for element in ElementTree.fromstring(plot.svg()).iter("text")]
    assert {"1 %", "5 %", "50 %", "99 %"} <= set(texts)


def test_a_range_without_width_is_widened():
    plot = Plot("title", 200, (3, 3), (0, 0))
    assert plot.x(3) == pytest.approx((Plot.left + WIDTH - Plot.right) / 2)
    plot.axes("x", "y")


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-6, 1e6))
def test_ticks_are_few_round_and_inside(low, width):
    high = low + width
    if (high - low) / max(abs(low), abs(high), 1e-300) < 1e-9:
        return
    values = ticks(low, high)
    step = values[1] - values[0] if len(values) > 1 else width
    assert 1 <= len(values) <= 6
    assert all(low - 1e-6 * step <= value <= high + 1e-6 * step for value in values)


def test_ticks_by_hand():
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(0, 100) == pytest.approx([0, 20, 40, 60, 80, 100])
    assert ticks(-3, 3) == pytest.approx([-2, 0, 2])


def test_text_is_escaped_and_the_svg_is_well_formed():
    hostile = "<script>alert('&\"')</script>"
    plot = Plot(hostile, 200, (0, 1), (0, 1))
    plot.axes(hostile, hostile, percent_x=True)
    plot.text(1, 1, hostile, "label")
    plot.curve([0, 1], [0, 1], "#000")
    plot.mark(0.5, 0.5, "#000", SHAPES[1])
    plot.bar(1, 2, 4, 3, "#000", 0.5)
    root = ElementTree.fromstring(plot.svg())
    assert root.get("aria-label") == hostile
    assert not [element for element in root.iter() if "script" in element.tag]
    ElementTree.fromstring(legend([(hostile, "#000", "none")]))
    ElementTree.fromstring(mark_legend([(hostile, "#000", SHAPES[0])]))


def test_a_curve_does_not_grow_with_its_points():
    x = np.linspace(0, 1, 100_000)
    plot = Plot("title", 200, (0, 1), (0, 1))
    plot.curve(x, x, "#000")
    (line,) = ElementTree.fromstring(plot.svg()).iter("polyline")
    points = line.get("points", "").split()
    assert len(points) < 10_000
    assert points[0] == f"{Plot.left},{200 - Plot.bottom}"
    assert points[-1] == f"{WIDTH - Plot.right},{Plot.top}"
