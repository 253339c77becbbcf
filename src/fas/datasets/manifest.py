"""A user's own dataset: a folder and a CSV file that lists it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from fas.datasets.naming import is_safe, stem_of
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Protocol
from fas.datasets.selection import Selection
from fas.errors import FasError
from fas.labels import SPLITS, Split

COLUMNS = ("path", "label", "attack_type", "subject", "split")
"""The columns of a manifest; further ones become attributes."""

_SPECIES = re.compile(r"[\w-]+(/[\w-]+)?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_ATTRIBUTE = re.compile(r"[A-Za-z]\w*")
_TAKEN = {"kind", "set", "file", "stem", "video_id", "held_out"}


def manifest_recipe(path: Path) -> Recipe:
    """Reads a manifest as the recipe of a dataset that is named after the file.

    Each row is one presentation: `path` (a video or image file, or a folder of frames, relative to the root), `label`
    (1 bona fide, 0 attack), `attack_type` (a PAI species such as `print/glossy`, empty for bona fide), `subject`,
    `split` (train, dev or test). The protocol `official` is the column `split`.

    Raises:
        FasError: A column is missing, or rows are duplicated, contradictory or unusable; every such row by its line.
    """
    name = path.stem.lower()
    if not _NAME.fullmatch(name):
        raise FasError(
            f"the dataset would be called {name!r}", path=path, remedy="name the file with letters, digits and _"
        )
    rows, problems = _read(path)
    problems += _contradictions(rows)
    if problems:
        shown = "".join(f"\n  {problem}" for problem in problems[:20])
        more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise FasError(f"the manifest has mistakes:{shown}{more}", path=path, remedy="fix these rows")
    if not rows:
        raise FasError("the manifest lists no presentations", path=path, remedy="add a row for each presentation")
    listed = {row["path"]: _facts(row) for _, row in rows}
    species = sorted({row["attack_type"] for _, row in rows} - {""})
    splits = [split for split in SPLITS if any(row["split"] == split for _, row in rows)]
    return Recipe(
        name=name,
        title=path.stem,
        media=("video", "image", "frames"),
        about=f"the presentations listed in {path.name}",
        grammar=(re.compile("(?P<file>.+)"),),
        fields=dict.fromkeys(["file", *next(iter(listed.values()))], "a column of the manifest"),
        listed=listed,
        bona_fide=({"kind": ("bona_fide",)},),
        attacks={one: ({"kind": (one,)},) for one in species},
        splits={split: ({"set": (split,)},) for split in splits},
        protocols={
            "official": Protocol(
                about="the column split", train=_of("train", splits), dev=_of("dev", splits), test=_of("test", splits)
            )
        },
        other_files=("*",),
    )


def _of(split: str, splits: list[Split]) -> Selection:
    return ({"split": (split,)},) if split in splits else ()


def _facts(row: dict[str, str]) -> dict[str, str]:
    further = {name: value for name, value in row.items() if name not in COLUMNS}
    return {"kind": row["attack_type"] or "bona_fide", "set": row["split"], "subject": row["subject"], **further}


def _read(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The valid rows with their lines, and the problems of the others."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            _check_header(path, header)
            rows, problems = [], []
            for row in reader:
                wrong = _problem(row)
                if wrong:
                    problems.append(f"line {reader.line_num}: {wrong}")
                else:
                    rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
    except OSError as error:
        raise FasError(f"the manifest cannot be read: {error.strerror}", path=path) from None
    except UnicodeDecodeError as error:
        raise FasError(f"the manifest is not UTF-8 text (byte {error.start})", path=path) from None
    except csv.Error as error:
        raise FasError(f"the manifest is not CSV: {error}", path=path) from None
    return rows, problems


def _check_header(path: Path, header: list[str]) -> None:
    if lacking := [name for name in COLUMNS if name not in header]:
        raise FasError(
            f"the manifest has no column {', '.join(lacking)}; columns found: {', '.join(header) or 'none'}",
            path=path,
            remedy=f"its first line must name {','.join(COLUMNS)}",
        )
    odd = [name for name in header if not _ATTRIBUTE.fullmatch(name) or name in _TAKEN or header.count(name) > 1]
    if odd:
        raise FasError(f"the manifest cannot have the column {odd[0]!r}", path=path, remedy="rename the column")


def _problem(row: dict[str, str]) -> str:
    if None in row or None in row.values():
        return "the number of values is not the number of columns in the first line"
    values = {name: value.strip() for name, value in row.items()}
    path, attack_type = values["path"], values["attack_type"]
    if not path.isprintable() or "\\" in path or not is_safe(path):
        return f"{path!r} is not a path below the root; write it relative to the root, with /"
    if values["label"] not in ("0", "1"):
        return f"label {values['label']!r} is neither 1 (bona fide) nor 0 (attack)"
    if (values["label"] == "1") != (attack_type == ""):
        return "attack_type must be empty for bona fide (label 1) and given for an attack (label 0)"
    if attack_type and (not _SPECIES.fullmatch(attack_type) or attack_type == "bona_fide"):
        return f"attack_type {attack_type!r} is not of the form coarse or coarse/fine, letters, digits, _ and -"
    if values["split"] not in SPLITS:
        return f"split {values['split']!r} is not one of {', '.join(SPLITS)}"
    return "" if values["subject"] else "subject is empty"


def _contradictions(rows: list[tuple[int, dict[str, str]]]) -> list[str]:
    """Rows that repeat or contradict another."""
    return [*_repeated(rows), *_shared_subjects(rows)]


def _repeated(rows: list[tuple[int, dict[str, str]]]) -> Iterator[str]:
    paths: dict[str, tuple[int, dict[str, str]]] = {}
    stems: dict[str, int] = {}
    for line, row in rows:
        first, before = paths.setdefault(row["path"], (line, row))
        if first != line:
            how = "repeats" if before == row else "contradicts"
            yield f"line {line}: {row['path']} {how} line {first}"
        elif stems.setdefault(stem_of(row["path"]), line) != line:
            yield f"line {line}: {row['path']} differs from line {stems[stem_of(row['path'])]} only by its suffix"


def _shared_subjects(rows: list[tuple[int, dict[str, str]]]) -> Iterator[str]:
    splits: dict[str, tuple[int, str]] = {}
    for line, row in rows:
        first, split = splits.setdefault(row["subject"], (line, row["split"]))
        if split != row["split"]:
            yield f"line {line}: subject {row['subject']} is in {row['split']}, but in {split} in line {first}"
