"""From a path to a presentation, by the grammar, the tables and the selections of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.datasets.selection import Selection, named_fields, satisfies
from fas.errors import FasError
from fas.labels import ATTACK, BONA_FIDE

_UNSAFE_PARTS = frozenset({"", ".", ".."})

Facts = Mapping[str, str]
_Sorted = tuple[str, str, dict[str, str]]
"""Attack type, split and derived fields."""


def facts(presentation: Presentation) -> dict[str, str]:
    """What a protocol can select by: all fields, the split as distributed, label and attack type."""
    return {
        **presentation.attributes,
        "subject": presentation.subject,
        "split": presentation.split,
        "label": "bona_fide" if presentation.label == BONA_FIDE else "attack",
        "attack_type": presentation.attack_type,
    }


def words(presentation: Presentation) -> dict[str, str]:
    """What a template can name: the facts, `video_id`, `path`, and `stem`, the path without suffix."""
    path = presentation.path
    return {**facts(presentation), "video_id": presentation.video_id, "path": path, "stem": stem_of(path)}


class NameReader:
    """Reads paths of one dataset.

    Args:
        recipe: The dataset.
        tables: Path or `video_id` -> its facts in the dataset's tables (`fas.datasets.tables`).
    """

    def __init__(self, recipe: Recipe, tables: Mapping[str, Facts] | None = None) -> None:
        self._recipe = recipe
        self._tables = tables or {}
        sorting = [recipe.bona_fide, *recipe.attacks.values(), *recipe.splits.values()]
        sorting += [selection for choices in recipe.derived.values() for selection in choices.values()]
        # Sorting depends on few fields with few values: a tree of 600,000 files has some hundred combinations.
        self._sorting_fields = sorted(named_fields(sorting) - set(recipe.derived))
        self._known: dict[tuple[str | None, ...], _Sorted] = {}
        # Equal attributes and subjects are one object, not one per file.
        self._shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._subjects: dict[str, str] = {}

    def read(self, path: str, given: Facts | None = None) -> Presentation | None:
        """Reads the path of a media file or of a folder of frames.

        Args:
            path: Relative to the root, POSIX separators.
            given: Further facts, as from a table.

        Returns:
            The presentation, or None if the path is not one: no grammar matches, or the manifest or the tables that
            labels or splits depend on do not list it.

        Raises:
            FasError: The path matches, but fits no label or split of the recipe, or more than one; or it gives a
                `video_id` that would leave the folder it is used in.
        """
        recipe = self._recipe
        if recipe.listed and path not in recipe.listed:
            return None
        for pattern in recipe.grammar:
            match = pattern.fullmatch(path)
            if match is not None:
                break
        else:
            return None
        fields = {name: value for name, value in match.groupdict().items() if value is not None}
        if recipe.listed:
            fields.update(recipe.listed[path])
        fields["stem"] = stem_of(path)
        video_id = recipe.video_id.format_map(fields)
        listed = self._tables.get(path) or self._tables.get(video_id) or given
        if listed:
            fields.update(listed)
        subject = recipe.subject.format_map(fields)
        fields["subject"] = subject
        del fields["stem"]
        sorted_ = self._sort(path, fields, unlisted=bool(recipe.tables) and not listed)
        if sorted_ is None:
            return None
        attack_type, split, derived = sorted_
        if not is_safe(video_id):
            raise FasError(f"the recipe of {recipe.name!r} makes an unusable id, {video_id!r}, from a name", path=path)
        del fields["subject"]
        fields.update(derived)
        attributes = self._shared.setdefault(tuple(fields.items()), fields)
        subject = self._subjects.setdefault(subject, subject)
        label = ATTACK if attack_type else BONA_FIDE
        return Presentation(video_id, path, subject, split, label, attack_type, attributes)

    def _sort(self, path: str, fields: dict[str, str], *, unlisted: bool) -> _Sorted | None:
        key = tuple(fields.get(name) for name in self._sorting_fields)
        known = self._known.get(key)
        if known is None:
            try:
                known = self._known[key] = self._resolve(path, fields)
            except FasError:
                if unlisted:
                    return None
                raise
        return known

    def _resolve(self, path: str, fields: dict[str, str]) -> _Sorted:
        recipe = self._recipe
        derived: dict[str, str] = {}
        known = dict(fields)
        for name, choices in recipe.derived.items():
            value = _only(path, f"value of {name}", choices, known, required=False)
            if value:
                derived[name] = known[name] = value
        attack_type = _only(path, "label", {"": recipe.bona_fide, **recipe.attacks}, known)
        split = _only(path, "split", recipe.splits, known) if recipe.splits else ""
        return attack_type, split, derived


def stem_of(path: str) -> str:
    """A path without the suffix of its last part, if it has one."""
    head, dot, suffix = path.rpartition(".")
    return head if dot and "/" not in suffix and head and not head.endswith("/") else path


def is_safe(path: str) -> bool:
    """Whether a relative POSIX path is in its plainest form and stays below the folder it is used in."""
    return _UNSAFE_PARTS.isdisjoint(path.split("/"))


def _only(path: str, what: str, choices: Mapping[Any, Selection], fields: Facts, *, required: bool = True) -> str:
    fitting: list[str] = [name for name, selection in choices.items() if satisfies(fields, selection)]
    if len(fitting) == 1 or (not fitting and not required):
        return fitting[0] if fitting else ""
    found = " and ".join(name or "bona_fide" for name in fitting) or "none"
    raise FasError(
        f"a name must fit exactly one {what} of the recipe, but this one fits {found}",
        path=path,
        remedy="fix the selections of the recipe so that every name of its grammar fits one",
    )
