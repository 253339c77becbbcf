"""`fas test`: score the dev and test splits with a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def test(
    ckpt: Annotated[
        Path, typer.Option(metavar="RUN|FILE", help="A run's folder (its best checkpoint) or a checkpoint in it.")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Override the run's config: data.dataset=... data.protocol=2",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The scores file; by default in the run's folder.", show_default=False)
    ] = None,
) -> None:
    """Score the dev and test splits of a run with its checkpoint; writes scores.csv and prints the metrics."""
    from fas.runs.run import find_checkpoint
    from fas.training.compose import compose_run

    run, checkpoint = find_checkpoint(ckpt)
    compose_run(run.path, overrides or [])  # a mistake in a name need not wait for torch and Lightning
    from rich.console import Console

    from fas.evaluation.terminal import render
    from fas.training.score import judge, score_run

    scores = score_run(ckpt, overrides or [], out)
    judged = judge(run, checkpoint, scores)
    if judged is None:
        print(f"no dev split, so no threshold: judge with\n         fas evaluate {scores} --threshold ...")
    else:
        Console().print(render(judged, scores.name))
    print(f"scores   {scores}")
    if scores == run.scores:
        print(f"next     fas report {run.path}")
