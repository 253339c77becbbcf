"""Summaries and the papers' rows as CSV: one line per method, pair of data and metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby

from fas.evaluation.tables.sections import chosen_metrics, published_of
from fas.evaluation.tables.summary import Summary, fold_name

COLUMNS = (
    "kind",
    "simulated",
    "method",
    "trained",
    "trained_protocol",
    "tested",
    "tested_protocol",
    "metric",
    "mean_percent",
    "std_percent",
    "std_over",
    "folds",
    "missing_folds",
    "runs",
    "seeds",
    "threshold",
    "source",
    "notes",
)
"""`kind` is `run` or `published`; several values in one cell are joined by `; `."""


def render_csv(summaries: Sequence[Summary], metrics: Sequence[str] = ()) -> str:
    """The numbers behind `fas.evaluation.tables.sections.sections`: unrounded, those of papers as printed."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for (trained, tested, _), group in groupby(summaries, lambda one: (one.trained, one.tested, one.simulated)):
        wanted, of_data = metrics or chosen_metrics(trained, tested), list(group)
        for one in of_data:
            writer.writerows(_of_runs(one, wanted))
        writer.writerows(_of_papers(of_data, wanted))
    return file.getvalue()


def _data(one: Summary) -> dict[str, str]:
    return {
        "simulated": str(one.simulated).lower(),
        "trained": str(one.trained.datasets),
        "trained_protocol": one.trained.protocol,
        "tested": str(one.tested.datasets),
        "tested_protocol": one.tested.protocol,
    }


def _of_runs(one: Summary, metrics: Sequence[str]) -> Iterator[dict[str, str]]:
    for metric in metrics:
        spread = one.spread(metric)
        yield {
            **_data(one),
            "kind": "run",
            "method": one.method,
            "metric": metric,
            "mean_percent": repr(spread.mean),
            "std_percent": "" if spread.std is None else repr(spread.std),
            "std_over": one.over,
            "folds": "; ".join(map(fold_name, one.by_fold)),
            "missing_folds": "; ".join(map(fold_name, one.missing)),
            "runs": "; ".join(str(result.run) for result in one.results),
            "seeds": "; ".join(str(result.seed) for result in one.results),
            "threshold": "; ".join(sorted({result.threshold for result in one.results})),
            "notes": "; ".join(one.notes()),
        }


def _of_papers(summaries: Sequence[Summary], metrics: Sequence[str]) -> Iterator[dict[str, str]]:
    for row in published_of(summaries, metrics):
        for metric in (name for name in metrics if name in row.numbers):
            mean, _, std = row.numbers[metric].printed.partition(" ± ")
            yield {
                **_data(summaries[0]),
                "kind": "published",
                "method": row.method,
                "metric": metric,
                "mean_percent": mean,
                "std_percent": std,
                "source": "; ".join(row.sources),
                "notes": "; ".join(row.notes),
            }
