"""Loads recipes by name, from a YAML file, or from a manifest.

`preprocess/` holds the recipes that come with fas. A user's own file may be anywhere: nothing in a recipe or a
manifest depends on the folder that it is in.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from fas.datasets.manifest import manifest_recipe
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_checks import inconsistencies
from fas.datasets.text_yaml import read_text_yaml
from fas.errors import FasError
from fas.resources import resource_dir

T = TypeVar("T")


def known_recipes() -> list[str]:
    """The names of the datasets whose recipes come with fas."""
    return sorted(path.stem for path in resource_dir("preprocess").glob("*.yaml"))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Reads and checks a recipe.

    Args:
        name_or_path: The name of a dataset that fas knows, or the path of a recipe file (`.yaml` or `.yml`) or of a
            manifest (`.csv`).

    Raises:
        FasError: The name is unknown, the file cannot be read, or it has mistakes; each is named by its key or line.
    """
    suffix = Path(name_or_path).suffix
    if suffix == ".csv":
        return manifest_recipe(Path(name_or_path))
    if suffix in {".yaml", ".yml"}:
        path = Path(name_or_path)
    elif str(name_or_path) in known_recipes():
        path = resource_dir("preprocess") / f"{name_or_path}.yaml"
    else:
        known = known_recipes()
        close = difflib.get_close_matches(str(name_or_path), known, n=3)
        raise FasError(
            f"unknown dataset {str(name_or_path)!r}" + (f"; did you mean {' or '.join(close)}?" if close else ""),
            remedy=f"name one of: {', '.join(known)}; or give the path of a recipe (.yaml) or of a manifest (.csv)",
        )
    return validated(Recipe, path, inconsistencies)


def validated(kind: type[T], path: Path, inconsistencies: Callable[[T], Iterable[tuple[str, str]]]) -> T:
    """Reads a YAML file into one of our strict dataclasses.

    Args:
        kind: The dataclass.
        path: The file.
        inconsistencies: Yields key and problem of what the types cannot check.

    Raises:
        FasError: The file cannot be read or has mistakes; each is named by its key.
    """
    written = read_text_yaml(path)
    try:
        value = TypeAdapter(kind).validate_python(written)
    except ValidationError as error:
        problems = [(_key(item["loc"], written), _problem(item)) for item in error.errors()]
    else:
        problems = list(inconsistencies(value))
    if problems:
        lines = "".join(f"\n  {key or 'file'}: {problem}" for key, problem in problems)
        raise FasError(f"the file has mistakes:{lines}", path=path, remedy="see docs/datasets.md")
    return value


def _key(place: tuple[int | str, ...], written: Any) -> str:
    """The key of a place in the file; a single value in place of a list of one has no number."""
    parts = []
    for part in place:
        if isinstance(part, int) and not isinstance(written, list):
            continue
        parts.append(str(part))
        try:
            written = written[part]
        except (LookupError, TypeError):
            written = None
    return ".".join(parts)


def _problem(item: ErrorDetails) -> str:
    return _WORDS.get(item["type"], item["msg"].removeprefix("Value error, "))


_WORDS = {
    "unexpected_keyword_argument": "unknown key",
    "missing": "is missing",
    "missing_argument": "is missing",
    "dataclass_type": "must be a mapping of keys",
}
