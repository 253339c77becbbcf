"""`fas table`: runs over folds and datasets, next to the papers' rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fas.cli.options import Threshold, examples

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "table runs/basn/*",
    "table runs/basn/* --metric eer --metric acer --threshold dev-min-hter",
    "table runs/basn/* runs/demo/* --format latex --out tables.tex",
)


@app.command(epilog=EXAMPLES)
def table(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, after `fas test`.", show_default=False)],
    threshold: Threshold = "dev-eer",
    layout: Annotated[
        Literal["text", "csv", "latex", "markdown"], typer.Option("--format", help="How the tables are written.")
    ] = "text",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="A metric to show; give it several times for several. By default APCER, BPCER and ACER, and across "
            "datasets HTER and AUC.",
            metavar="apcer|bpcer|acer|hter|eer|auc",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.", show_default=False)] = None,
) -> None:
    """Summarise runs: mean and standard deviation over folds, tests across datasets, and what papers report.

    Each run is evaluated at its own threshold. Scores of other data that `fas test` wrote into a run's folder become a
    test across datasets.
    """
    from fas.evaluation.tables.results import check_metrics, read_results
    from fas.evaluation.tables.summary import summarise
    from fas.files import write_text

    metrics = check_metrics(metric or ())
    summaries = summarise(read_results(runs, threshold))
    if layout == "csv":
        from fas.evaluation.tables.long_form import render_csv

        text = render_csv(summaries, metrics)
    else:
        from fas.evaluation.tables.layouts import render_latex, render_markdown, render_text
        from fas.evaluation.tables.sections import sections

        tables = sections(summaries, metrics)
        if layout == "text":
            from fas.cli.terminal import as_text, show

            if out is None:
                show(render_text(tables))
                return
            text = as_text(render_text(tables))
        else:
            text = render_markdown(tables) if layout == "markdown" else render_latex(tables)
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        write_text(out, text)
        print(out)
