"""The scores file: written by `fas test`, read by everything that evaluates. Scores and metrics live apart."""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.evaluation.scores.provenance import read_provenance, write_provenance
from fas.evaluation.scores.table import COLUMNS, ScoreTable
from fas.files import atomic_file
from fas.labels import ATTACK, BONA_FIDE, SPLITS

__all__ = ["ScoreTable", "read_scores", "write_scores"]


def write_scores(path: Path, table: ScoreTable, provenance: Mapping[str, Any]) -> None:
    """Writes a scores file, and next to it its provenance as `<name>.json`.

    Each file is replaced as a whole or not at all. Every row passes the checks of `read_scores` first.

    Args:
        path: The CSV file; its folder is made if needed.
        table: At least one row.
        provenance: See `fas.evaluation.scores.provenance.write_provenance`.

    Raises:
        ValueError: The provenance lacks a required key.
        FasError: The table would be refused when read.
    """
    texts = (map(str, np.asarray(getattr(table, name)).tolist()) for name in COLUMNS)
    rows = Rows(path)
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line, record in enumerate(zip(*texts, strict=True), start=2):
            rows.add(line, *record)
            writer.writerow(record)
        text.detach()  # flushes, and leaves the file open
        rows.table()
        file.seek(0)
        write_provenance(path, provenance, hashlib.file_digest(file, "sha256").hexdigest())  # type: ignore[arg-type]


def read_scores(path: Path) -> ScoreTable:
    """Reads a scores file and checks every row; reads its provenance, if there is one.

    Columns may be in any order; further ones are ignored.

    Warns:
        FasWarning: The scores file was changed after its provenance was written.

    Raises:
        FasError: With the line: the file is missing, not text or empty, a column is missing, a label is not 0 or 1, a
            score or frame is not a number, a split has another name, a frame of a video appears twice, or two rows of
            one video contradict each other; or the provenance is not what it should be.
    """
    rows = Rows(path)
    with open_csv(path) as reader:
        header = next(reader, None)
        if header is None:
            raise FasError("the scores file is empty", path=path)
        positions = _positions(header, path)
        for record in reader:
            if len(record) != len(header):
                if not record:  # a blank line
                    continue
                raise FasError(f"line {reader.line_num}: {len(record)} fields instead of {len(header)}", path=path)
            rows.add(reader.line_num, *(record[position] for position in positions))
    return replace(rows.table(), provenance=read_provenance(path))


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A scores file as text, without the byte order mark that some programs put before the first line.

    Raises:
        FasError: The file cannot be read, or is not UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise FasError(f"the scores file is not UTF-8 text: {error.reason}", path=path) from None
    except OSError as error:
        raise FasError(f"cannot read the scores file: {error.strerror}", path=path) from None


@contextmanager
def open_csv(path: Path) -> Iterator[Any]:
    """A reader of the records of a CSV file.

    Raises:
        FasError: The file cannot be read, is not UTF-8 text or not CSV.
    """
    with open_text(path) as file:
        reader = csv.reader(file, strict=True)
        try:
            yield reader
        except csv.Error as error:
            raise FasError(f"line {reader.line_num}: not CSV: {error}", path=path) from None


def _positions(header: list[str], path: Path) -> list[int]:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise FasError(
            f"line 1: no column {', '.join(missing)}; the header has {', '.join(header)}",
            path=path,
            remedy=f"a scores file has the columns {','.join(COLUMNS)}",
        )
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise FasError(f"line 1: column {', '.join(twice)} appears twice", path=path)
    return [header.index(name) for name in COLUMNS]


