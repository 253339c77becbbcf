"""Walks a raw tree without following links out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fas.errors import FasError


def walk_files(root: Path) -> Iterator[tuple[str, bool]]:
    """Lists the files below a folder, in no particular order.

    A link to a file inside the tree counts as that file.

    Args:
        root: The tree.

    Yields:
        The relative POSIX path, and whether it is a file with a printable name. If not, it is a broken link, a device
        or pipe, or an unprintable name, and cannot be a presentation. A folder with an unprintable name is not
        entered.

    Raises:
        FasError: A link leaves the tree or leads to a folder, or a folder cannot be read.
    """
    inside = os.path.realpath(root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(inside, folder)) as entries:  # noqa: PTH118 - one call for 10^5 files
                for entry in entries:
                    path = folder + entry.name
                    printable = entry.name.isprintable()
                    if entry.is_symlink():
                        yield path, printable and _leads_to_file(inside, entry.path)
                    elif entry.is_dir(follow_symlinks=False) and printable:
                        pending.append(path + "/")
                    else:
                        yield path, printable and entry.is_file(follow_symlinks=False)
        except OSError as error:
            raise FasError(f"a folder cannot be read: {error.strerror}", path=error.filename) from None


def printable(path: str) -> str:
    """A printable form of a path: control characters and bytes that are not UTF-8 are escaped."""
    return path if path.isprintable() else ascii(path)[1:-1]


def _leads_to_file(inside: str, link: str) -> bool:
    target = os.path.realpath(link)
    if os.path.commonpath((inside, target)) != inside or os.path.isdir(target):  # noqa: PTH112
        raise FasError(
            f"a link leads to {printable(target)}; only links to files inside the dataset's folder are followed",
            path=printable(link),
            remedy="replace the link by the file or folder itself",
        )
    return os.path.isfile(target)  # noqa: PTH113
