"""An evaluation for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.metrics import Rate

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
    counts = evaluation.counts
    yield Text(
        f"{name}, test split: {counts['presentations']} presentations of {counts['subjects']} subjects "
        f"({counts['bona_fide']} bona fide, {counts['attacks']} attacks), {counts['frames']} frames",
    )
    yield Text(
        f"threshold {evaluation.threshold.value:.6g} ({evaluation.threshold.rule}): {evaluation.threshold.origin}"
    )
    yield Text(f"accepted as bona fide if the mean score over frames >= {evaluation.threshold.value:.6g}")
    yield _table(evaluation)
    if evaluation.frames_without_score:
        yield Text(f"{evaluation.frames_without_score} of {evaluation.frames} frames have no score and are in no mean")
    if evaluation.failures:
        failures = ", ".join(f"{count} {species}" for species, count in evaluation.failures.items())
        yield Text(f"failure to acquire (no frame has a score; in no rate): {failures}", style="yellow")
    for warning in evaluation.warnings:
        yield Text(f"warning: {warning}", style="yellow")


def _table(evaluation: Evaluation) -> Table:
    rates = evaluation.rates
    table = Table("metric", "value", f"{CONFIDENCE:.0%} interval", "errors", "meaning")
    for column in table.columns[:4]:
        column.no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    for species, rate in rates.attacks.items():
        table.add_row(f"APCER {species}", *_cells(rate), "attacks accepted")
    worst = rates.attacks[rates.worst_species]
    table.add_row("APCER", *_cells(worst), f"worst {rates.level} species", style="bold")
    table.add_row("BPCER", *_cells(rates.bona_fide), "bona fide rejected", style="bold")
    table.add_row("ACER", _percent(rates.acer), "", "", "(APCER + BPCER) / 2", style="bold", end_section=True)
    table.add_row("APCER pooled", *_cells(rates.pooled_attacks), "not the standard's APCER")
    table.add_row("HTER", _percent(rates.hter), "", "", "(pooled + BPCER) / 2")
    table.add_row("EER on test", _percent(evaluation.eer), "", "", "optimistic: tuned on test")
    table.add_row("AUC", f"{evaluation.auc:.4f}", "", "", "attacks pooled")
    return table


def _cells(rate: Rate) -> tuple[str, str, str]:
    lower, upper = rate.interval(CONFIDENCE)
    return _percent(rate.value), f"{100 * lower:.2f} to {100 * upper:.2f} %", f"{rate.errors} / {rate.total}"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
