"""Writes docs/datasets/*.md, one page per dataset, from the recipes in preprocess/.

python scripts/make_dataset_pages.py            # write
python scripts/make_dataset_pages.py --check    # exit code 1 if a page is not what the recipe says
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fas.datasets.contents import covers_all, published_presentations
from fas.datasets.counts import count, count_keys, count_published
from fas.datasets.cross import CrossProtocol, known_cross_protocols, load_cross_protocol
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import folds, protocol_splits
from fas.datasets.recipe import Recipe
from fas.datasets.selection import describe

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "datasets"
GENERATED = "<!-- Written by scripts/make_dataset_pages.py from the recipe; edit preprocess/{}.yaml instead. -->"
_MOST_FOLDS = 7


def row(*cells: object) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A Markdown table; nothing without rows."""
    lines = [row(*cells) for cells in rows]
    if lines:
        columns = list(head)
        yield from (row(*columns), row(*["---"] * len(columns)), *lines, "")


def page(recipe: Recipe) -> Iterator[str]:
    """The lines of a dataset's page."""
    presentations = published_presentations(recipe, invented=True)
    yield from (GENERATED.format(recipe.name), "", f"# {recipe.title}", "", recipe.about, "")
    yield from table(("", ""), _facts(recipe))
    yield from ("## Counts", "", *_counts(recipe, presentations))
    yield from ("## Names", "", *_names(recipe, presentations))
    yield from ("## Labels and species", "")
    attacks = ((f"`{species}`", describe(chosen)) for species, chosen in recipe.attacks.items())
    yield from table(("attack type", "which"), [("bona fide", describe(recipe.bona_fide)), *attacks])
    yield from ("## Protocols", "", *_protocols(recipe, presentations))
    if recipe.annotations is not None:
        yield from ("## Annotations", "", f"{recipe.annotations.about}. Files: `{recipe.annotations.path}`.", "")
    if recipe.conflicts:
        yield from ("## Where sources disagree", "")
        conflicts = ((one.question, one.taken, one.other) for one in recipe.conflicts)
        yield from table(("question", "what fas does", "alternative"), conflicts)


def _facts(recipe: Recipe) -> Iterator[tuple[str, str]]:
    yield "on the command line", f"`{recipe.name}`"
    yield "media", ", ".join(recipe.media)
    yield "licence", recipe.licence
    yield "request it", recipe.obtain
    yield "cite", recipe.citation
    face = recipe.faces
    turned = (
        "by the container's metadata, then by the face" if face.rotation == "face" else "by the container's metadata"
    )
    yield (
        "crops by default",
        f"{face.size} pixels, margin {face.margin}, alignment {face.alignment}, frames {face.frames}",
    )
    yield "rotation", turned


def _counts(recipe: Recipe, presentations: list[Presentation]) -> Iterator[str]:
    quoted, listed = count_published(recipe), count(presentations)
    keys = (key for key in count_keys(recipe) if key in quoted or listed[key])
    head = ("count", "published", "by the recipe" if covers_all(recipe) else "in fake trees")
    yield from table(head, ((key, quoted.get(key, ""), listed[key]) for key in keys))


def _names(recipe: Recipe, presentations: list[Presentation]) -> Iterator[str]:
    if covers_all(recipe):
        yield "Every name is known, so `fas datasets show` names each missing or unexpected file. For example:"
    else:
        yield "Not every name is known. Fake trees invent those whose form alone is known. For example:"
    examples = {(one.attack_type, one.split): one.path for one in reversed(presentations)}
    yield from ("", "```", *sorted(examples.values())[:12], "```", "")
    yield from table(("field", "meaning"), ((f"`{name}`", _meaning(what)) for name, what in recipe.fields.items()))


def _meaning(what: str | Mapping[str, str]) -> str:
    return what if isinstance(what, str) else "; ".join(f"{value}: {meaning}" for value, meaning in what.items())


def _protocols(recipe: Recipe, presentations: list[Presentation]) -> Iterator[str]:
    yield "Presentations as bona fide + attack." + (
        "" if covers_all(recipe) else " Counted on a fake tree. Since not every name is known, yours may differ."
    )
    yield ""
    rows: list[tuple[object, ...]] = []
    notes = []
    for name, rules in recipe.protocols.items():
        numbers = list(folds(recipe, name))
        about = rules.about + ("" if rules.official else " (not official)")
        for number in numbers[:_MOST_FOLDS]:
            splits = protocol_splits(recipe, presentations, name, number)
            fold = "" if number is None else f"--fold {number}"
            rows.append((f"`{name}`", fold, about, *(_by_class(taken) for taken in splits.values())))
            about = ""
        if len(numbers) > _MOST_FOLDS:
            rows.append((f"`{name}`", f"... --fold {len(numbers)}", "", "", "", ""))
        if rules.train_frames is not None:
            notes.append(f"Protocol {name} trains on the first {rules.train_frames} frames of each video.")
        if rules.shared_subjects:
            notes.append(f"Protocol {name}: {rules.shared_subjects}.")
    yield from table(("protocol", "", "what it measures", "train", "dev", "test"), rows)
    for note in notes:
        yield from (note, "")


def _by_class(taken: list[Presentation]) -> str:
    labels = Counter(one.label for one in taken)
    return f"{labels[1]} + {labels[0]}" if taken else ""


def across() -> Iterator[str]:
    """The lines of the page of protocols across datasets."""
    yield from (GENERATED.format("cross/*"), "", "# Protocols across datasets", "")
    yield "`fas datasets protocol NAME`, with `--rules` or with each tree as `--root DATASET=DIR`."
    yield from ("[datasets.md](../datasets.md) explains how to write your own.", "")
    crosses = [load_cross_protocol(name) for name in known_cross_protocols()]
    yield from table(("name", "what it measures", "train", "dev", "test"), map(_cross_row, crosses))


def _cross_row(cross: CrossProtocol) -> tuple[str, ...]:
    parts = ("; ".join(map(str, taken)) for taken in (cross.train, cross.dev, cross.test))
    source = f" ({cross.source})" if cross.source else ""
    return (f"`{cross.name}`", f"{cross.title}: {cross.about}{source}", *parts)


def index() -> Iterator[str]:
    """The lines of the list of all pages."""
    yield from (
        GENERATED.format("*"),
        "",
        "# Datasets",
        "",
        "[datasets.md](../datasets.md) explains recipes.",
        "",
    )
    rows = []
    for name in known_recipes():
        recipe = load_recipe(name)
        quoted = count_published(recipe)
        numbers = [quoted.get(key, "?") for key in ("subjects", "all bona fide", "all attack")]
        rows.append((f"[{recipe.title}]({name}.md)", f"`{name}`", ", ".join(recipe.media), *numbers, recipe.licence))
    yield from table(("dataset", "name", "media", "subjects", "bona fide", "attack", "licence"), rows)
    yield from ("[Protocols across datasets](across.md)", "")


def pages() -> dict[str, str]:
    """File name -> text."""
    lines = {f"{name}.md": page(load_recipe(name)) for name in known_recipes()}
    lines |= {"across.md": across(), "README.md": index()}
    return {name: "\n".join(text).rstrip() + "\n" for name, text in lines.items()}


def main() -> int:
    """Writes or checks all pages."""
    check = "--check" in sys.argv[1:]
    wanted = pages()
    present = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} if FOLDER.is_dir() else {}
    stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if check:
        for name in stale:
            print(f"{FOLDER / name} is not what its recipe says: run python scripts/make_dataset_pages.py")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], "utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