class Rows:
    """Collects rows of text, refuses wrong ones by their line, and becomes a table.

    Args:
        path: The file, for messages.
        named_subjects: Whether a row without a subject is a mistake.
    """

    def __init__(self, path: Path, named_subjects: bool = True) -> None:
        self._path = path
        self._named_subjects = named_subjects
        self._facts: dict[str, tuple[tuple[str, str, int, str], int, int]] = {}  # id -> facts, code, first line
        self._code, self._frame, self._line = array("q"), array("q"), array("q")
        self._score = array("d")

    def add(
        self, line: int, video_id: str, subject: str, split: str, label: str, attack_type: str, frame: str, score: str
    ) -> None:
        """Takes a row, its fields as text; `line` is its place in the file.

        Raises:
            FasError: A field is wrong, or contradicts an earlier row of the same video.
        """
        facts = (subject, split, self._label(line, label), attack_type)
        known = self._facts.get(video_id)
        if known is None:
            self._check_facts(line, video_id, *facts)
            known = self._facts[video_id] = (facts, len(self._facts), line)
        elif known[0] != facts:
            names = ("subject", "split", "label", "attack_type")
            name, new, old = next(
                (n, new, old) for n, new, old in zip(names, facts, known[0], strict=True) if new != old
            )
            raise self._error(line, f"video {video_id!r} has {name} {new!r}, but {old!r} on line {known[2]}")
        self._code.append(known[1])
        self._frame.append(self._whole_number(line, frame))
        self._score.append(self._number(line, score))
        self._line.append(line)

    def table(self) -> ScoreTable:
        """All rows.

        Raises:
            FasError: There is none, or a frame of a video appears twice.
        """
        if not self._code:
            raise FasError("the scores file has a header but no rows", path=self._path)
        code, frame = np.array(self._code, dtype=np.int64), np.array(self._frame, dtype=np.int64)
        self._check_duplicates(code, frame)
        subject, split, label, attack_type = zip(*(entry[0] for entry in self._facts.values()), strict=True)

        # Object arrays hold one string per presentation, not one per frame.
        def text(values: Iterable[str]) -> NDArray[Any]:
            return np.array(list(values), dtype=object)[code]

        return ScoreTable(
            video_id=text(self._facts),
            subject=text(subject),
            split=text(split),
            label=np.array(label, dtype=np.int64)[code],
            attack_type=text(attack_type),
            frame=frame,
            score=np.array(self._score, dtype=np.float64),
            path=self._path,
        )

    def _check_facts(self, line: int, video_id: str, subject: str, split: str, label: int, attack_type: str) -> None:
        if not video_id:
            raise self._error(line, "the video_id is empty")
        if self._named_subjects and not subject:
            raise self._error(line, "the subject is empty")
        if split not in SPLITS:
            raise self._error(line, f"split is {split!r}; it must be one of {', '.join(SPLITS)}")
        if label == BONA_FIDE and attack_type:
            raise self._error(line, f"a bona fide row (label 1) has the attack type {attack_type!r}")

    def _check_duplicates(self, code: NDArray[np.int64], frame: NDArray[np.int64]) -> None:
        order = np.lexsort((frame, code))  # stable: of two equal rows the earlier line comes first
        twice = np.flatnonzero((np.diff(code[order]) == 0) & (np.diff(frame[order]) == 0))
        if twice.size:
            first, second = order[twice[0]], order[twice[0] + 1]
            video_id = list(self._facts)[code[first]]
            raise self._error(
                self._line[second],
                f"frame {frame[first]} of video {video_id!r} appears twice (first on line {self._line[first]})",
            )

    def _label(self, line: int, text: str) -> int:
        if text == "1":
            return BONA_FIDE
        if text == "0":
            return ATTACK
        raise self._error(line, f"label is {text!r}; it must be 1 (bona fide) or 0 (attack)")

    def _whole_number(self, line: int, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise self._error(line, f"frame is {text!r}; it must be a whole number from 0")
        return int(text)

    def _number(self, line: int, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise self._error(
                line, f"score is {text!r}; it must be a number, or nan for a frame without a score"
            ) from None

    def _error(self, line: int, cause: str) -> FasError:
        return FasError(f"line {line}: {cause}", path=self._path)
