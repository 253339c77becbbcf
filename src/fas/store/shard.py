"""One shard: the frames of one presentation in one layer, as a stored (uncompressed) zip.

Members are `000123.png` (the frame number) in ascending order, then `meta.json`. Timestamps are fixed, so that the same
frames give the same bytes; the zip's comment is the seal of the file.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.files import atomic_file
from fas.store.seal import UNSEALED, canonical_json, seal

_META = "meta.json"
_LOCAL_HEADER = 30
_DAMAGE = (
    zipfile.BadZipFile,
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)

REPAIR = "run `fas store verify` to see all damage, remove this file, then run the same `fas preprocess` again"


@dataclass(frozen=True)
class Shard:
    """The content of a shard, without its pixels.

    Attributes:
        path: The zip file.
        meta: The content of `meta.json`.
        extension: File extension of the frames, without a dot.
        frames: int64 `(n,)`: frame numbers, ascending.
        offsets: int64 `(n,)`: where each frame's encoded bytes begin in the file.
        lengths: int64 `(n,)`: their number of bytes.
        crc32: uint32 `(n,)`: their CRC-32.
    """

    path: Path
    meta: dict[str, Any]
    extension: str
    frames: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    crc32: NDArray[np.uint32]

    def read(self, frame: int) -> bytes:
        """The encoded image of a frame, after a check of its CRC-32.

        Raises:
            KeyError: The shard has no such frame.
            FasError: The bytes are damaged, or cannot be read.
        """
        i = int(np.searchsorted(self.frames, frame))
        if i == len(self.frames) or self.frames[i] != frame:
            raise KeyError(frame)
        try:
            with self.path.open("rb") as file:
                file.seek(self.offsets[i])
                data = file.read(self.lengths[i])
        except OSError as error:
            raise FasError(f"shard cannot be read: {error.strerror}", path=self.path, remedy=REPAIR) from error
        if zlib.crc32(data) != self.crc32[i]:
            raise FasError(f"frame {frame} is damaged: its CRC-32 is wrong", path=self.path, remedy=REPAIR)
        return data


def write_shard(path: Path, frames: Iterable[tuple[int, bytes]], meta: dict[str, Any], extension: str) -> None:
    """Writes a shard atomically; an existing one is replaced.

    Args:
        path: The zip file to write.
        frames: Frame numbers, ascending, with encoded images. May be a generator.
        meta: JSON content of `meta.json`. It is read after the last frame, so a generator may still add to it.
        extension: The images' file extension, without a dot.

    Raises:
        FasError: It cannot be written.
        ValueError: There are no frames, they do not ascend, or one is empty.
    """
    with atomic_file(path) as file:
        # Closed before the seal, so that the comment is the end of the file.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            previous = -1
            for frame, data in frames:
                if frame <= previous or not data:
                    raise ValueError(f"frame {frame} after frame {previous}, {len(data)} bytes: {path}")
                archive.writestr(zipfile.ZipInfo(f"{frame:06d}.{extension}"), data)
                previous = frame
            if previous < 0:
                raise ValueError(f"a shard needs at least one frame: {path}")
            archive.writestr(zipfile.ZipInfo(_META), canonical_json(meta))
            archive.comment = UNSEALED.encode()
        seal(file)


def read_shard(path: Path) -> Shard:
    """Reads a shard's directory and meta data, but not the frames' pixels.

    Raises:
        FasError: The file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            meta = json.loads(archive.read(_META))
            if not isinstance(meta, dict):
                raise ValueError(f"{_META} is not an object")
            extensions = {member.filename.rpartition(".")[2] for member in members[:-1]}
            if len(extensions) != 1:
                raise ValueError(f"frames of different formats: {sorted(extensions)}")
            entries = [_entry(member) for member in members if member.filename != _META]
    except OSError as error:
        raise FasError(f"shard cannot be read: {error.strerror}", path=path, remedy=REPAIR) from error
    except _DAMAGE as error:
        raise FasError(f"shard is damaged: {error}", path=path, remedy=REPAIR) from error
    table = np.array(entries, dtype=np.int64).reshape(-1, 4)
    if not (np.diff(table[:, 0]) > 0).all():
        raise FasError("shard is damaged: its frames do not ascend", path=path, remedy=REPAIR)
    return Shard(path, meta, extensions.pop(), table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.uint32))


def _entry(member: zipfile.ZipInfo) -> tuple[int, int, int, int]:
    """Frame number, offset of the data, length, CRC-32.

    The data begin after the local header and the name: our writer adds no extra field there. Not reading the local
    headers saves one page of disk per frame; `verify` checks every offset.
    """
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"member {member.filename} is compressed")
    frame = int(member.filename.partition(".")[0])
    offset = member.header_offset + _LOCAL_HEADER + len(member.filename.encode())
    return frame, offset, member.file_size, member.CRC
