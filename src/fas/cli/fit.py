"""`fas fit`: train the method of an experiment, or resume a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli import completion
from fas.cli.options import examples
from fas.command import fas_command
from fas.errors import FasError

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog=examples(
        "fit --exp basn data.protocol=3 data.fold=1",
        "fit --exp classifier data=mine model.backbone=resnet18",
        "fit runs/basn/2026-01-31_12-00-00      (resume a run that was stopped)",
    )
)
def fit(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN|KEY=VALUE",
            help="A run to resume, or overrides of the config such as data.fold=2 model.lr=1e-4.",
            show_default=False,
            autocompletion=completion.overrides,
        ),
    ] = None,
    exp: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="An experiment (`fas experiments` lists them), or the path of your own YAML file.",
            show_default=False,
            autocompletion=completion.experiments,
        ),
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the resolved config and train nothing.")
    ] = False,
) -> None:
    """Train the method of an experiment; writes runs/EXPERIMENT/TIME/ with checkpoints and metrics."""
    given = arguments or []
    runs = [Path(one) for one in given if "=" not in one or Path(one).is_dir()]
    overrides = [one for one in given if Path(one) not in runs]
    if (exp is None) == (not runs) or len(runs) > 1:
        names = " ".join(map(str, runs))
        hint = f"; for an experiment write --exp {names}" if runs and exp is None else ""
        raise FasError(
            "give either an experiment or one run to resume" + (f", not {names} with --exp" if exp and runs else hint),
            remedy="fas fit --exp NAME [KEY=VALUE]..., or fas fit RUN [KEY=VALUE]...",
        )
    from dataclasses import replace

    from fas.training.compose import compose_experiment, compose_run, known_experiments

    if exp is not None:
        experiment = compose_experiment(exp, overrides)
    elif not runs[0].is_dir() and str(runs[0]) in known_experiments():
        remedy = f"for the experiment write: {fas_command('fit', '--exp', str(runs[0]))}"
        raise FasError(f"there is no run {str(runs[0])!r}", remedy=remedy)
    elif not runs[0].is_dir():
        raise FasError("not a run: there is no such folder", path=runs[0], remedy="give a folder made by `fas fit`")
    else:
        experiment = replace(compose_run(runs[0], overrides), run_dir=str(runs[0]))
    if print_config:
        import yaml

        print(yaml.safe_dump(experiment.config(), sort_keys=False), end="")
        return
    from fas.training.fit import fit as run_fit  # loads torch; a mistake in a name need not wait for it

    run_fit(experiment)
