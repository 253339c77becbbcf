"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fas.errors import FasError


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the block ends without an error.

    The folder of `path` is made if needed.

    Raises:
        FasError: The system refuses: a full disk, no permission, a folder in the way.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise FasError(f"cannot write the file: {error.strerror}", path=path) from error


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file as a whole or not at all; see `partial_file`."""
    with partial_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
