"""`fas report`: an HTML report of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli.options import Level, Threshold

app = typer.Typer(add_completion=False)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, after `fas test`.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; by default RUN/report.html.", show_default=False)
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Also write the typical faces with their maps as a PNG.", show_default=False)
    ] = None,
    threshold: Threshold = "dev-eer",
    level: Level = "coarse",
) -> None:
    """Write one self-contained HTML file about a run; prints its path."""
    import warnings

    from fas.errors import FasError, FasWarning
    from fas.evaluation.evaluate import evaluate_scores
    from fas.evaluation.files import write_text
    from fas.evaluation.pictures import Pictures, write_figure
    from fas.evaluation.report import render_report
    from fas.evaluation.run import read_run
    from fas.evaluation.scores import read_scores

    files = read_run(run)
    table = read_scores(files.scores)
    evaluation = evaluate_scores(table, threshold=threshold, level=level)
    try:
        if not files.checkpoint.is_file():  # before torch is imported
            raise FasError("the run has no best checkpoint", path=files.checkpoint)
        from fas.training.examples import load_pictures

        pictures = load_pictures(run, table, evaluation)
    except FasError as error:
        if figure is not None:
            raise
        warnings.warn(f"the report has no pictures: {error}", FasWarning, stacklevel=1)
        pictures = Pictures(missing=error.cause)
    if figure is not None:
        write_figure(figure, pictures.typical, "simulated data" if evaluation.simulated else None)
    target = out or run / "report.html"
    write_text(target, render_report(files, evaluation, pictures))
    print(target)
