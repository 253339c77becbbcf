"""The parts of a recipe, each as it is written in the YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from fas.datasets.selection import Choice, Selection
from fas.datasets.templates import inside_root, named_pattern
from fas.labels import Split

Template = Annotated[str, AfterValidator(inside_root)]
Pattern = Annotated[re.Pattern[str], AfterValidator(named_pattern)]
STRICT = ConfigDict(extra="forbid")


def one_or_many(value: Any) -> Any:
    """A single value becomes a list of it."""
    return value if isinstance(value, list | tuple) else [value]


def _path_alone(value: Any) -> Any:
    return [{"path": one} if isinstance(one, str) else one for one in one_or_many(value)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ListFile:
    """Text files of a protocol that come with the dataset.

    Attributes:
        path: Template (`{split}`, `{Split}`, `{devel}`: train, devel, test; with folds `{fold}`).
        of: Which of the split's presentations they list.
    """

    path: Template
    of: Selection = ({},)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Protocol:
    """A partition.

    Attributes:
        about: What it measures, in a few words.
        test: Which presentations are tested; besides fields, `split`, `label`, `attack_type` and (with folds)
            `held_out: yes|no` select.
        train: Which ones are trained on.
        dev: Which ones the threshold is chosen on; empty for a protocol without a development set.
        official: Whether the dataset's owners define it.
        folds: What the k-th fold holds out; empty for a protocol without folds.
        lists: Text files that come with the dataset.
        train_frames: Only the first so many frames of each video are trained on; None for all.
        shared_subjects: Why the official partition has subjects in two splits; if empty, that is an error.
    """

    about: str
    test: Selection
    train: Selection = ()
    dev: Selection = ()
    official: bool = True
    folds: tuple[Selection, ...] = ()
    lists: Annotated[tuple[ListFile, ...], BeforeValidator(_path_alone)] = ()
    train_frames: Annotated[int, Field(gt=0)] | None = None
    shared_subjects: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ListFormat:
    """How the protocols' text files are written.

    Attributes:
        line: One line, with one of the groups `video_id`, `path` and `subject`, and `code` where lines have labels.
        codes: Code -> `bona_fide`, `attack` (of any species), or a coarse species.
        write: Template of a line, for fake trees; `{code}` is the code of `writes`.
        writes: Split -> what a presentation is -> code, for fake trees.
        newline: How lines end.
        last_newline: Whether the last line ends with a newline, too.
    """

    line: Pattern
    codes: Mapping[str, str] = Field(default_factory=dict)
    write: str = "{path}"
    writes: Mapping[Split, Mapping[str, str]] = Field(default_factory=dict)
    newline: Literal["lf", "crlf"] = "lf"
    last_newline: bool = True


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Table:
    """A text or JSON file of the distribution with facts that are not in the names.

    Attributes:
        path: Its path below the root.
        line: One line of a text file, with one of the groups `video_id` and `path` (backslashes count as slashes), and
            a group for each fact. For JSON the file is an object from path to a list of numbers.
        columns: For JSON: field -> position in the list.
        sets: Facts about everything that it lists.
        header: The lines before the first entry.
        prefix: Put before each of its paths to make a path below the root.
        optional: Whether a tree is complete without it.
        write: Template of a line, for fake trees.
        newline: How lines end in fake trees.
        about: Its contents, in a few words.
    """

    path: Template
    line: Pattern | None = None
    columns: Mapping[str, int] = Field(default_factory=dict)
    sets: Mapping[str, str] = Field(default_factory=dict)
    header: str = ""
    prefix: Template = ""
    optional: bool = False
    write: str = "{path}"
    newline: Literal["lf", "crlf"] = "lf"
    about: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Annotations:
    """Face boxes or eye positions that come with the media files.

    Attributes:
        path: Template of a presentation's file: fields, `{stem}` (the media path without suffix) and `{path}`. With
            `array` it may be the media file itself.
        columns: The words of a row: `frame`, `left`, `top`, `right`, `bottom`, `width`, `height`, `eye1_x`, `eye1_y`,
            `eye2_x`, `eye2_y` (eye1 is the one on the image's left), `path` (the presentation's, where one file covers
            many), `_` (not used). Several rows for files with different numbers of columns. Without `frame` rows
            count the frames.
        array: The HDF5 array with the rows.
        grid: Positions are in a frame of this width and height instead of the image's own.
        only: Which presentations have them.
        optional: They do not come with the distribution itself, so that nothing is missing without them.
        example: A row, for fake trees; `{frame}` is its number.
        about: Their contents and quality.
    """

    path: Template
    columns: Annotated[tuple[str, ...], BeforeValidator(one_or_many)]
    array: str = ""
    grid: int | None = None
    only: Selection = ({},)
    optional: bool = False
    example: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Product:
    """A Cartesian product of field values.

    Attributes:
        of: Field -> values.
        without: Combinations that do not exist.
        first: Only the first so many combinations, for names that are not known (see `Contents.invented`).
    """

    of: Choice
    without: Selection = ()
    first: int | None = None


def _products(value: Any) -> Any:
    """A mapping without `of` is the product itself."""
    return [{"of": one} if isinstance(one, Mapping) and "of" not in one else one for one in value]


Products = Annotated[tuple[Product, ...], BeforeValidator(_products)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Contents:
    """Media files of the dataset as it was published.

    Attributes:
        path: Template of a media file's path below the root.
        products: Products of field values: of the grammar, of a table, or of this template alone.
        invented: Only counts and the form of the names are known, not the names: fake trees have such files, but
            nothing is missing or unexpected by them.
    """

    path: Template
    products: Products
    invented: bool = False


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SideFiles:
    """Files of the distribution that are not presentations, for fake trees.

    Attributes:
        path: Template of their paths.
        products: Products of the values of its placeholders.
        text: The contents of a text file.
    """

    path: Template
    products: Products = (Product(of={}),)
    text: str = ""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Published:
    """The published counts, an independent check on `contents`.

    Attributes:
        subjects: Number of subjects; None where names do not tell them.
        presentations: Number of presentations, where that of each class is not published.
        bona_fide: Split (or `all`) -> number of bona fide presentations.
        attacks: Split (or `all`) -> number of attack presentations.
        species: Attack type, fine or coarse -> number of presentations.
    """

    subjects: int | None = None
    presentations: int | None = None
    bona_fide: Mapping[Split | Literal["all"], int] = Field(default_factory=dict)
    attacks: Mapping[Split | Literal["all"], int] = Field(default_factory=dict)
    species: Mapping[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FaceDefaults:
    """Default settings of face crops.

    Attributes:
        frames: Which frames: `all`, `every:N` or `even:N`.
        size: Side of the square crop in pixels.
        margin: Share of the face's size added on each side.
        alignment: `none`, or an alignment of `fas.faces.align`.
        codec: Codec of the stored crops.
        detector: Name of the face detector backend.
        several_faces: The policy if several faces are in view.
        rotation: `metadata`: frames are rotated by the container's metadata. `face`: then also by the quarter turns
            that put the first face upright, for recordings whose containers have no rotation.
    """

    frames: str = "all"
    size: Annotated[int, Field(gt=0)] = 256
    margin: Annotated[float, Field(ge=0)] = 0.1
    alignment: str = "none"
    codec: str = "png"
    detector: str = "mediapipe"
    several_faces: Literal["largest, followed"] = "largest, followed"
    rotation: Literal["metadata", "face"] = "metadata"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Conflict:
    """A question on which sources disagree.

    Attributes:
        question: The question.
        taken: The choice of this recipe, and why.
        other: How to choose the alternative.
    """

    question: str
    taken: str
    other: str = ""
