"""What a recipe's types alone cannot check: templates, patterns, and that its parts speak of the same fields."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fas.datasets.recipe import Recipe, Selection

_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def expand_ranges(value: Any) -> Any:
    """A single value becomes a list; `01..20` becomes the numbers from 01 to 20, written as wide as the first."""
    expanded: list[Any] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        ends = _RANGE.fullmatch(item) if isinstance(item, str) else None
        if ends is None:
            expanded.append(item)
        elif int(ends[1]) > int(ends[2]):
            raise ValueError(f"the range {item} runs backwards")
        else:
            expanded += [str(number).zfill(len(ends[1])) for number in range(int(ends[1]), int(ends[2]) + 1)]
    return expanded


def inside_root(template: str) -> str:
    """Refuses a template that is no plain relative path, or whose placeholders are more than names."""
    path = PurePosixPath(template)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a path below the root")
    if not all(name.isidentifier() and not spec and not conversion for name, spec, conversion in _parsed(template)):
        raise ValueError("a placeholder must be {name} and nothing more")
    return template


def named_pattern(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Refuses a regular expression without named groups: nothing could be read from it."""
    if not pattern.groupindex:
        raise ValueError("must have named groups, (?P<name>...)")
    return pattern


def placeholders(template: str) -> set[str]:
    """The names in a template."""
    return {name for name, _, _ in _parsed(template)}


def _parsed(template: str) -> list[tuple[str, str, str]]:
    parts = string.Formatter().parse(template)
    return [(name, spec or "", conversion or "") for _, name, spec, conversion in parts if name is not None]


def inconsistencies(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Where the parts of a recipe contradict each other.

    Yields:
        The key and what is wrong with it.
    """
    fields = set(recipe.grammar.groupindex)
    values = {name: set(meaning) for name, meaning in recipe.fields.items() if isinstance(meaning, Mapping)}
    if "subject" not in fields:
        yield "grammar", "needs a group named subject"
    if fields != set(recipe.fields):
        yield "fields", f"must name exactly the groups of the grammar: {', '.join(sorted(fields))}"
    yield from _unknown_placeholders("video_id", recipe.video_id, fields)

    yield from _unknown_choices("bona_fide", recipe.bona_fide, fields, values)
    for species, selection in recipe.attacks.items():
        yield from _unknown_choices(f"attacks.{species}", selection, fields, values)
    for split, selection in recipe.splits.items():
        yield from _unknown_choices(f"splits.{split}", selection, fields, values)
    yield from _protocol_inconsistencies(recipe, fields | {"split"}, values | {"split": set(recipe.splits)})

    if recipe.contents is not None:
        yield from _unknown_placeholders("contents.path", recipe.contents.path, fields)
        for number, product in enumerate(recipe.contents.products):
            yield from _unknown_choices(f"contents.products.{number}", product, fields, values)
            if lacking := placeholders(recipe.contents.path) - set(product):
                yield f"contents.products.{number}", f"gives no values for {', '.join(sorted(lacking))}"
    if recipe.published is not None and set(recipe.published.species) != set(recipe.attacks):
        yield "published.species", "must name exactly the species of `attacks`"


def _protocol_inconsistencies(
    recipe: Recipe, facts: set[str], values: dict[str, set[str]]
) -> Iterator[tuple[str, str]]:
    folded = values | {"held_out": {"yes", "no"}}
    for name, protocol in recipe.protocols.items():
        key = f"protocols.{name}"
        for split, selection in (("train", protocol.train), ("dev", protocol.dev), ("test", protocol.test)):
            known = facts | {"held_out"} if protocol.folds else facts
            yield from _unknown_choices(f"{key}.{split}", selection, known, folded)
        for number, selection in enumerate(protocol.folds, start=1):
            yield from _unknown_choices(f"{key}.folds.{number}", selection, facts, values)
        if protocol.lists is not None:
            allowed = {"split", "Split", "fold"} if protocol.folds else {"split", "Split"}
            yield from _unknown_placeholders(f"{key}.lists", protocol.lists, allowed)
            if recipe.list_format is None:
                yield f"{key}.lists", "needs list_format"

    if recipe.list_format is not None:
        if not {"code", "video_id"} <= set(recipe.list_format.line.groupindex):
            yield "list_format.line", "needs the groups code and video_id"
        meanings = {"bona_fide", "attack"} | {species.partition("/")[0] for species in recipe.attacks}
        for code, meaning in recipe.list_format.codes.items():
            if meaning not in meanings:
                yield f"list_format.codes.{code}", f"must be one of: {', '.join(sorted(meanings))}"


def _unknown_placeholders(key: str, template: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(placeholders(template) - known):
        yield key, f"unknown placeholder {{{name}}}; known: {', '.join(sorted(known))}"


def _unknown_choices(
    key: str, selection: Selection, fields: set[str], values: Mapping[str, set[str]]
) -> Iterator[tuple[str, str]]:
    for name, chosen in selection.items():
        if name not in fields:
            yield f"{key}.{name}", f"unknown field; known: {', '.join(sorted(fields))}"
        elif name in values and (odd := [value for value in chosen if value not in values[name]]):
            yield f"{key}.{name}", f"unknown value {', '.join(odd)}; known: {', '.join(sorted(values[name]))}"
