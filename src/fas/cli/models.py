"""`fas models`: the table of weights from other projects, and fetching them before they are needed."""

from __future__ import annotations

from typing import Annotated

import typer

from fas.cli.options import examples

app = typer.Typer(
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog=examples("models", "models fetch", "models fetch efficientnet-lite0-57934424.pth"),
)


@app.callback()
def show_table(context: typer.Context) -> None:
    """Lists the weights from other projects: state, size, the command that needs each, licence, hash, sources.

    A file is fetched when it is first needed. For a machine without
    network, fetch it elsewhere and copy it into the listed folder.
    """
    if context.invoked_subcommand is not None:
        return
    from fas.paths import models_dir
    from fas.weights.fetching import model_state
    from fas.weights.table import MODELS

    print(f"folder: {models_dir()}")
    for model in MODELS.values():
        size = "size unknown" if model.size is None else f"{model.size / 1e6:.1f} MB"
        print(f"\n{model.name}  [{model_state(model.name)}]  {size}")
        print(f"  what:      {model.content}")
        print(f"  needed by: {model.needed_by}")
        print(f"  licence:   {model.licence}")
        print(f"  sha256:    {model.sha256}")
        for source in model.sources:
            print(f"  source:    {source}")


@app.command(epilog=examples("models fetch", "models fetch det_10g.onnx efficientnet-lite0-57934424.pth"))
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Files to fetch, as `fas models` names them. By default the face detector and mesh."),
    ] = None,
) -> None:
    """Fetches weights into the folder of models and checks their hashes.

    Without names: the two files that `fas preprocess` needs by default.
    """
    from fas.weights.fetching import fetch_model
    from fas.weights.table import FACE_DETECTOR, FACE_MESH

    for name in names or (FACE_DETECTOR, FACE_MESH):
        print(fetch_model(name))
