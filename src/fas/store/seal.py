"""A SHA-256 of a whole file, kept inside that file.

A zip's CRC-32 covers the members but not its headers, and JSON and Arrow files have no checksum. So every file
that the store writes once carries the text `fas-seal:` and 64 hex digits: the SHA-256 of the file's bytes before and
after these digits. This detects any flipped byte and any truncation.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from fas.errors import FasError
from fas.files import atomic_file

_MARK = b"fas-seal:"
_DIGITS = 64
_TAIL = 1 << 20
_CHUNK = 1 << 20

UNSEALED = (_MARK + b"0" * _DIGITS).decode()
"""The text to put into a file, as its last occurrence within the final MiB, before `seal`."""


def seal(file: BinaryIO) -> None:
    """Replaces the zeros of `UNSEALED` in an open file by the digest."""
    position = _digits_position(file)
    if position is None:
        raise ValueError("the file has no place for a seal")
    digest = _digest(file, position)
    file.seek(position)
    file.write(digest.encode())


def is_sealed(file: BinaryIO) -> bool:
    """Whether every byte of an open file is unchanged since the file was sealed."""
    position = _digits_position(file)
    if position is None:
        return False
    file.seek(position)
    digits = file.read(_DIGITS)
    return digits == _digest(file, position).encode()


def is_whole(path: Path) -> bool:
    """Whether every byte of a file is unchanged since it was sealed.

    Raises:
        FasError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return is_sealed(file)
    except OSError as error:
        raise FasError(f"cannot be read: {error.strerror}", path=path, remedy="make it readable") from error


def _digits_position(file: BinaryIO) -> int | None:
    size = file.seek(0, os.SEEK_END)
    start = max(size - _TAIL, 0)
    file.seek(start)
    mark = file.read(_TAIL).rfind(_MARK)
    position = start + mark + len(_MARK)
    return None if mark < 0 or position + _DIGITS > size else position


def _digest(file: BinaryIO, position: int) -> str:
    """SHA-256 of the bytes before and after the digits at `position`."""
    sha = hashlib.sha256()
    file.seek(0)
    left = position
    while left:
        chunk = file.read(min(left, _CHUNK))
        sha.update(chunk)
        left -= len(chunk)
    file.seek(position + _DIGITS)
    while chunk := file.read(_CHUNK):
        sha.update(chunk)
    return sha.hexdigest()


def write_sealed_json(path: Path, content: dict[str, Any], *, exclusive: bool = False) -> None:
    """Writes a JSON object for people to read, with a seal as its last entry.

    Raises:
        FasError: It cannot be written.
        FileExistsError: `exclusive` is set and the file exists.
    """
    text = json.dumps({**content, "seal": UNSEALED}, indent=2, allow_nan=False) + "\n"
    with atomic_file(path, exclusive=exclusive) as file:
        file.write(text.encode())
        seal(file)


def read_sealed_json(path: Path, *, remedy: str) -> dict[str, Any]:
    """Reads the content that `write_sealed_json` wrote, without the seal.

    Args:
        path: The file.
        remedy: What to do if it is damaged.

    Raises:
        FasError: It is damaged or cannot be read.
        FileNotFoundError, NotADirectoryError: It does not exist.
    """
    try:
        with path.open("rb") as file:
            sealed = is_sealed(file)
            file.seek(0)
            content = json.loads(file.read()) if sealed else None
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise FasError(f"cannot be read: {error.strerror}", path=path, remedy=remedy) from error
    if not isinstance(content, dict):
        raise FasError("damaged: its content does not match its seal", path=path, remedy=remedy)
    del content["seal"]
    return content


def canonical_json(content: Any) -> str:
    """The canonical JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
