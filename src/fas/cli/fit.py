"""`fas fit`: train the method of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.errors import FasError

app = typer.Typer(add_completion=False)


@app.command()
def fit(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Override the config: data.fold=2 model.lr=1e-4", show_default=False
        ),
    ] = None,
    exp: Annotated[
        str | None, typer.Option(help="Name of an experiment, or the path of your own YAML file.", show_default=False)
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with the run in this folder.", show_default=False)
    ] = None,
) -> None:
    """Train the method of an experiment; writes runs/EXPERIMENT/TIME/ with checkpoints and metrics."""
    if (exp is None) == (resume is None):
        raise FasError("give either an experiment or a run to go on with", remedy="fas fit --exp NAME [KEY=VALUE]...")
    from dataclasses import replace

    from fas.training.compose import compose_experiment, compose_run

    if resume is not None:
        experiment = replace(compose_run(resume, overrides or []), run_dir=str(resume))
    else:
        experiment = compose_experiment(str(exp), overrides or [])
    from fas.training.fit import fit as run_fit  # torch and Lightning: a mistake in a name need not wait for them

    run_fit(experiment)
