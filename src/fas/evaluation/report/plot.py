"""A small SVG plot: it scales to a phone, prints sharply, needs no script, and its text can be selected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

WIDTH = 420
"""Width of all plots in units of their own; 10 units of text are readable on a phone."""

BONA_FIDE_COLOUR = "#0072B2"
ATTACK_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
"""The palette of Okabe and Ito (2008), which colour-blind readers can tell apart; lines differ in their dashes and
marks in their shapes too."""
DASHES = ("none", "6 3", "2 2", "8 3 2 3", "1 3", "10 2")
SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",  # circle
    "M0 -4.6L4.4 3.4L-4.4 3.4Z",  # triangle
    "M-3.5 -3.5H3.5V3.5H-3.5Z",  # square
    "M0 -5L5 0L0 5L-5 0Z",  # diamond
    "M-1.4 -4.5H1.4V-1.4H4.5V1.4H1.4V4.5H-1.4V1.4H-4.5V-1.4H-1.4Z",  # plus
    "M0 4.6L4.4 -3.4L-4.4 -3.4Z",  # triangle on its tip
)
"""Outlines of marks around the origin, about 9 units wide."""

Scale = Literal["linear", "log", "normal"]
"""How an axis is divided: evenly, by powers of ten, or by the normal deviate of a share (as a DET curve's axes are)."""

_DEVIATE_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
_TICK_ROOM = {"x": 34, "y": 15}  # units that a tick's text takes


class Plot:
    """Axes with marks, drawn from the first call to the last.

    Args:
        title: What is shown; read to those who cannot see it.
        height: In units of the plot.
        x: Range of the horizontal axis.
        y: Range of the vertical axis.
        x_scale: How the horizontal axis is divided.
        y_scale: How the vertical axis is divided.
    """

    left, right, top, bottom = 52, 20, 10, 36

    def __init__(
        self,
        title: str,
        height: int,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        x_scale: Scale = "linear",
        y_scale: Scale = "linear",
    ) -> None:
        self._title, self._height = title, height
        self._scales: tuple[Scale, Scale] = (x_scale, y_scale)
        self._x, self._y = _range(x, x_scale), _range(y, y_scale)
        self._marks: list[str] = []

    def x(self, value: float) -> float:
        """The horizontal position of a value; what is outside the range, an infinity too, sits at its border."""
        return self.left + _share(value, self._x, self._scales[0]) * (WIDTH - self.left - self.right)

    def y(self, value: float) -> float:
        """The vertical position of a value."""
        share = _share(value, self._y, self._scales[1])
        return self._height - self.bottom - share * (self._height - self.bottom - self.top)

    def axes(self, x_label: str, y_label: str | None, *, percent_x: bool = False, percent_y: bool = False) -> None:
        """Draws grid, ticks and labels; with None as its label the vertical axis has neither grid nor ticks."""
        floor, ceiling = self._height - self.bottom, self.top
        for tick in self._ticks("x"):
            position = self.x(tick)
            self.line(position, floor, position, ceiling, "grid")
            self.text(position, floor + 13, _number(tick, percent_x), "tick middle")
        self.text((self.left + WIDTH - self.right) / 2, self._height - 6, x_label, "label middle")
        self.line(self.left, floor, WIDTH - self.right, floor, "axis")
        if y_label is None:
            return
        for tick in self._ticks("y"):
            position = self.y(tick)
            self.line(self.left, position, WIDTH - self.right, position, "grid")
            self.text(self.left - 5, position + 3.5, _number(tick, percent_y), "tick end")
        middle = (floor + ceiling) / 2
        self._marks.append(
            f'<text class="label middle" transform="translate(11 {middle:.1f}) rotate(-90)">{escape(y_label)}</text>'
        )

    def frame(self) -> None:
        """Draws a border instead of axes, for positions without a meaning of their own."""
        width, height = WIDTH - self.left - self.right, self._height - self.top - self.bottom
        self._marks.append(
            f'<rect class="grid" x="{self.left}" y="{self.top}" width="{width}" height="{height}" fill="none"/>'
        )

    def curve(self, x: ArrayLike, y: ArrayLike, colour: str, dash: str = "none", *, steps: bool = False) -> None:
        """Draws a line through points, or horizontal steps that change at the points.

        Points that fall on the same tenth of a unit are drawn once, so that the size does not grow with the data.
        """
        points: list[tuple[float, float]] = []
        for one in zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True):
            point = round(self.x(one[0]), 1), round(self.y(one[1]), 1)
            if steps and points:
                points.append((point[0], points[-1][1]))
            points.append(point)
        kept = [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]
        text = " ".join(f"{a:g},{b:g}" for a, b in kept)
        self._marks.append(f'<polyline class="curve" points="{text}" stroke="{colour}" stroke-dasharray="{dash}"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draws a straight line between two positions, styled by the class `kind`."""
        self._marks.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def bar(self, x1: float, x2: float, y1: float, y2: float, colour: str, opacity: float) -> None:
        """Fills the rectangle between positions, `y1` below `y2` on the screen."""
        self._marks.append(
            f'<rect x="{x1:.1f}" y="{y2:.1f}" width="{max(x2 - x1, 0):.1f}" height="{max(y1 - y2, 0):.1f}" '
            f'fill="{colour}" fill-opacity="{opacity}"/>'
        )

    def mark(self, x: float, y: float, colour: str, shape: str = SHAPES[0]) -> None:
        """Marks a value with one of `SHAPES`."""
        position = f"translate({self.x(x):.1f} {self.y(y):.1f})"
        self._marks.append(f'<path class="mark" transform="{position}" d="{shape}" fill="{colour}"/>')

    def text(self, x: float, y: float, text: str, kind: str) -> None:
        """Writes at a position."""
        self._marks.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')

    def svg(self) -> str:
        """The finished picture."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {self._height}" role="img" aria-label="{escape(self._title, quote=True)}">'
            f"{''.join(self._marks)}</svg>"
        )

    def _ticks(self, axis: Literal["x", "y"]) -> Iterable[float]:
        (low, high), scale = (self._x, self._scales[0]) if axis == "x" else (self._y, self._scales[1])
        if scale == "linear":
            return ticks(low, high)
        if scale == "log":
            decades = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
            return [10.0**decade for decade in decades[:: max(1, math.ceil(len(decades) / 6))]]
        place = self.x if axis == "x" else self.y
        kept: list[float] = []
        for tick in _DEVIATE_TICKS:
            room = not kept or abs(place(tick) - place(kept[-1])) >= _TICK_ROOM[axis]
            if low - 1e-9 <= ndtri(tick) <= high + 1e-9 and room:
                kept.append(tick)
        return kept


def _on_scale(value: float, scale: Scale) -> float:
    if scale == "linear":
        return value
    return math.log10(value) if scale == "log" else float(ndtri(value))


def _range(ends: tuple[float, float], scale: Scale) -> tuple[float, float]:
    """The ends of an axis on its scale; a range without width is widened."""
    low, high = (_on_scale(end, scale) for end in ends)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _share(value: float, ends: tuple[float, float], scale: Scale) -> float:
    low, high = ends
    return (min(max(_on_scale(value, scale), low), high) - low) / (high - low)


def legend(entries: Sequence[tuple[str, str, str]]) -> str:
    """HTML that names the lines of a plot.

    Args:
        entries: Name, colour and dash of each line.
    """
    return _legend(
        (name, f'<line x1="1" y1="5" x2="25" y2="5" class="curve" stroke="{colour}" stroke-dasharray="{dash}"/>')
        for name, colour, dash in entries
    )


def mark_legend(entries: Sequence[tuple[str, str, str]]) -> str:
    """HTML that names the marks of a plot.

    Args:
        entries: Name, colour and shape of each kind of mark.
    """
    return _legend(
        (name, f'<path class="mark" transform="translate(13 5)" d="{shape}" fill="{colour}"/>')
        for name, colour, shape in entries
    )


def _legend(entries: Iterable[tuple[str, str]]) -> str:
    items = (
        f'<li><svg viewBox="0 0 26 10" aria-hidden="true">{sign}</svg>{escape(name)}</li>' for name, sign in entries
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) in a range, at most `most` of them."""
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _number(value: float, percent: bool) -> str:
    if percent:
        return f"{100 * value:.4g} %"
    if abs(value) < 1e4:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
