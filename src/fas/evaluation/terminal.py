"""Prints an evaluation in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.evaluation.intervals import Interval
from fas.metrics import OPERATING_POINTS, Rate

SIMULATED = "SIMULATED DATA: these numbers say nothing about a real dataset."
ORIGIN_UNKNOWN = "The scores have no provenance file: where they come from is unknown."


def render(evaluation: Evaluation, name: str, *, every_point: bool = False) -> RenderableType:
    """The tables that `fas evaluate` prints. Thresholds are in the direction of the scores file.

    Args:
        evaluation: What to show.
        name: The name of the scores file, for the title.
        every_point: Also show the operating points that need more presentations than there are.
    """
    return Group(*_parts(evaluation, name, every_point))


def _parts(evaluation: Evaluation, name: str, every_point: bool) -> Iterator[RenderableType]:
    if evaluation.simulated:
        yield banner()
    elif evaluation.simulated is None:
        yield Text(ORIGIN_UNKNOWN, style="yellow")
    counts, threshold = evaluation.counts, evaluation.threshold
    yield Text(
        f"{name}, test split: {counts['presentations']} presentations of {counts['subjects']} subjects "
        f"({counts['bona_fide']} bona fide, {counts['attacks']} attacks), {counts['frames']} frames",
    )
    value = f"{evaluation.of_file(threshold.value):.6g}"
    yield Text(f"threshold {value} ({threshold.rule}): {threshold.origin}")
    sign, aggregate = evaluation.accepted_if, _aggregate(evaluation)
    yield Text(f"accepted as bona fide if the {aggregate} score over frames {sign} {value}")
    yield _rates(evaluation)
    yield from _points(evaluation, every_point)
    yield Text(_about_intervals(evaluation), style="dim")
    if evaluation.frames_without_score:
        yield Text(
            f"{evaluation.frames_without_score} of {evaluation.frames} frames have no score and are in no "
            f"{evaluation.aggregation}"
        )
    if evaluation.failures:
        yield from _failures(evaluation)
    for warning in evaluation.warnings:
        yield Text(f"warning: {warning}", style="yellow")


def _rates(evaluation: Evaluation) -> Table:
    rates, intervals = evaluation.rates, evaluation.intervals.of
    table = Table("metric", "value", f"{CONFIDENCE:.0%} interval", "errors", "meaning")
    _number_columns(table)

    def row(title: str, name: str, value: float, rate: Rate | None, meaning: str, **style: object) -> None:
        errors = "" if rate is None else f"{rate.errors} / {rate.total}"
        # Species come from a file, and rich reads brackets as markup.
        cells = (Text(title), percent(value), _interval(intervals[name]), errors, meaning)
        table.add_row(*cells, **style)  # type: ignore[arg-type]

    for species, rate in rates.attacks.items():
        row(f"APCER {species}", f"apcer/{species}", rate.value, rate, "attacks accepted")
    worst = rates.attacks[rates.worst_species]
    row("APCER", "apcer", worst.value, worst, f"worst {rates.level} species", style="bold")
    row("BPCER", "bpcer", rates.bpcer, rates.bona_fide, "bona fide rejected", style="bold")
    row("ACER", "acer", rates.acer, None, "(APCER + BPCER) / 2", style="bold", end_section=True)
    row("APCER pooled", "apcer_pooled", rates.apcer_pooled, rates.pooled_attacks, "not the standard's APCER")
    row("HTER", "hter", rates.hter, None, "(pooled + BPCER) / 2")
    row("EER on test", "eer", evaluation.eer, None, "optimistic: tuned on test")
    auc = intervals["auc"]
    table.add_row("AUC", f"{evaluation.auc:.4f}", f"{auc.lower:.4f} to {auc.upper:.4f}", "", "attacks pooled")
    return table


def _points(evaluation: Evaluation, every_point: bool) -> Iterator[RenderableType]:
    table = Table("operating point", "value", f"{CONFIDENCE:.0%} interval", "threshold", "meaning (chosen on test)")
    _number_columns(table)
    hidden = 0
    for point in OPERATING_POINTS:
        resolved = point.resolved(evaluation.scores)
        if not (resolved or every_point):
            hidden += 1
            continue
        rates = evaluation.operating[point.name]
        threshold = f"{evaluation.of_file(rates.threshold):.6g}"
        meaning = point.meaning if resolved else f"{point.meaning}; too few to resolve"
        interval = _interval(evaluation.intervals.of[point.name])
        table.add_row(point.name, percent(point.value(rates)), interval, threshold, meaning)
    if table.rows:
        yield table
    if hidden:
        yield Text(
            f"{hidden} of {len(OPERATING_POINTS)} operating points are hidden: with so few presentations a single "
            "error exceeds the target; `fas evaluate --all` shows them",
            style="dim",
        )


def _number_columns(table: Table) -> None:
    """Columns between the first and the last are numbers, which must never be cut; names may break."""
    table.columns[0].overflow = "fold"
    for column in table.columns[1:-1]:
        column.no_wrap, column.justify = True, "right"


def _aggregate(evaluation: Evaluation) -> str:
    """The aggregation of frames in the direction of the file, whose lowest score may mean the highest liveness."""
    if evaluation.aggregation == "max" and evaluation.higher_is == "attack":
        return "min"
    return evaluation.aggregation


def _about_intervals(evaluation: Evaluation) -> str:
    made = evaluation.intervals
    text = f"intervals: bootstrap over {made.units} {made.unit}, {made.replicates} replicates, seed {made.seed}"
    if any(interval.method == "rule of three" for interval in made.of.values()):
        text += "; * rule of three, since no (or every) decision was wrong"
    return text


def _failures(evaluation: Evaluation) -> Iterator[Text]:
    failures = ", ".join(f"{count} {species}" for species, count in evaluation.failures.items())
    pooled, rates = evaluation.non_responses.pooled, evaluation.with_failures
    yield Text(f"failure to acquire (no frame has a score; not in any rate): {failures}", style="yellow")
    yield Text(
        f"failure-to-acquire rate {percent(pooled.value)} ({pooled.errors} / {pooled.total}); counted as rejections: "
        f"APCER {percent(rates.apcer)}, BPCER {percent(rates.bpcer)}, ACER {percent(rates.acer)}",
        style="yellow",
    )


def _interval(interval: Interval) -> str:
    mark = "*" if interval.method == "rule of three" else " "
    return f"{100 * interval.lower:.2f} to {100 * interval.upper:.2f} %{mark}"


def banner() -> RenderableType:
    """A banner that says that the data is simulated."""
    return Panel(Text(SIMULATED), style="bold black on yellow", expand=False)


def percent(value: float) -> str:
    """A share in percent with two decimals."""
    return f"{100 * value:.2f} %"
