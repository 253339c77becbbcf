"""The mark of a simulated tree, SIMULATED.json, which keeps its results apart from those on the real dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fas.datasets.naming import facts
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import protocol_splits
from fas.datasets.recipe import Recipe
from fas.datasets.selection import satisfies
from fas.errors import FasError

SIMULATED_FILE = "SIMULATED.json"
"""At the root of every simulated tree: who made it, how, and which part of the dataset it imitates."""


@dataclass(frozen=True, slots=True)
class SimulatedTree:
    """What a simulated tree declares about itself.

    Attributes:
        expected: The presentations that it declares: of the published ones those whose fields have the listed
            values (field `x` of the grammar under `xs`: `subjects`, `phones`, ...), and of these those that the named
            `protocol` and `fold` use, where there are such entries.
        other_files: Patterns (`fnmatch`) of files that the dataset does not have, listed under `other_files`.
    """

    expected: list[Presentation]
    other_files: tuple[str, ...]


def read_simulated(recipe: Recipe, root: Path, published: Sequence[Presentation]) -> SimulatedTree | None:
    """Reads the mark of a tree; None if it has none, so that it is real.

    Args:
        recipe: The dataset that the tree imitates.
        root: The tree.
        published: Every presentation of the dataset.

    Raises:
        FasError: The file is damaged, or names a value or a protocol that the dataset does not have.
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
    contains: dict[str, tuple[str, ...]] = {}
    for field in dict.fromkeys(name for pattern in recipe.grammar for name in pattern.groupindex):
        values = _texts(content, f"{field}s", path)
        if odd := set(values) - {fields.get(field, "") for fields in known}:
            raise FasError(f"{field}s lists {sorted(odd)}, which {recipe.title} does not have", path=path)
        if values:
            contains[field] = values
    expected = [one for one in published if satisfies(facts(one), (contains,))]
    if "protocol" in content:
        expected = _used(recipe, expected, content["protocol"], content.get("fold"), path)
    return SimulatedTree(expected, _texts(content, "other_files", path))


def _used(
    recipe: Recipe, presentations: list[Presentation], protocol: Any, fold: Any, path: Path
) -> list[Presentation]:
    """Those of the presentations that a protocol uses."""
    if not isinstance(protocol, str) or not (fold is None or type(fold) is int):
        raise FasError("protocol must be a text and fold a number", path=path)
    try:
        splits = protocol_splits(recipe, presentations, protocol, fold)
    except FasError as error:
        raise FasError(error.cause, path=path, remedy=error.remedy) from error
    used = {one.video_id for members in splits.values() for one in members}
    return [one for one in presentations if one.video_id in used]


def _texts(content: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
    values = content.get(key, [])
    if not isinstance(values, list):
        raise FasError(f"{key} must be a list", path=path)
    return tuple(map(str, values))
