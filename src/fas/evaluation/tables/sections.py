"""Summaries as tables of text: results next to the papers' rows, and matrices of trained against tested data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fas.evaluation.tables.matching import PublishedRow, published_for
from fas.evaluation.tables.results import Data
from fas.evaluation.tables.summary import Spread, Summary

WITHIN = ("apcer", "bpcer", "acer")
"""The default metrics of a table within one dataset."""

ACROSS = ("hter", "auc")
"""The default metrics of a table across datasets."""

SIMULATED = "SIMULATED DATA"
"""Stands in the title and, shortened, in every row."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        cells: As many as the header has.
        published: Whether the numbers are a paper's.
    """

    cells: tuple[str, ...]
    published: bool = False


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes:
        title: The data that its numbers belong to.
        header: Names of the columns.
        numbers: How many columns after the first are numbers.
        rows: At least one.
        notes: Notes for the reader, printed below the table.
    """

    title: str
    header: tuple[str, ...]
    numbers: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def sections(summaries: Sequence[Summary], metrics: Sequence[str] = ()) -> list[Section]:
    """One table per pair of data, and one matrix per method and metric if any method was tested on other data.

    Args:
        summaries: From `fas.evaluation.tables.summary.summarise`.
        metrics: What to show; by default what the literature shows, `WITHIN` or `ACROSS`.
    """
    tables = [
        _table(list(group), metrics or chosen_metrics(trained, tested))
        for (trained, tested, _), group in groupby(summaries, lambda one: (one.trained, one.tested, one.simulated))
    ]
    return [*tables, *_matrices(summaries, metrics or ACROSS[:1])]


def chosen_metrics(trained: Data, tested: Data) -> tuple[str, ...]:
    """The metrics that the literature shows for a pair of data."""
    return WITHIN if trained.datasets == tested.datasets else ACROSS


def published_of(summaries: Sequence[Summary], metrics: Sequence[str]) -> list[PublishedRow]:
    """The papers' rows for summaries of one pair of data; none for simulated data."""
    first = summaries[0]
    if first.simulated:
        return []
    tested = {fold[1] for one in summaries for fold in one.by_fold}
    return published_for(first.trained, first.tested, metrics, tested.pop() if len(tested) == 1 else None)


def _table(summaries: Sequence[Summary], metrics: Sequence[str]) -> Section:
    first, papers = summaries[0], published_of(summaries, metrics)
    rows = [
        Row((_marked(one), *(cell(one.spread(metric)) for metric in metrics), _runs(one)), False) for one in summaries
    ]
    rows += [
        Row(
            (
                paper.method,
                *(paper.numbers[metric].printed if metric in paper.numbers else "" for metric in metrics),
                paper.source,
            ),
            True,
        )
        for paper in papers
    ]
    data = str(first.trained)
    if first.trained != first.tested:
        data = f"trained on {first.trained}; tested on {first.tested}"
    return Section(
        title=f"{SIMULATED}: {data}" if first.simulated else data,
        header=("method", *(f"{metric.upper()} %" for metric in metrics), "runs or source"),
        numbers=len(metrics),
        rows=tuple(rows),
        notes=(*_notes(summaries, metrics), *_notes_on_papers(first, papers)),
    )


def _notes(summaries: Sequence[Summary], metrics: Sequence[str]) -> list[str]:
    rules = sorted({result.threshold for one in summaries for result in one.results})
    notes = [_threshold_note(rule) for rule in rules]
    over = sorted({one.over for one in summaries} - {""})
    if over:
        notes.append(f"mean ± sample standard deviation (n - 1) over {' or '.join(over)}")
    if "eer" in metrics:
        notes.append("EER is computed on the test scores themselves, so it is optimistic")
    return notes + [note for one in summaries for note in one.notes()]


def _threshold_note(rule: str) -> str:
    if rule == "fixed":
        return "threshold: fixed by the user, independent of the data"
    if rule.startswith("test"):
        return f"threshold of each run: {rule}, chosen on the scores that are evaluated, so the numbers are optimistic"
    return f"threshold of each run: {rule}, on the dev split of its training data"


def _notes_on_papers(first: Summary, papers: Sequence[PublishedRow]) -> list[str]:
    if first.simulated:
        return ["simulated data: these numbers say nothing about a real dataset, so published rows are left out"]
    if not papers:
        return []
    notes = ["rows with a paper as source are that paper's numbers as printed; crops, frames and thresholds differ"]
    if any(number.protocol is None for row in papers for number in row.numbers.values()):
        notes.append("some of these papers do not say which videos of the datasets they use")
    odd = [f"{row.method}, {note}" for row in papers for note in row.notes]
    return notes + odd


def _matrices(summaries: Sequence[Summary], metrics: Sequence[str]) -> list[Section]:
    methods = dict.fromkeys(one.method for one in summaries if one.trained.datasets != one.tested.datasets)
    return [
        _matrix([one for one in summaries if one.method == method], metric) for method in methods for metric in metrics
    ]


def _matrix(summaries: Sequence[Summary], metric: str) -> Section:
    trained = sorted({one.trained for one in summaries})
    tested = sorted({one.tested for one in summaries})
    cells = {
        (one.trained, one.tested): cell(one.spread(metric)) + (" (simulated)" if one.simulated else "")
        for one in summaries
    }
    title = f"{summaries[0].method}: {metric.upper()} %, trained on (rows) and tested on (columns)"
    return Section(
        title=f"{SIMULATED} in part: {title}" if any(one.simulated for one in summaries) else title,
        header=("trained on", *map(str, tested)),
        numbers=len(tested),
        rows=tuple(Row((str(row), *(cells.get((row, column), "") for column in tested))) for row in trained),
        notes=(),
    )


def cell(spread: Spread) -> str:
    """`2.70 ± 1.60`, or `2.70` for one run."""
    return f"{spread.mean:.2f}" + (f" ± {spread.std:.2f}" if spread.std is not None else "")


def _marked(summary: Summary) -> str:
    return f"{summary.method} (simulated)" if summary.simulated else summary.method


def _runs(summary: Summary) -> str:
    runs = f"{len(summary.results)} run{'s' if len(summary.results) > 1 else ''}"
    if summary.expected is not None and len(summary.expected) > 1:
        found = len(summary.expected) - len(summary.missing)
        return f"{found} of {len(summary.expected)} folds, {runs}"
    return runs
