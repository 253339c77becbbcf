"""A comparison for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fas.evaluation.comparison.compare import Comparison
from fas.evaluation.evaluate import CONFIDENCE
from fas.evaluation.terminal import ORIGIN_UNKNOWN, banner, percent

_SHOWN = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "eer", "auc")
"""The JSON has the operating points as well."""


def render_comparison(comparison: Comparison, name_a: str, name_b: str) -> RenderableType:
    """The tables that `fas compare` prints.

    Args:
        comparison: What to show.
        name_a: The name of A, as the user gave it.
        name_b: The name of B.
    """
    return Group(*_parts(comparison, name_a, name_b))


def _parts(comparison: Comparison, name_a: str, name_b: str) -> Iterator[RenderableType]:
    if comparison.simulated:
        yield banner()
    elif comparison.simulated is None:
        yield Text(ORIGIN_UNKNOWN, style="yellow")
    for letter, name, one in (("A", name_a, comparison.a), ("B", name_b, comparison.b)):
        threshold = one.threshold
        yield Text(f"{letter}: {name}, threshold {threshold.value:.6g} ({threshold.rule}): {threshold.origin}")
    counts = comparison.counts
    yield Text(
        f"test split: {counts['presentations']} presentations of {counts['subjects']} subjects that both scored "
        f"({counts['bona_fide']} bona fide, {counts['attacks']} attacks)"
    )
    lost = {"A alone": "a_only", "B alone": "b_only", "both": "both"}
    left_out = [
        f"{comparison.without_score[key]} by {name}" for name, key in lost.items() if comparison.without_score[key]
    ]
    if left_out:
        yield Text(f"not scored, and left out of both: {', '.join(left_out)}", style="yellow")
    yield _differences(comparison)
    yield Text(
        f"intervals: {CONFIDENCE:.0%}, percentiles of {comparison.replicates} paired bootstrap replicates over "
        f"subjects (seed {comparison.seed}); an interval that contains 0 shows no difference; p-values are not "
        "corrected for multiple comparisons"
    )
    yield _decisions(comparison)
    yield Text("McNemar's exact test counts presentations as independent; several of one subject are not")
    for warning in comparison.warnings:
        yield Text(f"warning: {warning}", style="yellow")


def _differences(comparison: Comparison) -> Table:
    table = Table("metric", "A", "B", "A - B", f"{CONFIDENCE:.0%} interval", "p")
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    shown = {name: one for name, one in comparison.differences.items() if name.partition("/")[0] in _SHOWN}
    for name, one in shown.items():
        metric, _, species = name.partition("/")
        lower, upper = one.interval
        table.add_row(
            Text(f"{metric.upper().replace('_', ' ')} {species}".strip()),
            percent(one.a),
            percent(one.b),
            f"{100 * one.value:+.2f}",
            "none" if math.isnan(lower) else f"{100 * lower:+.2f} to {100 * upper:+.2f}",
            f"{one.p_value:.3f}",
        )
    return table


def _decisions(comparison: Comparison) -> Table:
    table = Table("decisions", "both right", "A alone", "B alone", "both wrong", "McNemar p")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in comparison.decisions.items():
        cells = (one.both_correct, one.only_a_correct, one.only_b_correct, one.both_wrong)
        table.add_row(name, *map(str, cells), f"{one.p_value:.3g}")
    return table
