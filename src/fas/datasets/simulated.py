"""The mark of a simulated tree, SIMULATED.json, which keeps its results apart from those on the real dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fas.datasets.naming import facts
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.datasets.selection import Choice
from fas.errors import FasError

SIMULATED_FILE = "SIMULATED.json"
"""At the root of every simulated tree: who made it, how, and which part of the dataset it imitates."""


@dataclass(frozen=True, slots=True)
class SimulatedTree:
    """What a simulated tree declares about itself.

    Attributes:
        contains: For each field `x` of the grammar, the values listed under `xs` (`subjects`, `phones`, ...), if
            there is such a list.
        other_files: Patterns (`fnmatch`) of files that the dataset does not have, listed under `other_files`.
    """

    contains: Choice
    other_files: tuple[str, ...]


def read_simulated(recipe: Recipe, root: Path, published: Sequence[Presentation]) -> SimulatedTree | None:
    """Reads the mark of a tree; None if it has none, so that it is real.

    Args:
        recipe: The dataset that the tree imitates.
        root: The tree.
        published: Every presentation of the dataset.

    Raises:
        FasError: The file is damaged, or lists a value that the dataset does not have.
    """
    path = root / SIMULATED_FILE
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FasError(f"the mark of a simulated dataset cannot be read: {error}", path=path) from None
    if not isinstance(content, dict) or content.get("simulated") is not True:
        raise FasError("the mark of a simulated dataset does not say simulated: true", path=path)

    known = [facts(presentation) for presentation in published]
    contains = {}
    for field in dict.fromkeys(name for pattern in recipe.grammar for name in pattern.groupindex):
        values = _texts(content, f"{field}s", path)
        if odd := set(values) - {fields.get(field, "") for fields in known}:
            raise FasError(f"{field}s lists {sorted(odd)}, which {recipe.title} does not have", path=path)
        if values:
            contains[field] = values
    return SimulatedTree(contains, _texts(content, "other_files", path))


def _texts(content: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
    values = content.get(key, [])
    if not isinstance(values, list):
        raise FasError(f"{key} must be a list", path=path)
    return tuple(map(str, values))
