"""Scores files of others: bob's two formats, and any CSV by a mapping of columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fas.errors import FasError
from fas.evaluation.scores.file import Rows, open_csv, open_text, read_scores
from fas.evaluation.scores.provenance import is_of_fas
from fas.evaluation.scores.table import COLUMNS, HigherIs, ScoreTable

REQUIRED = ("score", "label")
BOB_CSV = ("claimed_id", "test_label", "is_bonafide", "attack_type", "score")
"""The columns that bob.pad.base 5 and 6 write."""

_SPLITS = {
    **dict.fromkeys(("train", "training", "world"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}


@dataclass(frozen=True)
class Columns:
    """Where a CSV has what we read.

    Attributes:
        of: Column of ours -> column of the file; `score` and `label` are required. Without `video_id` every row is a
            presentation. Without `frame` a video may have one row, or, if `repeated`, several: its frames in order.
        bona_fide: The label that means bona fide, case aside; every other one is then an attack. None: labels are 1
            and 0.
        repeated: Whether rows of the same video without a frame number are its frames.
    """

    of: Mapping[str, str]
    bona_fide: str | None = None
    repeated: bool = False


def parse_columns(text: str) -> dict[str, str]:
    """Reads `score=prob,label=is_live` into a mapping from our columns to those of a file.

    Raises:
        FasError: A part is not NAME=COLUMN, a name is not one of our columns or is given twice, or a required one is
            missing.
    """
    mapping: dict[str, str] = {}
    for part in text.split(","):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column or name not in COLUMNS:
            raise FasError(f"--columns: {part!r} is not NAME=COLUMN", remedy=f"the names are {', '.join(COLUMNS)}")
        if name in mapping:
            raise FasError(f"--columns: {name} is given twice")
        mapping[name] = column
    missing = [name for name in REQUIRED if name not in mapping]
    if missing:
        raise FasError(f"--columns lacks {' and '.join(missing)}", remedy="give at least score=COLUMN,label=COLUMN")
    return mapping


def read_any_scores(
    path: Path,
    split: str,
    columns: Mapping[str, str] | None = None,
    bona_fide: str | None = None,
    higher_is: HigherIs = "bona-fide",
) -> ScoreTable:
    """Reads a scores file of any format that is known, or by a mapping of columns.

    Without a mapping the first line decides: our columns; bob's CSV (`claimed_id,test_label,is_bonafide,attack_type,
    score`, where `video_key` names the presentation of a frame if it is there); or bob's four fields without a header,
    `claimed_id real_id test_label score`, in which an attack has its type for its second field and a bona fide
    presentation the claimed identity again. An empty score is a failure to acquire.

    Args:
        path: The file.
        split: The split of a file that names none.
        columns: Column of ours -> column of the file; see `Columns`.
        bona_fide: With `columns`: the label that means bona fide. Other labels are attacks, and name the species if no
            column does and they are not numbers.
        higher_is: What high scores mean. For `attack` every score is negated, which is exact: no tie appears or is
            lost.

    Raises:
        FasError: With the line: as `fas.evaluation.scores.file.read_scores`; or the format is none of these; or
            `higher_is` is `attack` for a file that fas wrote.
    """
    if higher_is == "attack" and is_of_fas(path):
        raise FasError(
            "--higher-is attack is for scores of other systems; fas wrote this file, and its high scores mean "
            "bona fide",
            path=path,
            remedy="leave out --higher-is",
        )
    table = _read(path, split, columns, bona_fide)
    if higher_is == "bona-fide":
        return table
    # 0 - x rather than -x: there is no negative zero, which would be printed as -0.
    return replace(table, score=0.0 - table.score, higher_is="attack")


def _read(path: Path, split: str, columns: Mapping[str, str] | None, bona_fide: str | None) -> ScoreTable:
    if columns is not None:
        return _read_columns(path, Columns(columns, bona_fide), split)
    if bona_fide is not None:
        raise FasError("--bona-fide is for files that are read by --columns")
    with open_csv(path) as reader:
        header = next(reader, None) or []
    if set(BOB_CSV) <= set(header):
        names = {"subject": "claimed_id", "label": "is_bonafide", "attack_type": "attack_type", "score": "score"}
        names["video_id"] = "video_key" if "video_key" in header else "test_label"
        if "frame_id" in header:
            names["frame"] = "frame_id"
        return _read_columns(path, Columns(names, "true", repeated=True), split)
    if len(header) == 1 and _FOUR.fullmatch(header[0].strip()):
        return _read_four_columns(path, split)
    try:
        return read_scores(path)
    except FasError as error:
        if "no column" not in error.cause:
            raise
        remedy = f"{error.remedy}; map others with --columns score=COLUMN,label=COLUMN"
        raise FasError(error.cause, path=path, remedy=remedy) from None


_FOUR = re.compile(r"\S+\s+\S+\s+\S+\s+\S+")


def _read_four_columns(path: Path, split: str) -> ScoreTable:
    rows, frames = Rows(path), Counter[str]()
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) != 4:
                raise FasError(
                    f"line {number}: {len(fields)} fields instead of 4 (claimed_id real_id test_label score)", path=path
                )
            claimed, real, video_id, score = fields
            is_bona_fide = claimed == real
            # Older versions wrote `attack` or `attack/TYPE`; the species must not all become `attack`.
            attack_type = "" if is_bona_fide else re.sub(r"^attack(/|$)", "", real)
            rows.add(
                number, video_id, claimed, split, str(int(is_bona_fide)), attack_type, str(frames[video_id]), score
            )
            frames[video_id] += 1
    return rows.table()


def _read_columns(path: Path, columns: Columns, split: str) -> ScoreTable:
    rows, frames = Rows(path, named_subjects="subject" in columns.of), Counter[str]()
    labels = set()
    with open_csv(path) as reader:
        header = next(reader, None) or []
        places = _places(header, columns.of, path)
        for record in reader:
            if not record:  # a blank line
                continue
            line = reader.line_num
            if len(record) != len(header):
                raise FasError(f"line {line}: {len(record)} fields instead of {len(header)}", path=path)
            row = {name: record[place].strip() for name, place in places.items()}
            label, attack_type = _class(row, columns.bona_fide)
            labels.add(label)
            video_id = row.get("video_id", f"line {line}")
            frame = row.get("frame", str(frames[video_id]) if columns.repeated else "0")
            frames[video_id] += 1
            rows.add(
                line,
                video_id,
                row.get("subject", ""),
                _split(row["split"], line, path) if "split" in row else split,
                label,
                attack_type,
                frame,
                row["score"] or "nan",
            )
    if columns.bona_fide is not None and labels == {"0"}:
        raise FasError(f"no row has the label {columns.bona_fide!r} in column {columns.of['label']!r}", path=path)
    return rows.table()


def _places(header: list[str], names: Mapping[str, str], path: Path) -> dict[str, int]:
    missing = [column for column in names.values() if column not in header]
    if missing:
        raise FasError(f"line 1: no column {', '.join(missing)}; the header has {', '.join(header)}", path=path)
    twice = [column for column in names.values() if header.count(column) > 1]
    if twice:
        raise FasError(f"line 1: column {', '.join(twice)} appears twice", path=path)
    return {name: header.index(column) for name, column in names.items()}


def _class(row: Mapping[str, str], bona_fide: str | None) -> tuple[str, str]:
    """The label as 1 or 0 (or as it is, to be refused) and the attack type, empty for bona fide."""
    label = row["label"]
    if bona_fide is None:
        return label, "" if label == "1" else row.get("attack_type", "")
    if label.casefold() == bona_fide.casefold():
        return "1", ""
    species = "" if re.fullmatch(r"[-+]?\d+(\.\d*)?", label) else label
    return "0", row.get("attack_type", species)


def _split(name: str, line: int, path: Path) -> str:
    try:
        return _SPLITS[name.casefold()]
    except KeyError:
        raise FasError(f"line {line}: split is {name!r}; known are {', '.join(_SPLITS)}", path=path) from None
