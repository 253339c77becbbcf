"""Atomic writing of files: a file appears complete or not at all, even if its writer is killed."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from fas.errors import FasError

_TEMPORARY = re.compile(r"\.tmp-(?P<host>.+)-(?P<pid>\d+)-[0-9a-f]{16}")
_ABANDONED_AFTER = 24 * 3600.0

_AGAIN = "then run the same command again; finished work is kept"
_REMEDIES = {
    errno.ENOSPC: f"free space on this disk, or write to another one (FAS_STORE, run_dir, --out); {_AGAIN}",
    errno.EDQUOT: f"free space in your quota, or write to another disk (FAS_STORE, run_dir, --out); {_AGAIN}",
    errno.EFBIG: f"raise the file size limit (ulimit -f), {_AGAIN}",
    errno.EACCES: "make the folder writable for your user, or choose another one (FAS_STORE, run_dir, --out)",
    errno.EPERM: "make the folder writable for your user, or choose another one (FAS_STORE, run_dir, --out)",
    errno.EROFS: "this file system is read-only; choose a folder on another one (FAS_STORE, run_dir, --out)",
    errno.ENAMETOOLONG: "shorten the file's name or the path of its folder",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an `OSError` of the block into a `FasError` that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> FasError:
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, f"remove the cause, {_AGAIN}")
    return FasError(f"cannot write the file: {reason}", path=path, remedy=remedy)


class _ExplainingFile(io.FileIO):
    """A raw file whose failed writes explain themselves.

    Errors are explained here, not around the whole write, because the frames come from a generator whose own
    `OSError` (an unreadable video, say) must not be blamed on this file.
    """

    def __init__(self, temporary: Path, target: Path) -> None:
        super().__init__(temporary, "x+")
        self._target = target

    def write(self, data: Any, /) -> int:
        with writing(self._target):
            return super().write(data)


@contextmanager
def atomic_file(path: Path, *, exclusive: bool = False) -> Iterator[BinaryIO]:
    """Opens a temporary file next to `path`; it becomes `path` at the end of the block, or is removed if that fails.

    A process that is killed leaves at most the temporary file, which `sweep` recognises.

    Args:
        path: The file to create. Its folder is created too.
        exclusive: Keep an existing file and raise `FileExistsError` instead of replacing it. Of
            several processes that try at once, exactly one wins.

    Yields:
        The file, open for reading and writing.

    Raises:
        FasError: The disk is full, the folder is not writable, ...
        FileExistsError: `exclusive` is set and the file exists.
    """
    temporary = path.with_name(f".tmp-{_host()}-{os.getpid()}-{secrets.token_hex(8)}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = cast(BinaryIO, io.BufferedRandom(_ExplainingFile(temporary, path)))
    try:
        yield file
        file.flush()
        with writing(path):
            os.fsync(file.fileno())
        file.close()
        if exclusive:
            _link(temporary, path)
        else:
            with writing(path):
                temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        # Closing flushes, which fails again on a full disk; the first error is the one to report.
        with suppress(FasError):
            file.close()
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file, completely or not at all.

    Raises:
        FasError: The disk is full, the folder is not writable, ...
    """
    with atomic_file(path) as file:
        file.write(text.encode())


def _link(temporary: Path, path: Path) -> None:
    """A hard link, unlike a rename, fails if the name is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise _cannot_write(path, error) from error
        # exFAT and some network file systems have no hard links.
        if path.exists():
            raise FileExistsError(path) from error
        with writing(path):
            temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """Makes the new name survive a power cut, where the file system lets a folder be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _host() -> str:
    """This machine and process namespace: process numbers are comparable only within it.

    Containers may share a host name and a store, and cannot see each other's processes.
    """
    name = re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname()) or "host"
    try:
        return f"{name}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return name


def is_temporary(path: Path) -> bool:
    """Whether the name is that of an unfinished file."""
    return _TEMPORARY.fullmatch(path.name) is not None


def is_abandoned(path: Path) -> bool:
    """Whether an unfinished file has lost its writer: a dead process of this machine, or untouched for a day."""
    match = _TEMPORARY.fullmatch(path.name)
    if match is None:
        return False
    if match["host"] == _host() and not _is_alive(int(match["pid"])):
        return True
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_AFTER
    except FileNotFoundError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it belongs to another user
    return True


def sweep(folder: Path) -> int:
    """Removes the unfinished files below `folder` whose writers are gone; returns their number."""
    abandoned = [path for path in folder.rglob(".tmp-*") if is_abandoned(path)]
    for path in abandoned:
        with writing(path):
            path.unlink(missing_ok=True)
    return len(abandoned)
