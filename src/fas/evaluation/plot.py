"""A small SVG plot: it scales to a phone, prints sharply, needs no script, and its text can be selected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike

WIDTH = 420
"""Width of all plots in units of their own; 10 units of text are readable on a phone."""

BONA_FIDE_COLOUR = "#0072B2"
ATTACK_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
"""The palette of Okabe and Ito, which colour-blind readers can tell apart; lines differ in their dashes too."""
DASHES = ("none", "6 3", "2 2", "8 3 2 3", "1 3", "10 2")


class Plot:
    """Axes with marks, drawn from the first call to the last.

    Args:
        title: What is shown; read to those who cannot see it.
        height: In units of the plot.
        x: Range of the horizontal axis.
        y: Range of the vertical axis.
        log: Logarithmic vertical axis.
    """

    left, right, top, bottom = 52, 20, 10, 36

    def __init__(
        self, title: str, height: int, x: tuple[float, float], y: tuple[float, float], *, log: bool = False
    ) -> None:
        self._title, self._height, self._log = title, height, log
        self._x = x if x[1] > x[0] else (x[0] - 0.5, x[0] + 0.5)
        low, high = (math.log10(y[0]), math.log10(y[1])) if log else y
        self._y = (low, high) if high > low else (low - 0.5, low + 0.5)
        self._marks: list[str] = []

    def x(self, value: float) -> float:
        """The horizontal position of a value; what is outside the range, an infinity too, sits at its border."""
        share = (min(max(value, self._x[0]), self._x[1]) - self._x[0]) / (self._x[1] - self._x[0])
        return self.left + share * (WIDTH - self.left - self.right)

    def y(self, value: float) -> float:
        """The vertical position of a value."""
        value = math.log10(value) if self._log else value
        share = (min(max(value, self._y[0]), self._y[1]) - self._y[0]) / (self._y[1] - self._y[0])
        return self._height - self.bottom - share * (self._height - self.bottom - self.top)

    def axes(self, x_label: str, y_label: str | None, *, percent_x: bool = False, percent_y: bool = False) -> None:
        """Draws grid, ticks and labels; with None as its label the vertical axis has neither grid nor ticks."""
        floor, ceiling = self._height - self.bottom, self.top
        for tick in ticks(*self._x):
            position = self.x(tick)
            self.line(position, floor, position, ceiling, "grid")
            self.text(position, floor + 13, _number(tick, percent_x), "tick middle")
        self.text((self.left + WIDTH - self.right) / 2, self._height - 6, x_label, "label middle")
        self.line(self.left, floor, WIDTH - self.right, floor, "axis")
        if y_label is None:
            return
        for tick in self._y_ticks():
            position = self.y(tick)
            self.line(self.left, position, WIDTH - self.right, position, "grid")
            self.text(self.left - 5, position + 3.5, _number(tick, percent_y), "tick end")
        middle = (floor + ceiling) / 2
        self._marks.append(
            f'<text class="label middle" transform="translate(11 {middle:.1f}) rotate(-90)">{escape(y_label)}</text>'
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

    def dot(self, x: float, y: float, colour: str) -> None:
        """Marks a value."""
        self._marks.append(f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="4" fill="{colour}" class="dot"/>')

    def text(self, x: float, y: float, text: str, kind: str) -> None:
        """Writes at a position."""
        self._marks.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')

    def svg(self) -> str:
        """The finished picture."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {self._height}" role="img" aria-label="{escape(self._title, quote=True)}">'
            f"{''.join(self._marks)}</svg>"
        )

    def _y_ticks(self) -> Iterable[float]:
        if not self._log:
            return ticks(*self._y)
        decades = range(math.ceil(self._y[0] - 1e-9), math.floor(self._y[1] + 1e-9) + 1)
        stride = max(1, math.ceil(len(decades) / 6))
        return [10.0**decade for decade in decades[::stride]]


def legend(entries: Sequence[tuple[str, str, str]]) -> str:
    """HTML that names the lines of a plot.

    Args:
        entries: Name, colour and dash of each line.
    """
    items = (
        f'<li><svg viewBox="0 0 26 10" aria-hidden="true"><line x1="1" y1="5" x2="25" y2="5" class="curve" '
        f'stroke="{colour}" stroke-dasharray="{dash}"/></svg>{escape(name)}</li>'
        for name, colour, dash in entries
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
