"""Reads single frames by row of the index."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fas.errors import FasError
from fas.layers import LAYERS, layer_options
from fas.store.codec import ARRAY_EXTENSION, decode_array, decode_image
from fas.store.index import StoreIndex
from fas.store.names import BASE_LAYER, shard_path
from fas.store.shard import REPAIR
from fas.store.source import repair, rerun


class FrameReader:
    """Decodes frames of a store.

    Shards are opened when they are first needed, and a limited number stay open. Safe in forked workers (reads are by
    offset, so a shared file position does not matter), in spawned ones (only the index's path is sent) and in threads.

    Args:
        index: The store's index.
        check: Compare the CRC-32 of every frame that is read (about 2 % of the time to decode it).
        open_files: Maximum number of shards that stay open.
    """

    def __init__(self, index: StoreIndex, *, check: bool = True, open_files: int = 64) -> None:
        self._index = index
        self._check = check
        self._open_files = open_files
        self._spans = {layer: index.spans(layer) for layer in index.layers}
        self._decoders = {layer: _decoder(layer, index.extensions.get(layer)) for layer in index.layers}
        # Not a method of self: the cycle would keep the files open until the garbage collector runs.
        self._open = lru_cache(maxsize=open_files)(partial(_open_shard, index))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._index, self._check, self._open_files)

    def read(self, row: int, layer: str = BASE_LAYER) -> NDArray[Any]:
        """Decodes one frame of one layer; of a layer with one value per presentation, that value.

        Args:
            row: Row of the index.
            layer: `rgb`, `depth`, ...

        Returns:
            Of an image layer: uint8 `(H, W, 3)` RGB or `(H, W)`. Of points: float32 `(N, D)`. Of a vector: float32
            `(N,)`.

        Raises:
            FasError: The layer is missing, as a whole or for this frame, or the shard is missing or damaged.
        """
        if layer not in self._spans:
            folder = self._index.path.parent
            raise FasError(f"this store has no layer {layer!r}", path=folder, remedy=self._make(layer))
        offsets, lengths, crcs = self._spans[layer]
        length = int(lengths[row])
        if length == 0:
            path = _path_of(self._index, layer, int(self._index.presentation[row]))
            remedy = "remove this file; " * path.exists() + self._make(layer)
            raise FasError(f"layer {layer!r} lacks frame {self._index.frame[row]}", path=path, remedy=remedy)
        shard = self._open(layer, int(self._index.presentation[row]))
        data = shard.read(length, int(offsets[row]))
        if self._check and zlib.crc32(data) != crcs[row]:
            raise self._damaged(row, layer, "its CRC-32 is wrong")
        try:
            return self._decoders[layer](data)
        except ValueError as error:
            raise self._damaged(row, layer, str(error)) from error

    def _damaged(self, row: int, layer: str, why: str) -> FasError:
        return FasError(
            f"frame {self._index.frame[row]} of layer {layer!r} is damaged: {why}",
            path=_path_of(self._index, layer, int(self._index.presentation[row])),
            remedy=repair(self._index.path.parent, layer),
        )

    def _make(self, layer: str) -> str:
        return f"{rerun(self._index.path.parent, *layer_options(layer))}; it does only what is missing"


class _OpenShard:
    """A file descriptor that is closed when it is no longer used.

    Not when it leaves the cache: another thread may be reading from it, and its number may be reused for another file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._descriptor = -1
            raise FasError(f"shard cannot be opened: {error.strerror}", path=path, remedy=REPAIR) from error

    def read(self, length: int, offset: int) -> bytes:
        try:
            data = os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise FasError(f"shard cannot be read: {error.strerror}", path=self._path, remedy=REPAIR) from error
        if len(data) != length:
            raise FasError("shard is cut off", path=self._path, remedy=REPAIR)
        return data

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _decoder(layer: str, extension: str | None) -> Callable[[bytes], NDArray[Any]]:
    return partial(decode_array, layer=LAYERS.get(layer)) if extension == ARRAY_EXTENSION else decode_image


def _path_of(index: StoreIndex, layer: str, presentation: int) -> Path:
    return shard_path(index.path.parent, layer, index.video_id(presentation))


def _open_shard(index: StoreIndex, layer: str, presentation: int) -> _OpenShard:
    return _OpenShard(_path_of(index, layer, presentation))


def _rebuild(index: StoreIndex, check: bool, open_files: int) -> FrameReader:
    return FrameReader(index, check=check, open_files=open_files)
