"""What `fas datasets` prints."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fas.datasets.contents import covers_all
from fas.datasets.counts import count, count_keys, count_published
from fas.datasets.cross import CrossProtocol, known_cross_protocols, load_cross_protocol
from fas.datasets.index import DatasetIndex
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.protocol import Splits
from fas.datasets.recipe import Recipe
from fas.errors import FasError

_COLUMNS = ("video_id", "path", "subject", "split", "label", "attack_type")


def print_known() -> None:
    """Known datasets with their counts, then on what terms they are given, then the protocols across them."""
    console = Console()
    recipes = [load_recipe(name) for name in known_recipes()]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "title", "media"):
        table.add_column(column, no_wrap=column == "name")
    for column in ("subjects", "bona fide", "attack"):
        table.add_column(column, justify="right", no_wrap=True)
    for recipe in recipes:
        counts = count_published(recipe)
        numbers = (str(counts.get(key, "?")) for key in ("subjects", "all bona fide", "all attack"))
        table.add_row(recipe.name, recipe.title, ", ".join(recipe.media), *numbers)
    console.print(table)
    console.print("\n[bold]licence, and where to ask for it[/bold]")
    for recipe in recipes:  # in lines of their own, so that no address is ever folded
        print(f"{recipe.name}: {recipe.licence}\n    {recipe.obtain}")
    console.print("\n[bold]protocols across datasets[/bold] (fas datasets show NAME)")
    for name in known_cross_protocols():
        print(f"{name}: {load_cross_protocol(name).title}")


def print_facts(recipe: Recipe) -> None:
    """What a dataset is, without numbers."""
    print(f"{recipe.title} ({recipe.name})\n{recipe.about}")
    print(f"licence:  {recipe.licence}\nask:      {recipe.obtain}\ncite:     {recipe.citation}")
    for protocol, rules in recipe.protocols.items():
        folds = f", {len(rules.folds)} folds" if rules.folds else ""
        print(f"protocol  {protocol}: {rules.about}{folds}{'' if rules.official else ' (not official)'}")
        if rules.shared_subjects:
            print(f"          note: {rules.shared_subjects}")


def print_cross(cross: CrossProtocol) -> None:
    """What a protocol across datasets takes from which."""
    print(f"{cross.title} ({cross.name})\n{cross.about}")
    if cross.source:
        print(f"source:   {cross.source}")
    for split, part in cross.parts():
        print(f"{split + ':':9} {part}")


def print_counts(recipe: Recipe, index: DatasetIndex | None) -> None:
    """Published counts, and those of a tree beside them."""
    wanted = count_published(recipe)
    table = Table("count", "published")
    if index is not None:
        table.add_column("found")
        if index.simulated and covers_all(recipe):
            wanted = dict(count(index.expected))
            table.columns[1].header = "simulated"
    found = count(index.presentations) if index is not None else None
    for key in count_keys(recipe):
        row = [str(wanted.get(key, "?"))]
        if found is not None:
            row.append(f"{found[key]}{'' if wanted.get(key, found[key]) == found[key] else '  differs'}")
        table.add_row(key, *row)
    Console().print(table)


def print_protocol(splits: Splits) -> None:
    """Counts of a protocol's splits by class and species."""
    species = {split: Counter(one.attack_type for one in presentations) for split, presentations in splits.items()}
    table = Table("count", *splits)
    table.add_row("subjects", *(str(len({one.subject for one in taken})) for taken in splits.values()))
    table.add_row("bona fide", *(str(counts[""]) for counts in species.values()))
    table.add_row("attack", *(str(counts.total() - counts[""]) for counts in species.values()))
    for attack_type in sorted({one for counts in species.values() for one in counts} - {""}):
        table.add_row(attack_type, *(str(counts[attack_type]) for counts in species.values()))
    Console().print(table)


def write_csv(target: Path, splits: Splits) -> None:
    """One row for each presentation of a protocol, to a file or, for `-`, to the terminal.

    Raises:
        FasError: The file cannot be written.
    """
    try:
        out = nullcontext(sys.stdout) if str(target) == "-" else target.open("w", newline="", encoding="utf-8")
        with out as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(_COLUMNS)
            for split, presentations in splits.items():
                writer.writerows(
                    (one.video_id, one.path, one.subject, split, one.label, one.attack_type) for one in presentations
                )
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FasError(f"the table cannot be written: {error.strerror}", path=target) from None
