"""`fas models`: the table of weights from elsewhere, and fetching them before they are needed."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="Weights from elsewhere: sources, hashes, licences; fetch them.",
    invoke_without_command=True,
    add_completion=False,
)


@app.callback()
def show_table(context: typer.Context) -> None:
    """Lists the files: whether they are here, size, hash, licence, what for, and where they come from."""
    if context.invoked_subcommand is not None:
        return
    from fas.paths import models_dir
    from fas.weights.table import MODELS, model_state

    print(f"folder: {models_dir()}")
    for model in MODELS.values():
        size = "size unknown" if model.size is None else f"{model.size / 1e6:.1f} MB"
        print(f"\n{model.name}  [{model_state(model.name)}]  {size}")
        print(f"  for:     {model.used_by}")
        print(f"  licence: {model.licence}")
        print(f"  sha256:  {model.sha256}")
        for source in model.sources:
            print(f"  source:  {source}")


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Files to fetch; without any, those of the default detector and mesh.")
    ] = None,
) -> None:
    """Fetches weights into the folder of models and checks them."""
    from fas.weights.table import FACE_DETECTOR, FACE_MESH, fetch_model

    for name in names or (FACE_DETECTOR, FACE_MESH):
        print(fetch_model(name))
