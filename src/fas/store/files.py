"""The files in a store's folder, by kind; found by listing, without opening any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fas.errors import FasError
from fas.files import is_temporary
from fas.store.names import (
    DATASET_FOLDER,
    FAILURES_FILE,
    INDEX_FILE,
    LAYER_FILE,
    SHARD_SUFFIX,
    SOURCE_FILE,
    STORE_FILE,
    check_layer,
    check_video_id,
)


@dataclass
class StoreFiles:
    """The files of one store.

    Attributes:
        store: The folder.
        shards: Per video id, its shards by layer.
        layer_files: The settings of each layer.
        unfinished: Temporary files of a running writer, or left by one that was killed.
        foreign: Files that do not belong to the store.
        size: Bytes of all files together.
    """

    store: Path
    shards: dict[str, dict[str, Path]] = field(default_factory=dict)
    layer_files: dict[str, Path] = field(default_factory=dict)
    unfinished: list[Path] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)
    size: int = 0

    def count_shards(self) -> dict[str, int]:
        """The number of shards per layer."""
        counts = dict.fromkeys(self.layer_files, 0)
        for layers in self.shards.values():
            for layer in layers:
                counts[layer] = counts.get(layer, 0) + 1
        return counts


def walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk` that raises for a folder that it cannot list instead of skipping it; empty for a missing folder.

    Raises:
        FasError: A folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise FasError(
                f"cannot be listed: {error.strerror}", path=error.filename, remedy="make it readable"
            ) from error

    return os.walk(folder, onerror=fail)


def scan_files(store: Path) -> StoreFiles:
    """Lists a store's folder.

    Raises:
        FasError: A folder of it cannot be listed.
    """
    files = StoreFiles(store)
    for parent, folders, names in walk(store):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            try:
                files.size += path.stat().st_size
            except FileNotFoundError:
                continue  # a running writer has just renamed it
            _sort_in(files, path)
    return files


def _sort_in(files: StoreFiles, path: Path) -> None:
    layer, _, rest = path.relative_to(files.store).as_posix().partition("/")
    if is_temporary(path):
        files.unfinished.append(path)
    elif not rest and layer in (STORE_FILE, SOURCE_FILE, INDEX_FILE, FAILURES_FILE):
        pass  # these have fixed places
    elif layer == DATASET_FOLDER and rest.endswith((".csv", ".yaml", ".yml")):
        pass  # the copy of a recipe or manifest
    elif rest == LAYER_FILE:
        files.layer_files[layer] = path
    elif _is_shard_name(layer, rest):
        files.shards.setdefault(rest.removesuffix(SHARD_SUFFIX), {})[layer] = path
    else:
        files.foreign.append(path)


def _is_shard_name(layer: str, rest: str) -> bool:
    try:
        check_layer(layer)
        check_video_id(rest)
    except FasError:
        return False
    return rest.endswith(SHARD_SUFFIX)
