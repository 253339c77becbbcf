"""Recipes: what a dataset is on disk and how it is split, as a YAML file that anybody can read and write.

docs/datasets.md explains every key; `preprocess/` holds the recipes that come with fas.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from fas.datasets.recipe_checks import inconsistencies
from fas.datasets.recipe_parts import (
    STRICT,
    Annotations,
    Conflict,
    Contents,
    FaceDefaults,
    ListFormat,
    Pattern,
    Protocol,
    Published,
    SideFiles,
    Split,
    Table,
    Template,
    one_or_many,
)
from fas.datasets.selection import Selection
from fas.datasets.text_yaml import read_text_yaml
from fas.errors import FasError
from fas.resources import resource_dir

T = TypeVar("T")
_Species = Annotated[str, Field(pattern=r"^[\w-]+(/[\w-]+)?$")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe:
    """A dataset: names on disk, labels, protocols, annotations, crop defaults.

    Attributes:
        name: Its name on the command line and in the store.
        title: Its name in print.
        media: What a presentation is on disk: a `video` or `image` file, a folder of `frames`, an `hdf5` file.
        about: What is in it.
        licence: On what terms.
        obtain: Where to ask for it.
        citation: How to cite it.
        grammar: Patterns of the whole path of a presentation below the root; each named group is a field. The first
            that matches is taken.
        video_id: Template over the fields and `{stem}`, the path without suffix; unique.
        subject: Template of the subject's identifier.
        fields: Field -> what it is, or value -> what that value means. Lists every field of the grammar and the tables.
        derived: Further fields: value -> which presentations have it.
        tables: Files of the distribution that say what the names do not.
        listed: Path -> facts, where a manifest lists every presentation.
        bona_fide: Which presentations are bona fide.
        attacks: Attack type -> which presentations are of it.
        splits: Split as distributed -> which presentations are in it; empty for a dataset without.
        protocols: Name -> partition.
        list_format: How the protocols' text files are written, where there are any.
        annotations: Face boxes or eye positions that come with the media files, if any.
        hdf5_array: For HDF5: the array with the frames, `(N, 3, H, W)`; with `*/` before it one array `(3, H, W)` in
            each group.
        other_files: Patterns (`fnmatch`) of further files that belong to the distribution.
        side_files: Such files by name, for made trees.
        contents: Every media file, where that can be said by rules.
        published: The published counts.
        conflicts: What sources disagree about, and which side is taken here.
        faces: Crop defaults.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    title: str
    media: Annotated[tuple[Literal["video", "image", "frames", "hdf5"], ...], BeforeValidator(one_or_many)]
    grammar: Annotated[tuple[Pattern, ...], BeforeValidator(one_or_many), Field(min_length=1)]
    fields: Mapping[str, str | Mapping[str, str]]
    bona_fide: Selection
    attacks: Mapping[_Species, Selection]
    protocols: Mapping[str, Protocol]
    video_id: Template = "{stem}"
    subject: Template = "{subject}"
    derived: Mapping[str, Mapping[str, Selection]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    listed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    splits: Mapping[Split, Selection] = field(default_factory=dict)
    about: str = ""
    licence: str = ""
    obtain: str = ""
    citation: str = ""
    list_format: ListFormat | None = None
    annotations: Annotations | None = None
    hdf5_array: str = ""
    other_files: tuple[str, ...] = ()
    side_files: tuple[SideFiles, ...] = ()
    contents: tuple[Contents, ...] = ()
    published: Published | None = None
    conflicts: tuple[Conflict, ...] = ()
    faces: FaceDefaults = field(default_factory=FaceDefaults)


def known_recipes() -> list[str]:
    """The names of the datasets whose recipes come with fas."""
    return sorted(path.stem for path in resource_dir("preprocess").glob("*.yaml"))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Reads and checks a recipe.

    Args:
        name_or_path: The name of a dataset that fas knows, or the path of a recipe file (`.yaml` or `.yml`) or of a
            manifest (`.csv`).

    Raises:
        FasError: The name is unknown, the file cannot be read, or it says something that is not understood; each
            such place is named by its key or line.
    """
    suffix = Path(name_or_path).suffix
    if suffix == ".csv":
        from fas.datasets.manifest import manifest_recipe

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
        inconsistencies: Gives key and problem of what the types cannot check.

    Raises:
        FasError: Every mistake by its key.
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
        raise FasError(f"the recipe has mistakes:{lines}", path=path, remedy="see docs/datasets.md")
    return value


def _key(place: tuple[int | str, ...], written: Any) -> str:
    """The key of a place in the file; a single value that stands for a list of one has no number."""
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
