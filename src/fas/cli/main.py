"""The entry point `fas`: the table of commands, and the one place where errors become messages."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from fas import __version__
from fas.errors import FasError, FasWarning

COMMANDS: dict[str, str] = {
    "simulate": "Make a simulated dataset tree from face photographs.",
    "datasets": "Known datasets, their presentations and their protocols.",
    "preprocess": "Cut faces and maps from a raw dataset into a store.",
    "store": "Look into a store: ls, show, verify, sheet.",
    "models": "Weights from elsewhere: sources, hashes, licences; fetch them.",
    "experiments": "List the experiments that fit takes.",
    "methods": "List the methods; check your own.",
    "fit": "Train the method of an experiment, or resume a run.",
    "test": "Score the dev and test splits with a checkpoint.",
    "evaluate": "ISO/IEC 30107-3 metrics of a scores file.",
    "table": "Runs over folds and datasets, next to the papers' rows.",
    "compare": "Paired comparison of two runs on the same presentations.",
    "report": "Write an HTML report of a run.",
    "predict": "Score videos or images with a checkpoint.",
}
"""Command -> its one line in `fas --help`. The command itself is the `app` of the module `fas.cli.<command>`."""

USER_ERROR = 2
"""Exit code of a mistake that the user can fix."""


class LazyGroup(TyperGroup):
    """A group that imports a command's module only when that command runs.

    `fas --help` reads names and summaries from `COMMANDS`, so it costs no more than importing typer.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=summary) for name, summary in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replaces the listed placeholder by the real command, now that it is about to run."""
        name, placeholder, rest = super().resolve_command(ctx, args)
        if placeholder is None or name is None:
            return name, placeholder, rest
        command = typer.main.get_command(import_module(f"fas.cli.{name}").app)
        command.name = name
        return name, command, rest


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich would double the time of `fas --help`
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"fas {__version__}")
        raise typer.Exit


@app.callback()
def _fas(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    methods: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also load the methods in this folder: runs their code.", show_default=False),
    ] = None,
) -> None:
    """An experiment suite for face anti-spoofing (presentation attack detection)."""
    if methods is not None:
        from fas.command import set_global_options
        from fas.methods.sources import use_methods_of

        use_methods_of(methods)
        set_global_options(["--methods", str(methods)])


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, FasWarning):
        print(f"warning: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), file=file or sys.stderr, end="")


def main() -> None:
    """Runs the command line; a `FasError` becomes a message on stderr and exit code 2, a `FasWarning` one line."""
    # Read when torch is first imported. By default its idle threads spin, which takes the cores away from the loading
    # processes and from whatever else runs: measured on two busy cores, a training epoch took six times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.showwarning = _show_warning
    warnings.simplefilter("always", FasWarning)
    try:
        app()
    except FasError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(USER_ERROR)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        full = FasError("the disk is full", path=error.filename, remedy="free some space, and give the command again")
        print(f"error: {full}", file=sys.stderr)
        sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
