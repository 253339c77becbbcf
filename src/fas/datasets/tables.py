"""Files of a distribution with facts that are not in the names of its media."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fas.datasets.naming import is_safe
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Table
from fas.errors import FasError


def read_tables(recipe: Recipe, root: Path) -> dict[str, Mapping[str, str]]:
    """Reads all tables of a dataset.

    Byte order marks, CRLF, blank lines and backslashes in paths are accepted.

    Returns:
        Path or `video_id` -> facts, merged over all tables. Equal facts are one object.

    Raises:
        FasError: A table that is not optional is missing; a line is not of the table's form, leads out of the tree, or
            contradicts another one. Each with file and line.
    """
    tables: dict[str, Mapping[str, str]] = {}
    shared: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
    for table in recipe.tables:
        file = root / table.path
        if not file.is_file():
            if table.optional:
                continue
            raise FasError(
                f"a file of {recipe.title} that its labels or splits depend on is missing",
                path=file,
                remedy=f"copy it from the distribution{f' ({table.about})' if table.about else ''}",
            )
        for line, key, facts in _json_rows(table, file) if table.line is None else _text_rows(table, file):
            before = tables.get(key, {})
            for name, value in facts.items():
                if before.get(name, value) != value:
                    raise FasError(
                        f"line {line}: {key} has {name} {value}, but was {before[name]} in an earlier line or table",
                        path=file,
                        remedy="keep one of the two",
                    )
            both = {**before, **facts} if before else facts
            tables[key] = shared.setdefault(tuple(both.items()), both)
    return tables


def _text_rows(table: Table, file: Path) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    assert table.line is not None
    lines = _read(file).split("\n")
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or number <= len(table.header.splitlines()):
            continue
        match = table.line.fullmatch(text)
        if match is None:
            raise FasError(f"line {number}, {text[:60]!r}, is not of the form {table.line.pattern}", path=file)
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        key = found.pop("video_id", None) or _path(table, found.pop("path"), file, number)
        yield number, key, {**found, **table.sets}


def _json_rows(table: Table, file: Path) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    try:
        content: Any = json.loads(_read(file))
    except ValueError as error:
        raise FasError(f"the file is not JSON: {error}", path=file, remedy="copy it again") from None
    if not isinstance(content, dict):
        raise FasError("the file is not a JSON object from path to numbers", path=file, remedy="copy it again")
    needed = max(table.columns.values()) + 1
    known: dict[tuple[Any, ...], dict[str, str]] = {}  # many rows are equal
    for number, (path, row) in enumerate(content.items(), start=1):
        if not isinstance(row, list) or len(row) < needed:
            raise FasError(f"entry {number}, {path!r}, is not a list of at least {needed} numbers", path=file)
        values = tuple(str(row[column]) for column in table.columns.values())
        if values not in known:
            known[values] = {**dict(zip(table.columns, values, strict=True)), **table.sets}
        yield number, _path(table, path, file, number), known[values]


def _path(table: Table, written: str, file: Path, line: int) -> str:
    path = table.prefix + written.replace("\\", "/").removeprefix("./")
    if not is_safe(path):
        raise FasError(f"line {line}: {written!r} is not a path below the root", path=file, remedy="fix the file")
    return path


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise FasError(f"the file cannot be read: {error.strerror}", path=file) from None
    except UnicodeDecodeError as error:
        raise FasError(f"the file is not UTF-8 text (byte {error.start})", path=file, remedy="copy it again") from None
