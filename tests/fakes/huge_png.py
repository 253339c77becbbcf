"""A small file that announces more pixels than OpenCV takes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path


def write_huge_png(path: Path, side: int = 100_000) -> Path:
    """Writes the header of a picture of side x side pixels, with next to no data behind it."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"0")), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(content)
    return path
