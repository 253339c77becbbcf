"""`fas store`: inspect stores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fas.cli.options import examples
from fas.errors import FasError
from fas.paths import store_root
from fas.progress import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from fas.store import Store, StoreIndex

EXAMPLES = examples("store ls", "store show ~/.fas/store/oulu/0123456789ab", "store sheet --out sheet.png")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Inspect a store: ls, show, verify, sheet.",
    epilog=EXAMPLES,
)

StoreArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="Folder of the store; may be left out if $FAS_STORE holds just one."),
]


@app.command("ls", epilog=examples("store ls", "store ls /data/stores"))
def list_stores(
    root: Annotated[
        Path | None, typer.Argument(metavar="[ROOT]", help="Folder with stores; by default $FAS_STORE.")
    ] = None,
) -> None:
    """List stores: dataset, recipe, layers, presentations, frames, size."""
    from fas.store import Store
    from fas.store.find import list_stores as find_all
    from fas.store.summary import measure_store

    root = root or store_root()
    paths = find_all(root)
    if not paths:
        raise FasError(
            "no store here", path=root, remedy="create one with `fas preprocess`, give the folder, or set FAS_STORE"
        )
    table = _table("dataset", "recipe", "layers", "presentations", "frames", "size", title=f"Stores in {root}")
    damages: list[FasError] = []
    for path in paths:
        try:
            measured = measure_store(Store.open(path))
        except FasError as error:
            damages.append(error)
            continue
        layers = ", ".join(measured.shards)
        frames = "no index" if measured.frames is None else f"{measured.frames:,}"
        presentations = f"{measured.shards.get('rgb', 0):,}"
        table.add_row(_dataset(measured.store), path.name, layers, presentations, frames, _bytes(measured.size))
    _print(table)
    for damage in damages[:-1]:
        print(f"error: {damage}", file=sys.stderr)
    if damages:
        raise damages[-1]  # after all others are printed


@app.command(epilog=examples("store show", "store show ~/.fas/store/oulu/0123456789ab"))
def show(store: StoreArgument = None) -> None:
    """Show a store: settings, counts by split and species, completeness of layers, failures."""
    import yaml

    from fas.layers import layer_options
    from fas.store.summary import count_failures, count_groups, count_layers

    opened = _open(store)
    index = opened.index()
    settings = {"recipe": opened.recipe, "layers": opened.layers, "tools": opened.tools}
    print(f"{_dataset(opened)}  {opened.path}\n")
    print(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    if (source := opened.source()) is not None:
        options = [option for layer in source.layers for option in layer_options(layer)]
        print(f"made from {source.dataset} in {source.root} by\n  {opened.preprocess_command(*options)}\n")

    table = _table("split", "label", "species", "presentations", "frames", title="Presentations")
    for group in count_groups(index):
        label = "bona fide" if group.label else "attack"
        table.add_row(group.split, label, group.attack_type, f"{group.presentations:,}", f"{group.frames:,}")
    _print(table)

    table = _table("layer", "presentations", "frames", "missing frames", title="Layers")
    for layer, (presentations, frames) in count_layers(index).items():
        table.add_row(layer, f"{presentations:,}", f"{frames:,}", f"{len(index) - frames:,}")
    _print(table)

    failures = count_failures(opened.failures())
    table = _table("reason", "count", title="Failures to acquire")
    for reason, count in failures.items():
        table.add_row(reason, f"{count:,}")
    if failures:
        _print(table)
    else:
        print("No failures to acquire.")


@app.command(epilog=examples("store verify", "store verify ~/.fas/store/oulu/0123456789ab"))
def verify(store: StoreArgument = None) -> None:
    """Read every byte of a store and compare it with its checksums; exit code 1 on any damage."""
    from fas.store import Store
    from fas.store.files import scan_files
    from fas.store.names import BASE_LAYER, STORE_FILE
    from fas.store.verify import verify_store

    path = _find(store)
    if not (path / STORE_FILE).exists() and not (path / BASE_LAYER).exists():
        Store.open(path)  # reports that this is not a store, rather than a damaged one
    files = scan_files(path)
    with progress_bar("verify", total=len(files.shards), unit="presentation") as advance:
        report = verify_store(files, advance)
    for note in report.notes:
        print(f"note: {note}")
    for damage in report.damages:
        print(f"damage: {damage}")
    print(f"{path}: {report.presentations} presentations, {files.size:,} bytes, {len(report.damages)} damages")
    if report.damages:
        raise typer.Exit(code=1)


@app.command(epilog=examples("store sheet", "store sheet --out faces.png --rows 24 --seed 1"))
def sheet(
    store: StoreArgument = None,
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("sheet.png"),
    rows: Annotated[int, typer.Option(min=1, max=100, help="Number of crops, balanced over species.")] = 12,
    seed: Annotated[int, typer.Option(help="Chooses other crops.")] = 0,
) -> None:
    """Draw crops next to their maps as stored, with label and species."""
    from fas.store.sheet import choose_rows, draw_sheet

    index: StoreIndex = _open(store).index()
    draw_sheet(index, choose_rows(index, rows, seed), out)
    print(out)


def _find(store: Path | None) -> Path:
    from fas.store.find import only_store

    return only_store(store_root()) if store is None else store


def _open(store: Path | None) -> Store:
    from fas.store import Store

    return Store.open(_find(store))


def _dataset(store: Store) -> str:
    return f"{store.dataset} (SIMULATED)" if store.simulated else store.dataset


def _table(*columns: str, title: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    numeric = {"presentations", "frames", "missing frames", "size", "count"}
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in numeric else "left")
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    # A file or a pipe has no width, so no value needs to be cut.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _bytes(size: int) -> str:
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.1f} {unit}" if unit != "B" else f"{size} B"
        value /= 1024
    return f"{value:.1f} TiB"
