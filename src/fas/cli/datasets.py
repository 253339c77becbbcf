"""`fas datasets`: known datasets, what a raw tree holds, the protocols, and fake trees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fas.cli.options import examples

if TYPE_CHECKING:
    from fas.datasets.index import DatasetIndex
    from fas.datasets.presentation import Presentation
    from fas.datasets.protocol import Splits
    from fas.datasets.recipe import Recipe


app = typer.Typer(
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, without importing rich
    epilog=examples(
        "datasets",
        "datasets show oulu --root DIR",
        "datasets protocol oulu 3 --fold 2",
    ),
)

_Name = Annotated[str, typer.Argument(help="A known dataset, a recipe (.yaml) or a manifest (.csv).")]
_Root = Annotated[Path | None, typer.Option(help="The raw tree; by default $FAS_DATA/NAME.")]


@app.callback()
def datasets(context: typer.Context) -> None:
    """Known datasets, their presentations and their protocols. Without a command: what is known."""
    if context.invoked_subcommand is not None:
        return
    from fas.cli.datasets_output import print_known

    print_known()


@app.command(
    epilog=examples(
        "datasets show oulu                            # what was published",
        "datasets show oulu --root DIR                 # is my copy complete?",
        "datasets show oulu --root DIR --list all.tsv  # every missing file",
    )
)
def show(
    name: Annotated[str, typer.Argument(help="A dataset, a recipe or manifest, or a protocol across datasets.")],
    root: _Root = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if the tree is not exactly as published.")] = False,
    listing: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="Write every finding to a file, or to the terminal with -. One per line, separated by tabs: its kind "
            "(missing, unexpected, protocol), its path and, for a protocol file, line and problem.",
        ),
    ] = None,
) -> None:
    """Whether a raw tree is complete, and what the dataset is.

    First the verdict, then the counts compared with the published ones, the missing and unexpected files by folder
    with a few examples, and the facts of the dataset. Without a tree only what was published is shown.
    """
    import warnings

    from fas.cli.datasets_output import print_counts, print_cross, print_facts, print_findings, verdict, write_findings
    from fas.datasets.cross import is_cross_protocol, load_cross_protocol
    from fas.datasets.index import index_dataset
    from fas.datasets.loading import load_recipe
    from fas.datasets.protocol_files import check_protocol_files
    from fas.errors import FasError, FasWarning
    from fas.paths import dataset_root

    if is_cross_protocol(name):
        if root is not None or strict or listing is not None:
            remedy = f"show its datasets one by one: {', '.join(load_cross_protocol(name).datasets)}"
            raise FasError(f"{name} is a protocol across datasets and has no tree of its own", remedy=remedy)
        print_cross(load_cross_protocol(name))
        return
    recipe = load_recipe(name)
    try:
        tree = dataset_root(recipe.name, root)
    except FasError as error:
        if root is not None or strict or listing is not None:
            raise
        print(f"no raw tree: {error}")
        print_counts(recipe, None)
        print()
        print_facts(recipe)
        return

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FasWarning)  # everything is printed below
        index = index_dataset(recipe, tree)
    disagreements = check_protocol_files(recipe, tree, index.expected or index.presentations)
    summary = verdict(index, disagreements)
    to_terminal = listing is not None and str(listing) == "-"
    print(
        f"{tree}: {summary}{'  (SIMULATED data)' if index.simulated else ''}", file=sys.stderr if to_terminal else None
    )
    if listing is not None:
        write_findings(listing, index, disagreements)
    if not to_terminal:
        print_counts(recipe, index)
        print_findings(index, disagreements)
        print()
        print_facts(recipe)
    if strict and (index.missing or index.unexpected or disagreements):
        remedy = "see --list" if listing is not None else "--list FILE writes every name"
        raise FasError(f"the tree is not as published: {summary}", path=tree, remedy=remedy)


@app.command(
    epilog=examples(
        "datasets protocol oulu 3 --fold 2 --root DIR",
        "datasets protocol oulu 3 --fold 2 --rules --split test --csv test.csv",
        "datasets protocol ocim_m --rules",
    )
)
def protocol(
    name: Annotated[str, typer.Argument(help="A dataset, or a protocol across datasets such as ocim_m.")],
    protocol: Annotated[str | None, typer.Argument(help="The protocol, by the dataset's own word.")] = None,
    fold: Annotated[int | None, typer.Option(help="Which fold, from 1, of a protocol with folds.")] = None,
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Only this split.")] = None,
    csv: Annotated[Path | None, typer.Option(help="List the presentations: a file, or - for the terminal.")] = None,
    root: Annotated[
        list[str] | None,
        typer.Option(help="The raw tree; by default $FAS_DATA/NAME. Across datasets: NAME=DIR, once for each."),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="From the rules alone, without a raw tree.")] = False,
) -> None:
    """Count or list the presentations of a protocol.

    Without --csv their counts, with it one row each: `split` is the role in the protocol, `path` is relative to the
    root, `label` is 1 for bona fide. The rules are compared with the protocol's text files in the tree.
    """
    from fas.cli.datasets_output import print_protocol, write_csv
    from fas.datasets.cross import is_cross_protocol

    if is_cross_protocol(name):
        splits = _cross_splits(name, protocol, fold, root, rules=rules)
    else:
        splits = _splits(name, protocol, fold, root, rules=rules)
    if split is not None:
        splits = {split: splits[split]}
    if csv is None:
        print_protocol(splits)
    else:
        write_csv(csv, splits)


@app.command(
    epilog=examples(
        "datasets fake oulu DIR          # names only, to test scripts",
        "datasets fake oulu DIR --media  # tiny videos, to run fas preprocess",
    )
)
def fake(
    name: _Name,
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    media: Annotated[bool, typer.Option("--media", help="Tiny playable media instead of empty files.")] = False,
) -> None:
    """Make a fake tree with the names of a dataset.

    It also has the dataset's side files, so that a pipeline can be tried out before the licence arrives. It is marked
    as simulated. Where only the form and the number of names are known, they are invented.
    """
    from fas.datasets.contents import count_paths
    from fas.datasets.fake import empty_media, make_fake_tree
    from fas.datasets.fake_media import FakeMedia
    from fas.datasets.loading import load_recipe
    from fas.progress import progress_bar

    recipe = load_recipe(name)
    with progress_bar("making", count_paths(recipe), "presentation") as advance:
        made = make_fake_tree(recipe, folder, FakeMedia(recipe) if media else empty_media, advance)
    print(f"{len(made)} presentations like those of {recipe.title}: {folder}  (SIMULATED data)")


def _splits(name: str, protocol: str | None, fold: int | None, roots: list[str] | None, *, rules: bool) -> Splits:
    from fas.datasets.loading import load_recipe
    from fas.datasets.protocol import default_protocol, find_protocol, protocol_splits

    recipe = load_recipe(name)
    if protocol is None:
        protocol = default_protocol(recipe)
    find_protocol(recipe, protocol, fold)  # before anything slower
    root = Path(roots[-1]) if roots else None
    presentations = _from_rules(recipe) if rules else _found(recipe, root, protocol, fold)
    return protocol_splits(recipe, presentations, protocol, fold)


def _cross_splits(name: str, protocol: str | None, fold: int | None, roots: list[str] | None, *, rules: bool) -> Splits:
    from fas.datasets.cross import cross_splits, load_cross_protocol
    from fas.errors import FasError

    cross = load_cross_protocol(name)
    if protocol not in (None, cross.name) or fold is not None:
        raise FasError(f"{cross.name} is a protocol itself", remedy="leave out PROTOCOL and --fold")
    given = dict(one.split("=", 1) for one in roots or () if "=" in one)
    recipes = list(cross.recipes.values())
    known = {recipe.name for recipe in recipes}
    if odd := [one for one in roots or () if "=" not in one or one.partition("=")[0] not in known]:
        raise FasError(
            f"--root {odd[0]} does not name a dataset of {cross.name}",
            remedy=f"give --root NAME=DIR for: {', '.join(sorted(known))}",
        )
    found = {}
    for recipe in recipes:
        root = Path(given[recipe.name]) if recipe.name in given else None
        found[recipe.name] = _from_rules(recipe) if rules else _found(recipe, root)
    return cross_splits(cross, found)


def _from_rules(recipe: Recipe) -> list[Presentation]:
    from fas.datasets.contents import published_presentations

    if any(part.invented for part in recipe.contents):
        note = f"note: some names of {recipe.title} are invented: only their form and the published counts are known"
        typer.echo(note, err=True)
    return published_presentations(recipe, invented=True)


def _found(
    recipe: Recipe, root: Path | None, protocol: str | None = None, fold: int | None = None
) -> list[Presentation]:
    import warnings

    from fas.datasets.index import index_dataset
    from fas.datasets.protocol_files import check_protocol_files
    from fas.errors import FasWarning
    from fas.paths import dataset_root

    index: DatasetIndex = index_dataset(recipe, dataset_root(recipe.name, root))
    if index.simulated:
        typer.echo(f"note: {index.root} holds SIMULATED data", err=True)
    wrong = check_protocol_files(recipe, index.root, index.expected or index.presentations, protocol, fold)
    if wrong:
        first = "\n  ".join(map(str, wrong[:3]))
        warnings.warn(
            f"the protocol's text files differ from its rules in {len(wrong)} places; the rules are used\n  {first}\n"
            f"  remedy: `fas datasets show` with --root {index.root} --list - lists them all",
            FasWarning,
            stacklevel=2,
        )
    return index.presentations
