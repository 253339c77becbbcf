"""A recipe: a dataset's layout on disk and its splits. `fas.datasets.loading` reads one from a file.

docs/datasets.md explains every key of the YAML file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

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
    Table,
    Template,
    one_or_many,
)
from fas.datasets.selection import Selection
from fas.labels import Split

_Species = Annotated[str, Field(pattern=r"^[\w-]+(/[\w-]+)?$")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe:
    """A dataset: names on disk, labels, protocols, annotations, crop defaults.

    Attributes:
        name: Its name on the command line and in the store.
        title: Its name in print.
        media: What a presentation is on disk: a `video` or `image` file, a folder of `frames`, an `hdf5` file.
        about: A short description.
        licence: Terms of use.
        obtain: Where to request it.
        citation: How to cite it.
        grammar: Patterns of the whole path of a presentation below the root; each named group is a field. The first
            that matches is used.
        video_id: Template over the fields and `{stem}`, the path without suffix; unique.
        subject: Template of the subject's identifier.
        fields: Field -> what it is, or value -> what that value means. Lists every field of the grammar and the tables.
        derived: Further fields: value -> which presentations have it.
        tables: Files of the distribution with facts that are not in the names.
        listed: Path -> facts, where a manifest lists every presentation.
        bona_fide: Which presentations are bona fide.
        attacks: Attack type -> which presentations have it.
        splits: Split as distributed -> which presentations are in it; empty for a dataset without.
        protocols: Name -> partition.
        list_format: How the protocols' text files are written, where there are any.
        annotations: Face boxes or eye positions that come with the media files, if any.
        hdf5_array: For HDF5: the array with the frames, `(N, 3, H, W)`; with `*/` before it, one array `(3, H, W)` in
            each group.
        other_files: Patterns (`fnmatch`) of further files that belong to the distribution.
        side_files: Such files by name, for fake trees.
        contents: Every media file, where rules can list them.
        published: The published counts.
        conflicts: Points on which sources disagree, and the choice made here.
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
