"""`fas datasets`: known datasets, what a raw tree holds, and the official protocols."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fas.datasets.index import DatasetIndex
    from fas.datasets.presentation import Presentation
    from fas.datasets.recipe import Recipe, Split

app = typer.Typer(invoke_without_command=True, add_completion=False)

_Name = Annotated[str, typer.Argument(help="Name of a known dataset, or a recipe file that ends in .yaml.")]
_Root = Annotated[Path | None, typer.Option(help="The raw tree; by default $FAS_DATA/NAME.")]


@app.callback()
def datasets(context: typer.Context) -> None:
    """Known datasets, their presentations and their protocols. Without a command: the table of known datasets."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console
    from rich.table import Table

    from fas.datasets.recipe import known_recipes, load_recipe

    table = Table("name", "title", "media", "subjects", "bona fide", "attack")
    table.add_column("licence, and where to ask for it", overflow="fold")
    for name in known_recipes():
        recipe = load_recipe(name)
        counts = ["?", "?", "?"]
        if (published := recipe.published) is not None:
            totals = (published.subjects, sum(published.bona_fide.values()), sum(published.attacks.values()))
            counts = [str(total) for total in totals]
        table.add_row(recipe.name, recipe.title, recipe.media, *counts, f"{recipe.licence}\n{recipe.obtain}")
    Console().print(table)


@app.command()
def show(
    name: _Name,
    root: _Root = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if the tree is not exactly as published.")] = False,
) -> None:
    """What a dataset is, and what a raw tree of it holds beside what was published.

    Without a tree only the published facts are shown.
    """
    import warnings

    from fas.datasets.index import index_dataset
    from fas.datasets.protocol_files import check_protocol_files
    from fas.datasets.recipe import load_recipe
    from fas.errors import FasError, FasWarning
    from fas.paths import dataset_root

    recipe = load_recipe(name)
    print(f"{recipe.title} ({recipe.name})\n{recipe.about}")
    print(f"licence:  {recipe.licence}\nask:      {recipe.obtain}\ncite:     {recipe.citation}")
    for protocol, rules in recipe.protocols.items():
        folds = f", {len(rules.folds)} folds" if rules.folds else ""
        print(f"protocol  {protocol}: {rules.about}{folds}")
    try:
        tree = dataset_root(recipe.name, root)
    except FasError as error:
        if root is not None or strict:
            raise
        _print_counts(recipe, None)
        print(f"no raw tree: {error}")
        return

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FasWarning)  # every name is printed below
        index = index_dataset(recipe, tree)
    disagreements = check_protocol_files(recipe, tree, index.expected)
    for what, names in (("missing", index.missing), ("surplus", index.surplus), ("protocol file", disagreements)):
        for item in names:
            print(f"{what}: {item}")
    _print_counts(recipe, index)
    summary = f"{len(index.missing)} missing, {len(index.surplus)} surplus, {len(disagreements)} protocol disagreements"
    print(f"{tree}: {summary}{'  (SIMULATED data)' if index.simulated else ''}")
    if strict and (index.missing or index.surplus or disagreements):
        raise FasError(f"the tree is not as published: {summary}", path=tree, remedy="the names are listed above")


@app.command()
def protocol(
    name: _Name,
    protocol: Annotated[str, typer.Argument(help="The protocol, by the dataset's own word.")],
    fold: Annotated[int | None, typer.Option(help="Which fold, from 1, of a protocol with folds.")] = None,
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Only this split.")] = None,
    csv: Annotated[Path | None, typer.Option(help="List the presentations: a file, or - for the terminal.")] = None,
    root: _Root = None,
    rules: Annotated[bool, typer.Option("--rules", help="From the rules alone, without a raw tree.")] = False,
) -> None:
    """The presentations of an official protocol: their counts, or with --csv one row each.

    `split` is the role in the protocol, `path` is relative to the root, `label` is 1 for bona fide. The rules are
    compared with the protocol's text files in the tree.
    """
    from fas.datasets.naming import published_presentations
    from fas.datasets.protocol import find_protocol, protocol_splits
    from fas.datasets.recipe import load_recipe

    recipe = load_recipe(name)
    find_protocol(recipe, protocol, fold)  # before anything that takes longer
    presentations = published_presentations(recipe) if rules else _found_presentations(recipe, root, protocol, fold)
    splits = protocol_splits(recipe, presentations, protocol, fold)
    if split is not None:
        splits = {split: splits[split]}
    if csv is None:
        _print_protocol(recipe, splits)
    else:
        _write_csv(csv, splits)


def _found_presentations(recipe: Recipe, root: Path | None, protocol: str, fold: int | None) -> list[Presentation]:
    import warnings

    from fas.datasets.index import index_dataset
    from fas.datasets.protocol_files import check_protocol_files
    from fas.errors import FasWarning
    from fas.paths import dataset_root

    index = index_dataset(recipe, dataset_root(recipe.name, root))
    if index.simulated:
        typer.echo(f"note: {index.root} holds SIMULATED data", err=True)
    wrong = check_protocol_files(recipe, index.root, index.expected, protocol, fold)
    if wrong:
        first = "\n  ".join(map(str, wrong[:3]))
        warnings.warn(
            f"the protocol's text files differ from its rules in {len(wrong)} places; the rules are used\n  {first}\n"
            f"  remedy: `fas datasets show` with --root {index.root} lists them all",
            FasWarning,
            stacklevel=2,
        )
    return index.presentations


def _print_counts(recipe: Recipe, index: DatasetIndex | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from fas.datasets.counts import count, count_keys, count_published

    wanted = count_published(recipe)
    table = Table("count", "published")
    if index is not None:
        table.add_column("found")
        if index.simulated:
            wanted = count(index.expected)
            table.columns[1].header = "simulated"
    for key in count_keys(recipe):
        row = ["?" if wanted is None else str(wanted[key])]
        if index is not None:
            found = count(index.presentations)[key]
            row.append(f"{found}{'' if wanted is None or found == wanted[key] else '  differs'}")
        table.add_row(key, *row)
    Console().print(table)


def _print_protocol(recipe: Recipe, splits: Mapping[Split, Sequence[Presentation]]) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    species = {split: Counter(p.attack_type for p in presentations) for split, presentations in splits.items()}
    table = Table("count", *splits)
    table.add_row("subjects", *(str(len({p.subject for p in presentations})) for presentations in splits.values()))
    table.add_row("bona fide", *(str(counts[""]) for counts in species.values()))
    table.add_row("attack", *(str(counts.total() - counts[""]) for counts in species.values()))
    for attack_type in recipe.attacks:
        table.add_row(attack_type, *(str(counts[attack_type]) for counts in species.values()))
    Console().print(table)


def _write_csv(target: Path, splits: Mapping[Split, Sequence[Presentation]]) -> None:
    import csv
    import sys
    from contextlib import nullcontext

    from fas.errors import FasError

    try:
        out = nullcontext(sys.stdout) if str(target) == "-" else target.open("w", newline="", encoding="utf-8")
        with out as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("video_id", "path", "subject", "split", "label", "attack_type"))
            for split, presentations in splits.items():
                writer.writerows((p.video_id, p.path, p.subject, split, p.label, p.attack_type) for p in presentations)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FasError(f"the table cannot be written: {error.strerror}", path=target) from None
