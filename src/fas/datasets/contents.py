"""Every presentation of a dataset as it was published, from the rules of its recipe alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product

from fas.datasets.naming import NameReader, is_safe
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Product
from fas.datasets.selection import satisfies
from fas.errors import FasError


def published_presentations(recipe: Recipe, *, invented: bool = False) -> list[Presentation]:
    """Every presentation of the dataset, ordered by path.

    Args:
        recipe: The dataset.
        invented: Also those of which only the number and the form of the names are known, under invented names.

    Raises:
        FasError: The recipe's contents do not match its own grammar, or name a file twice.
    """
    reader = NameReader(recipe)
    found: dict[str, Presentation] = {}
    for path, given in _paths(recipe, invented=invented):
        presentation = reader.read(path, given)
        if presentation is None or not is_safe(path):
            raise FasError(f"the recipe of {recipe.name!r} lists {path!r}, which its own grammar does not match")
        if found.setdefault(path, presentation) is not presentation:
            raise FasError(f"the recipe of {recipe.name!r} lists {path!r} twice")
    return [found[path] for path in sorted(found)]


def count_paths(recipe: Recipe) -> int:
    """How many presentations there are, those with invented names included, without reading their names."""
    return sum(1 for _ in _paths(recipe, invented=True))


def covers_all(recipe: Recipe) -> bool:
    """Whether the recipe names every presentation, so that any other is unexpected."""
    return bool(recipe.listed) or (bool(recipe.contents) and not any(part.invented for part in recipe.contents))


def combinations(one: Product) -> Iterator[dict[str, str]]:
    """The combinations of a product, the last field changing fastest."""
    every = (dict(zip(one.of, values, strict=True)) for values in product(*one.of.values()))
    kept = (values for values in every if not satisfies(values, one.without))
    return islice(kept, one.first)


def _paths(recipe: Recipe, *, invented: bool) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Path, and the facts of a product that are not in names but in a table."""
    for path in recipe.listed:
        yield path, {}
    in_tables = set(recipe.fields) - {name for pattern in recipe.grammar for name in pattern.groupindex}
    for part in recipe.contents:
        if part.invented and not invented:
            continue
        for one in part.products:
            for values in combinations(one):
                yield part.path.format_map(values), {name: values[name] for name in in_tables & values.keys()}
