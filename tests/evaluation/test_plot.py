"""The SVG plot: where values land, round ticks, escaped text, bounded size."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.evaluation.plot import WIDTH, Plot, legend, ticks


def test_values_land_where_they_belong():
    plot = Plot("title", 200, (0, 10), (0, 1))
    left, right, top, floor = Plot.left, WIDTH - Plot.right, Plot.top, 200 - Plot.bottom
    assert (plot.x(0), plot.x(10), plot.x(5)) == (left, right, (left + right) / 2)
    assert (plot.y(0), plot.y(1), plot.y(0.25)) == (floor, top, floor - (floor - top) / 4)
    assert (plot.x(-math.inf), plot.x(math.inf), plot.x(99)) == (left, right, right)


def test_logarithmic_axis():
    plot = Plot("title", 200, (0, 1), (1, 100), log=True)
    assert plot.y(10) == pytest.approx((plot.y(1) + plot.y(100)) / 2)


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
    plot.dot(0.5, 0.5, "#000")
    plot.bar(1, 2, 4, 3, "#000", 0.5)
    root = ElementTree.fromstring(plot.svg())
    assert root.get("aria-label") == hostile
    assert not [element for element in root.iter() if "script" in element.tag]
    ElementTree.fromstring(legend([(hostile, "#000", "none")]))


def test_a_curve_does_not_grow_with_its_points():
    x = np.linspace(0, 1, 100_000)
    plot = Plot("title", 200, (0, 1), (0, 1))
    plot.curve(x, x, "#000")
    (line,) = ElementTree.fromstring(plot.svg()).iter("polyline")
    points = line.get("points", "").split()
    assert len(points) < 10_000
    assert points[0] == f"{Plot.left},{200 - Plot.bottom}"
    assert points[-1] == f"{WIDTH - Plot.right},{Plot.top}"
