"""`fas test`: score the dev and test splits with a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli import completion
from fas.cli.options import examples

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog=examples(
        "test runs/basn/2026-01-31_12-00-00",
        "test runs/basn/2026-01-31_12-00-00 data=replay_attack data.protocol=grandtest",
        "test runs/basn/2026-01-31_12-00-00/checkpoints/last.ckpt",
    )
)
def test(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="A run's folder (its best checkpoint) or a checkpoint in it.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Override the run's config: data=replay_attack data.protocol=grandtest",
            show_default=False,
            autocompletion=completion.overrides,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The scores file; by default in the run's folder.", show_default=False)
    ] = None,
) -> None:
    """Score the dev and test splits of a run with its checkpoint; writes scores.csv and prints the metrics."""
    from fas.runs.run import find_checkpoint
    from fas.training.compose import compose_run

    folder, checkpoint = find_checkpoint(run)
    compose_run(folder.path, overrides or [])  # a mistake in a name need not wait for torch and Lightning
    from fas.cli.terminal import show
    from fas.command import fas_command
    from fas.evaluation.terminal import render
    from fas.training.score import evaluate_run, score_run

    scores = score_run(run, overrides or [], out)
    evaluation = evaluate_run(folder, checkpoint, scores)
    if evaluation is None:
        print(f"no dev split, so no threshold; give one: {fas_command('evaluate', str(scores), '--threshold', '0.5')}")
    else:
        show(render(evaluation, scores.name))
    print(f"scores   {scores}")
    if scores == folder.scores:
        print(f"next     {fas_command('report', str(folder.path))}")
