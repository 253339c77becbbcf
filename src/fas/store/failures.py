"""Failures to acquire: one JSON line per presentation or frame, appended by any number of processes."""

from __future__ import annotations

import json
import os
import warnings
import zlib
from pathlib import Path
from typing import Any

from fas.errors import FasError, FasWarning
from fas.files import writing
from fas.store.seal import canonical_json

_CHECK = "crc32"


def append_failure(path: Path, record: dict[str, Any]) -> None:
    """Appends one record in one write, so that lines of several processes do not mix.

    Args:
        path: The `failures.jsonl`.
        record: JSON content with at least `video_id` and `reason`.

    Raises:
        FasError: It cannot be written.
    """
    line = canonical_json({**record, _CHECK: _checksum(record)}) + "\n"
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            # A writer that was killed within its line must not spoil ours as well.
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = "\n" + line
            data = line.encode()
            while data:  # a full disk accepts a part, and raises at the next write
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


def read_failures(path: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """Reads all records.

    Args:
        path: The `failures.jsonl`; it need not exist.

    Returns:
        The records, oldest first, and the numbers (from 1) of the lines that are torn or damaged.

    Raises:
        FasError: The file cannot be read.
    """
    records: list[dict[str, Any]] = []
    unreadable: list[int] = []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise FasError(f"cannot be read: {error.strerror}", path=path, remedy="make it readable") from error
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        if line == b"\n":  # two writers repaired the same torn line
            continue
        record = _parse(line)
        if record is None:
            unreadable.append(number)
        else:
            records.append(record)
    return records, unreadable


def latest_failures(path: Path) -> list[dict[str, Any]]:
    """The last record of every presentation, or of every frame of it where the record names a `frame`.

    Unreadable lines are left out with a `FasWarning`; the next run tries their presentations again.
    """
    records, unreadable = read_failures(path)
    if unreadable:
        lines = ", ".join(map(str, unreadable))
        warnings.warn(FasWarning(f"{path}: line {lines} unreadable (writer killed, or file damaged)"), stacklevel=2)
    # A dict keeps the place of a key's first record, the value of its last.
    return list({(record.get("video_id"), record.get("frame")): record for record in records}.values())


def _checksum(record: dict[str, Any]) -> int:
    return zlib.crc32(canonical_json(record).encode())


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    # Compared as text too: some flipped bytes leave the meaning (a space for a comma does not, `E` for `e` does).
    if not isinstance(record, dict) or (canonical_json(record) + "\n").encode() != line:
        return None
    return record if record.pop(_CHECK, None) == _checksum(record) else None
