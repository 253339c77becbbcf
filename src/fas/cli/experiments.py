"""`fas experiments`: the experiments that `fas fit --exp` accepts."""

from __future__ import annotations

import typer

from fas.cli.options import examples

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog=examples(
        "experiments",
        "fit --exp basn --print-config      (the resolved config of an experiment)",
    )
)
def experiments() -> None:
    """List the experiments that `fas fit --exp NAME` accepts, and what each is for."""
    from fas.training.compose import experiment_summary, known_experiments

    found = known_experiments()
    width = max(map(len, found))
    for name, path in found.items():
        print(f"{name:{width}}  {experiment_summary(path)}")
