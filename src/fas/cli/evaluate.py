"""`fas evaluate`: metrics of a scores file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli.options import Level, Threshold

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    scores: Annotated[Path, typer.Argument(help="A scores file, as `fas test` writes it.", show_default=False)],
    dev: Annotated[
        Path | None, typer.Argument(help="Another scores file whose dev rows give the threshold.", show_default=False)
    ] = None,
    threshold: Threshold = "dev-eer",
    level: Level = "coarse",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the counts behind every rate.")] = False,
) -> None:
    """Compute the ISO/IEC 30107-3 metrics of the test rows of a scores file, counted in presentations."""
    import json

    from fas.evaluation.evaluate import evaluate_scores
    from fas.evaluation.scores import read_scores

    evaluation = evaluate_scores(
        read_scores(scores),
        None if dev is None else read_scores(dev),
        threshold=threshold,
        level=level,
    )
    if as_json:
        print(json.dumps(evaluation.to_json(), indent=2, allow_nan=False))
        return
    from rich.console import Console

    from fas.evaluation.text import render

    Console().print(render(evaluation, scores.name))
