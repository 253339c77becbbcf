"""`fas methods`: lists the methods, and checks a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli.options import examples

app = typer.Typer(
    help="List the methods; check your own.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog=examples("methods", "methods check my_methods/", "--methods my_methods/ fit --exp mine"),
)

CHECK_FAILED = 1
"""Exit code when a method fails a check."""


@app.callback()
def methods(context: typer.Context) -> None:
    """List the methods: what each is, and where it comes from."""
    if context.invoked_subcommand is not None:
        return
    from fas.methods.sources import method_packages

    for package in method_packages().values():
        for name, kind in package.classes.items():
            summary = (kind.__doc__ or "").strip().partition("\n")[0]
            print(f"{name:20}  {summary}" + ("" if package.origin == "fas" else f"  [{package.origin}]"))


@app.command(epilog=examples("methods check my_methods/"))
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="A folder with your own methods; without one, all known methods.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the checks that every method must pass, on small random batches on the CPU.

    This runs the code of the methods in the folder. Exit code 1 if a check fails.
    """
    from fas.methods.checks import run_checks
    from fas.methods.sources import method_packages, use_methods_of

    if folder is not None:
        use_methods_of(folder)
    packages = method_packages().values()
    wanted = [one for one in packages if folder is None or one.origin == str(folder.resolve())]
    failed = 0
    for name in (name for package in wanted for name in package.names):
        print(name)
        for what, reason in run_checks(name):
            print(f"  {'ok    ' if reason is None else 'FAILED'}  {what}" + ("" if reason is None else f": {reason}"))
            failed += reason is not None
    if failed:
        print(f"{failed} checks failed")
        raise typer.Exit(CHECK_FAILED)
