"""The output of `fas datasets`."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from fas.datasets.contents import covers_all
from fas.datasets.counts import count, count_keys, count_published
from fas.datasets.cross import CrossProtocol, known_cross_protocols, load_cross_protocol
from fas.datasets.index import DatasetIndex
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.protocol import Splits
from fas.datasets.protocol_files import Disagreement
from fas.datasets.recipe import Recipe
from fas.datasets.tree import printable
from fas.errors import FasError

_COLUMNS = ("video_id", "path", "subject", "split", "label", "attack_type")
_MOST_FOLDERS = 10
_MOST_EXAMPLES = 5


def print_known() -> None:
    """Known datasets with their counts, then licences and where to request them, then the protocols across them."""
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
    console.print("\n[bold]licence, and where to request it[/bold]")
    for recipe in recipes:  # on separate lines, so that no address is wrapped
        print(f"{recipe.name}: {recipe.licence}\n    {recipe.obtain}")
    console.print("\n[bold]protocols across datasets[/bold] (fas datasets show NAME)")
    for name in known_cross_protocols():
        print(f"{name}: {load_cross_protocol(name).title}")


def print_facts(recipe: Recipe) -> None:
    """What a dataset is, without numbers."""
    print(f"{recipe.title} ({recipe.name})\n{recipe.about}")
    print(f"licence:  {recipe.licence}\nrequest:  {recipe.obtain}\ncite:     {recipe.citation}")
    for protocol, rules in recipe.protocols.items():
        folds = f", {len(rules.folds)} folds" if rules.folds else ""
        print(f"protocol  {protocol}: {rules.about}{folds}{'' if rules.official else ' (not official)'}")
        if rules.shared_subjects:
            print(f"          note: {rules.shared_subjects}")


def print_cross(cross: CrossProtocol) -> None:
    """What a protocol across datasets uses of each dataset."""
    print(f"{cross.title} ({cross.name})\n{cross.about}")
    if cross.source:
        print(f"source:   {cross.source}")
    for split, part in cross.parts():
        print(f"{split + ':':9} {part}")


def verdict(index: DatasetIndex, disagreements: Sequence[Disagreement]) -> str:
    """Whether a tree is complete, in one line.

    It says "complete" only if the recipe names every presentation. Otherwise only the counts are known.
    """
    covered, wanted, counted = covers_all(index.recipe), count_published(index.recipe), count(index.presentations)
    differing = 0 if covered else sum(counted[key] != wanted.get(key, counted[key]) for key in count_keys(index.recipe))
    numbers = (
        (len(index.missing), "missing"),
        (len(index.unexpected), "unexpected"),
        (len(disagreements), "protocol disagreement" if len(disagreements) == 1 else "protocol disagreements"),
        (differing, f"{'count differs' if differing == 1 else 'counts differ'} from the published ones"),
    )
    if problems := ", ".join(f"{number} {what}" for number, what in numbers if number):
        return problems
    if covered:
        return "complete"
    if wanted:
        return "complete by its counts; not every name is known"
    return f"{len(index.presentations)} found; the recipe does not say how many there should be"


def print_counts(recipe: Recipe, index: DatasetIndex | None) -> None:
    """Published counts, and those of a tree next to them."""
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


def print_findings(index: DatasetIndex, disagreements: Sequence[Disagreement]) -> None:
    """What is missing, unexpected or contradicts the rules: numbers by folder (protocol: by file), a few examples."""
    _print_kind("missing", index.missing, [path.rpartition("/")[0] for path in index.missing])
    _print_kind("unexpected", index.unexpected, [path.rpartition("/")[0] for path in index.unexpected])
    _print_kind("protocol file", list(map(str, disagreements)), [one.path for one in disagreements])


def _print_kind(kind: str, items: Sequence[str], folders: Iterable[str]) -> None:
    if not items:
        return
    print(f"{kind}: {len(items)}")
    if len(items) > _MOST_EXAMPLES:
        for folder, number in _by_folder(folders):
            print(f"  {number:>7} in {printable(folder) or 'the root folder'}")
    for item in items[:_MOST_EXAMPLES]:
        print(f"  {printable(item)}")
    if len(items) > _MOST_EXAMPLES:
        print(f"  and {len(items) - _MOST_EXAMPLES} more: --list FILE writes them all")


def _by_folder(folders: Iterable[str]) -> list[tuple[str, int]]:
    """How many there are in each folder; in as many levels of folders as fit into a few lines."""
    parts = Counter(tuple(folder.split("/")) for folder in folders)
    for depth in range(max(map(len, parts)), 0, -1):
        counts: Counter[str] = Counter()
        for folder, number in parts.items():
            counts["/".join(folder[:depth])] += number
        if len(counts) <= _MOST_FOLDERS:
            return sorted(counts.items())
    largest = sorted(counts.most_common(_MOST_FOLDERS - 1))
    rest = len(counts) - len(largest)
    return [*largest, (f"{rest} other folders", counts.total() - sum(number for _, number in largest))]


def write_findings(target: Path, index: DatasetIndex, disagreements: Iterable[Disagreement]) -> None:
    """Everything that `print_findings` counts, one per line, to a file or, for `-`, to the terminal.

    Fields are separated by tabs: kind, path and, for protocol files, line (0: the file as a whole) and problem.

    Raises:
        FasError: The file cannot be written.
    """
    with _output(target) as stream:
        for kind, paths in (("missing", index.missing), ("unexpected", index.unexpected)):
            stream.writelines(f"{kind}\t{printable(path)}\n" for path in paths)
        for one in disagreements:
            stream.write(f"protocol\t{printable(one.path)}\t{one.line or 0}\t{printable(one.problem)}\n")


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
    with _output(target) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for split, presentations in splits.items():
            writer.writerows(
                (one.video_id, one.path, one.subject, split, one.label, one.attack_type) for one in presentations
            )


@contextmanager
def _output(target: Path) -> Iterator[TextIO]:
    """A file, or for `-` the terminal.

    Raises:
        FasError: The file cannot be written.
    """
    try:
        with (
            nullcontext(sys.stdout) if str(target) == "-" else target.open("w", newline="", encoding="utf-8") as stream
        ):
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FasError(f"the file cannot be written: {error.strerror}", path=target) from None
