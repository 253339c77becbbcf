"""An evaluation for the terminal."""

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
ORIGIN_UNKNOWN = "No provenance file beside the scores: where they come from is unknown."


def render(evaluation: Evaluation, name: str) -> RenderableType:
    """The tables that `fas evaluate` prints.

    Args:
        evaluation: What to show.
        name: The name of the scores file, for the title.
    """
    return Group(*_parts(evaluation, name))


def _parts(evaluation: Evaluation, name: str) -> Iterator[RenderableType]:
    if evaluation.simulated:
        yield Panel(Text(SIMULATED, justify="center"), style="bold black on yellow")
    elif evaluation.simulated is None:
        yield Text(ORIGIN_UNKNOWN, style="yellow")
    counts, threshold = evaluation.counts, evaluation.threshold
    yield Text(
        f"{name}, test split: {counts['presentations']} presentations of {counts['subjects']} subjects "
        f"({counts['bona_fide']} bona fide, {counts['attacks']} attacks), {counts['frames']} frames",
    )
    yield Text(f"threshold {threshold.value:.6g} ({threshold.rule}): {threshold.origin}")
    yield Text(f"accepted as bona fide if the {evaluation.aggregation} score over frames >= {threshold.value:.6g}")
    yield _rates(evaluation)
    yield _points(evaluation)
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
    for column in table.columns[:4]:
        column.no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"

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


def _points(evaluation: Evaluation) -> Table:
    table = Table("operating point", "value", f"{CONFIDENCE:.0%} interval", "threshold", "meaning (chosen on test)")
    for column in table.columns[:4]:
        column.no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    for point in OPERATING_POINTS:
        rates = evaluation.operating[point.name]
        meaning = point.meaning if point.resolved(evaluation.scores) else f"{point.meaning}; too few to resolve"
        interval = _interval(evaluation.intervals.of[point.name])
        table.add_row(point.name, percent(point.value(rates)), interval, f"{rates.threshold:.6g}", meaning)
    return table


def _about_intervals(evaluation: Evaluation) -> str:
    made = evaluation.intervals
    text = f"intervals: bootstrap over {made.units} {made.unit}, {made.replicates} replicates, seed {made.seed}"
    if any(interval.method == "rule of three" for interval in made.of.values()):
        text += "; * rule of three, as nothing (or everything) went wrong"
    return text


def _failures(evaluation: Evaluation) -> Iterator[Text]:
    failures = ", ".join(f"{count} {species}" for species, count in evaluation.failures.items())
    pooled, rates = evaluation.non_responses.pooled, evaluation.with_failures
    yield Text(f"failure to acquire (no frame has a score; in no rate): {failures}", style="yellow")
    yield Text(
        f"failure-to-acquire rate {percent(pooled.value)} ({pooled.errors} / {pooled.total}); counted as rejections: "
        f"APCER {percent(rates.apcer)}, BPCER {percent(rates.bpcer)}, ACER {percent(rates.acer)}",
        style="yellow",
    )


def _interval(interval: Interval) -> str:
    mark = "*" if interval.method == "rule of three" else " "
    return f"{100 * interval.lower:.2f} to {100 * interval.upper:.2f} %{mark}"


def percent(value: float) -> str:
    """A share in percent with two decimals."""
    return f"{100 * value:.2f} %"
