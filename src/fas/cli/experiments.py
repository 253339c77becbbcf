"""`fas experiments`: the experiments that `fas fit --exp` takes."""

from __future__ import annotations

import typer

from fas.cli.options import examples

app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "fas experiments",
        "fas fit --exp basn --print-config      (what an experiment comes down to)",
    )
)
def experiments() -> None:
    """List the experiments that `fas fit --exp NAME` takes, each with what it is for."""
    from fas.training.compose import experiment_summary, known_experiments

    found = known_experiments()
    width = max(map(len, found))
    for name, path in found.items():
        print(f"{name:{width}}  {experiment_summary(path)}")
