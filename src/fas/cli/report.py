"""`fas report`: an HTML report of one or several runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fas.cli.options import Level, Threshold, examples

if TYPE_CHECKING:
    from fas.evaluation.evaluate import Evaluation
    from fas.evaluation.report.pictures import Pictures
    from fas.evaluation.scores.table import ScoreTable
    from fas.runs.content import RunContent

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "report runs/basn/2026-01-31_12-00-00",
    "report runs/basn/* --out basn.html",
)


@app.command(epilog=EXAMPLES)
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, after `fas test`.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; by default RUN/report.html for one run.", show_default=False)
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Also write a single run's typical faces with their maps as a PNG.", show_default=False),
    ] = None,
    threshold: Threshold = "dev-eer",
    level: Level = "coarse",
) -> None:
    """Write one self-contained HTML file about one or several runs; prints its path."""
    from fas.errors import FasError
    from fas.evaluation.evaluate import evaluate_scores
    from fas.evaluation.report import RunReport, render_report
    from fas.evaluation.report.pictures import write_figure
    from fas.evaluation.scores.file import read_scores
    from fas.files import write_text
    from fas.runs.content import read_content, scored_run
    from fas.runs.run import Run

    if len(runs) > 1 and (out is None or figure is not None):
        cause = "a report of several runs has no default place" if out is None else "a figure shows a single run"
        raise FasError(cause, remedy="give --out FILE.html" if out is None else "leave out --figure")
    reports = []
    for run in runs:
        files = read_content(folder := scored_run(run))
        table = read_scores(folder.scores)
        evaluation = evaluate_scores(table, threshold=threshold, level=level)
        pictures = _pictures(files, table, evaluation, needed=figure is not None)
        reports.append(RunReport(files, table, evaluation, pictures))
    if figure is not None:
        write_figure(figure, reports[0].pictures.typical, "simulated data" if reports[0].evaluation.simulated else None)
    target = out or Run(runs[0]).report
    write_text(target, render_report(reports))
    print(target)


def _pictures(files: RunContent, table: ScoreTable, evaluation: Evaluation, *, needed: bool) -> Pictures:
    """The run's pictures; if there are none and none are required: why, and the store's attributes."""
    import warnings

    from fas.errors import FasError, FasWarning
    from fas.evaluation.report.pictures import Pictures

    attributes: dict[str, dict[str, str]] = {}
    try:
        if files.config is None:  # before torch is imported
            raise FasError("the run has no config.yaml", path=files.path)
        from fas.inference.stored_faces import load_attributes, load_pictures

        attributes = load_attributes(files.path)
        return load_pictures(files.path, table, evaluation)
    except FasError as error:
        if needed:
            raise
        warnings.warn(f"the report has no pictures: {error}", FasWarning, stacklevel=1)
        return Pictures(attributes=attributes, missing=error.cause)
