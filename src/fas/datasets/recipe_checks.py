"""Checks that a recipe's types cannot express: its parts agree on fields, values and placeholders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Annotations, Contents, ListFormat, Protocol
from fas.datasets.selection import Choice
from fas.datasets.templates import placeholders

KEYS = frozenset({"video_id", "path", "subject"})
"""The groups by which a line of a text file can name a presentation or subject."""

COLUMNS = frozenset(
    "frame left top right bottom width height eye1_x eye1_y eye2_x eye2_y path _".split()  # noqa: SIM905 - a table
)
"""The names of the columns of annotations."""


def name_fields(recipe: Recipe) -> set[str]:
    """The fields that names, tables and a manifest provide."""
    fields = {name for pattern in recipe.grammar for name in pattern.groupindex}
    for table in recipe.tables:
        groups = set() if table.line is None else set(table.line.groupindex) - KEYS
        fields |= groups | set(table.columns) | set(table.sets)
    return fields.union(*recipe.listed.values()) if recipe.listed else fields


def inconsistencies(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """The contradictions between the parts of a recipe.

    Yields:
        The key and what is wrong with it.
    """
    named = name_fields(recipe)
    if named != set(recipe.fields):
        yield "fields", f"must name exactly the groups of the grammar and the tables: {', '.join(sorted(named))}"
    for field in sorted(named & {"stem", "label", "attack_type", "split", "held_out"}):
        yield "grammar", f"the field {field} is reserved; use another name"
    if "subject" in placeholders(recipe.subject) - named:
        yield "grammar", "needs a group named subject, or a template `subject` over other fields"
    fields = named | set(recipe.derived) | {"subject"}
    values = {name: {*meaning, ""} for name, meaning in recipe.fields.items() if isinstance(meaning, Mapping)}
    values |= {name: {*choices, ""} for name, choices in recipe.derived.items()}
    yield from _unknown_placeholders("video_id", recipe.video_id, named | {"stem"})
    yield from _unknown_placeholders("subject", recipe.subject, named | {"stem"})

    for name, choices in recipe.derived.items():
        if name in named:
            yield f"derived.{name}", "is already a field of the names"
        for value, selection in choices.items():
            yield from _unknown_choices(f"derived.{name}.{value}", selection, fields, values)
    yield from _unknown_choices("bona_fide", recipe.bona_fide, fields, values)
    for species, selection in recipe.attacks.items():
        yield from _unknown_choices(f"attacks.{species}", selection, fields, values)
    for split, selection in recipe.splits.items():
        yield from _unknown_choices(f"splits.{split}", selection, fields, values)
    known = values | {"split": {*recipe.splits, ""}, "label": {"bona_fide", "attack"}}
    known["attack_type"] = {*recipe.attacks, ""}
    for name, protocol in recipe.protocols.items():
        yield from _protocol_inconsistencies(f"protocols.{name}", protocol, recipe, fields | set(known), known)
    if recipe.list_format is not None:
        yield from _format_inconsistencies(recipe.list_format, recipe)
    for number, table in enumerate(recipe.tables):
        if (table.line is None) == (not table.columns):
            yield f"tables.{number}", "needs either line (a text file) or columns (a JSON file)"
        elif table.line is not None and not {"video_id", "path"} & set(table.line.groupindex):
            yield f"tables.{number}.line", "needs the group video_id or path"
    if recipe.annotations is not None:
        yield from _annotation_inconsistencies(recipe.annotations, named)
    for number, contents in enumerate(recipe.contents):
        yield from _content_inconsistencies(f"contents.{number}", contents, recipe, values)
    if "hdf5" in recipe.media and not recipe.hdf5_array:
        yield "hdf5_array", "is missing: give the array of the file that holds the frames"
    if recipe.published is not None:
        coarse = {species.partition("/")[0] for species in recipe.attacks}
        for species in sorted(set(recipe.published.species) - set(recipe.attacks) - coarse):
            yield f"published.species.{species}", "is not a species of `attacks`"


def _protocol_inconsistencies(
    key: str, protocol: Protocol, recipe: Recipe, facts: set[str], values: Mapping[str, set[str]]
) -> Iterator[tuple[str, str]]:
    folded = {**values, "held_out": {"yes", "no"}}
    for split, selection in (("train", protocol.train), ("dev", protocol.dev), ("test", protocol.test)):
        known = facts | {"held_out"} if protocol.folds else facts
        yield from _unknown_choices(f"{key}.{split}", selection, known, folded)
    for number, selection in enumerate(protocol.folds, start=1):
        yield from _unknown_choices(f"{key}.folds.{number}", selection, facts, values)
    for file in protocol.lists:
        allowed = {"split", "Split", "devel"} | ({"fold"} if protocol.folds else set())
        yield from _unknown_placeholders(f"{key}.lists", file.path, allowed)
        yield from _unknown_choices(f"{key}.lists.of", file.of, facts, values)
        if recipe.list_format is None:
            yield f"{key}.lists", "needs list_format"


def _format_inconsistencies(written: ListFormat, recipe: Recipe) -> Iterator[tuple[str, str]]:
    groups = set(written.line.groupindex)
    if len(groups & KEYS) != 1:
        yield "list_format.line", f"needs one of the groups {', '.join(sorted(KEYS))}"
    if bool(written.codes) != ("code" in groups):
        yield "list_format.line", "needs the group code if there are codes, and only then"
    meanings = {"bona_fide", "attack"} | {species.partition("/")[0] for species in recipe.attacks}
    for code, meaning in written.codes.items():
        if meaning not in meanings:
            yield f"list_format.codes.{code}", f"must be one of: {', '.join(sorted(meanings))}"


def _annotation_inconsistencies(annotations: Annotations, fields: set[str]) -> Iterator[tuple[str, str]]:
    yield from _unknown_placeholders("annotations.path", annotations.path, fields | {"stem", "path"})
    for row in annotations.columns:
        if odd := set(row.split()) - COLUMNS:
            yield "annotations.columns", f"unknown {', '.join(sorted(odd))}; known: {', '.join(sorted(COLUMNS))}"


def _content_inconsistencies(
    key: str, contents: Contents, recipe: Recipe, values: Mapping[str, set[str]]
) -> Iterator[tuple[str, str]]:
    for number, product in enumerate(contents.products):
        where = f"{key}.products.{number}"
        known = placeholders(contents.path) | set(recipe.fields)  # a value that only the path uses needs no meaning
        yield from _unknown_choices(where, (product.of,), known, values)
        yield from _unknown_choices(f"{where}.without", product.without, known, values)
        if lacking := placeholders(contents.path) - set(product.of):
            yield where, f"gives no values for {', '.join(sorted(lacking))}"


def _unknown_placeholders(key: str, template: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(placeholders(template) - known):
        yield key, f"unknown placeholder {{{name}}}; known: {', '.join(sorted(known))}"


def _unknown_choices(
    key: str, selection: Iterable[Choice], fields: set[str], values: Mapping[str, set[str]]
) -> Iterator[tuple[str, str]]:
    for choice in selection:
        for name, chosen in choice.items():
            if name not in fields:
                yield f"{key}.{name}", f"unknown field; known: {', '.join(sorted(fields))}"
            elif name in values and (odd := [value for value in chosen if value not in values[name]]):
                known = ", ".join(sorted(values[name] - {""}))
                yield f"{key}.{name}", f"unknown value {', '.join(odd)}; known: {known}"
