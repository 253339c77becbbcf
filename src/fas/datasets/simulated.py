"""The mark of a simulated tree, which keeps its results apart from those on the real dataset."""

from __future__ import annotations

import json
from pathlib import Path

from fas.datasets.recipe import Recipe, Selection
from fas.errors import FasError

SIMULATED_FILE = "SIMULATED.json"
"""At the root of every simulated tree: who made it, how, and which part of the dataset it imitates."""


def read_simulated(recipe: Recipe, root: Path) -> Selection | None:
    """What a simulated tree says it contains.

    Args:
        recipe: The dataset that the tree imitates.
        root: The tree.

    Returns:
        None for a tree that is not simulated; else a selection: for each field `x` of the grammar, the values listed
        under `xs` (`subjects`, `phones`, ...), where such a list is there.

    Raises:
        FasError: The file is damaged.
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
    contained: dict[str, tuple[str, ...]] = {}
    for field in recipe.grammar.groupindex:
        values = content.get(f"{field}s")
        if values is None:
            continue
        if not isinstance(values, list):
            raise FasError(f"{field}s must be a list of the values that are there", path=path)
        contained[field] = tuple(str(value) for value in values)
    return contained
