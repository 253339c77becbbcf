"""Recipes: what a dataset is on disk and how it is split, as a YAML file that anybody can read and write.

docs/datasets.md explains every key; `preprocess/` holds the recipes that come with fas.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from fas.datasets.recipe_checks import expand_ranges, inconsistencies, inside_root, named_pattern
from fas.datasets.text_yaml import read_text_yaml
from fas.errors import FasError
from fas.resources import resource_dir

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

Values = Annotated[tuple[str, ...], BeforeValidator(expand_ranges), Field(min_length=1)]
Selection = Mapping[str, Values]
"""Field -> listed values; holds for a presentation where each named field has one of its listed values."""

_Template = Annotated[str, AfterValidator(inside_root)]
_Pattern = Annotated[re.Pattern[str], AfterValidator(named_pattern)]
_Species = Annotated[str, Field(pattern=r"^[\w-]+(/[\w-]+)?$")]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Protocol:
    """An official partition.

    Attributes:
        about: What it measures, in a few words.
        train: Which presentations it trains on; besides fields, `split` and (with folds) `held_out: yes|no` select.
        dev: Which fix the threshold.
        test: Which are reported.
        folds: What the k-th fold holds out; empty for a protocol without folds.
        lists: Template of the text files that come with the dataset (`{split}`, `{Split}`, `{fold}`), if there are any.
    """

    about: str
    train: Selection
    dev: Selection
    test: Selection
    folds: tuple[Selection, ...] = ()
    lists: _Template | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ListFormat:
    """How the protocols' text files are written.

    Attributes:
        line: One line, with the groups `code` and `video_id`.
        codes: Code -> `bona_fide`, `attack` (of any species), or a coarse species.
    """

    line: _Pattern
    codes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class EyeFiles:
    """Bundled eye positions beside the media files.

    Attributes:
        suffix: Takes the place of the media file's suffix.
        about: What stands in them.
    """

    suffix: Annotated[str, Field(pattern=r"^\.\w+$")]
    about: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Annotations:
    """What comes with the media files.

    Attributes:
        eyes: Eye positions, if there are any.
    """

    eyes: EyeFiles | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Contents:
    """Every media file of the dataset as it was published.

    Attributes:
        path: Template of a media file's path below the root.
        products: Each is a Cartesian product of field values.
    """

    path: _Template
    products: tuple[Selection, ...]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Published:
    """The published counts, an independent check on `contents`.

    Attributes:
        subjects: Number of subjects.
        bona_fide: Split -> number of bona fide presentations.
        attacks: Split -> number of attack presentations.
        species: Attack type -> number of presentations.
    """

    subjects: int
    bona_fide: Mapping[Split, int]
    attacks: Mapping[Split, int]
    species: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class FaceDefaults:
    """How faces are cut unless the user says otherwise.

    Attributes:
        frames: Which frames: `all`, `every:N` or `even:N`.
        size: Side of the square crop in pixels.
        margin: Share of the face's size added on each side.
        alignment: `none`, or an alignment of `fas.faces.align`.
        codec: Codec of the stored crops.
        detector: Name of the face detector backend.
        several_faces: The policy where several faces are in view.
    """

    frames: str = "all"
    size: Annotated[int, Field(gt=0)] = 256
    margin: Annotated[float, Field(ge=0)] = 0.1
    alignment: str = "none"
    codec: str = "png"
    detector: str = "mediapipe"
    several_faces: Literal["largest, followed"] = "largest, followed"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Recipe:
    """A dataset: names on disk, labels, protocols, annotations, crop defaults.

    Attributes:
        name: Its name on the command line and in the store.
        title: Its name in print.
        media: What a media file is.
        about: What is in it.
        licence: On what terms.
        obtain: Where to ask for it.
        citation: How to cite it.
        grammar: Matches the whole path of a media file below the root; each named group is a field.
        video_id: Template over the fields; unique.
        fields: Field -> what it is, or value -> what that value means. Lists every field of the grammar.
        bona_fide: Which presentations are bona fide.
        attacks: Attack type -> which presentations are of it.
        splits: Split as distributed -> which presentations are in it.
        protocols: Name -> official partition.
        list_format: How the protocols' text files are written, where there are any.
        annotations: What comes with the media files.
        other_files: Patterns (`fnmatch`) of further files that belong to the distribution.
        contents: Every media file, where that can be said by rules.
        published: The published counts.
        faces: Crop defaults.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    title: str
    media: Literal["video", "image"]
    grammar: _Pattern
    video_id: _Template
    fields: Mapping[str, str | Mapping[str, str]]
    bona_fide: Selection
    attacks: Mapping[_Species, Selection]
    splits: Mapping[Split, Selection]
    protocols: Mapping[str, Protocol]
    about: str = ""
    licence: str = ""
    obtain: str = ""
    citation: str = ""
    list_format: ListFormat | None = None
    annotations: Annotations = field(default_factory=Annotations)
    other_files: tuple[str, ...] = ()
    contents: Contents | None = None
    published: Published | None = None
    faces: FaceDefaults = field(default_factory=FaceDefaults)


def known_recipes() -> list[str]:
    """The names of the datasets whose recipes come with fas."""
    return sorted(path.stem for path in resource_dir("preprocess").glob("*.yaml"))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Reads and checks a recipe.

    Args:
        name_or_path: The name of a dataset that fas knows, or the path of a recipe file (`.yaml` or `.yml`).

    Raises:
        FasError: The name is unknown, the file cannot be read, or it says something that is not understood; each
            such place is named by its key.
    """
    if Path(name_or_path).suffix in {".yaml", ".yml"}:
        path = Path(name_or_path)
    elif str(name_or_path) in known_recipes():
        path = resource_dir("preprocess") / f"{name_or_path}.yaml"
    else:
        known = known_recipes()
        close = difflib.get_close_matches(str(name_or_path), known, n=3)
        raise FasError(
            f"unknown dataset {str(name_or_path)!r}" + (f"; did you mean {' or '.join(close)}?" if close else ""),
            remedy=f"name one of: {', '.join(known)}; or give the path of a recipe file that ends in .yaml",
        )
    return _parse(path)


def _parse(path: Path) -> Recipe:
    try:
        recipe = TypeAdapter(Recipe).validate_python(read_text_yaml(path))
    except ValidationError as error:
        problems = [(".".join(map(str, item["loc"])), _problem(item)) for item in error.errors()]
    else:
        problems = list(inconsistencies(recipe))
    if problems:
        lines = "".join(f"\n  {key or 'file'}: {problem}" for key, problem in problems)
        raise FasError(f"the recipe has mistakes:{lines}", path=path, remedy="see docs/datasets.md")
    return recipe


def _problem(item: ErrorDetails) -> str:
    return _WORDS.get(item["type"], item["msg"].removeprefix("Value error, "))


_WORDS = {
    "unexpected_keyword_argument": "unknown key",
    "missing": "is missing",
    "missing_argument": "is missing",
    "dataclass_type": "must be a mapping of keys",
}
