"""The names of a store's files, and the rule that no name leads out of the store."""

from __future__ import annotations

import re
from pathlib import Path

from fas.errors import FasError
from fas.layers import RGB

BASE_LAYER = RGB
"""The layer that every presentation has. It holds the presentation's facts; the index has one row per frame of it."""

STORE_FILE = "store.json"
LAYER_FILE = "layer.json"
INDEX_FILE = "index.arrow"
FAILURES_FILE = "failures.jsonl"
SOURCE_FILE = "source.json"
DATASET_FOLDER = "dataset"
"""The folder with the copy of the user's own recipe or manifest."""
SHARD_SUFFIX = ".zip"

_LAYER = re.compile(r"[a-z][a-z0-9_]*")


def check_video_id(video_id: str) -> str:
    """Returns `video_id` if it is a relative POSIX path that stays inside the layer's folder.

    Parts that begin with a dot are rejected too: `..` leads out, and dot names belong to unfinished files.

    Raises:
        FasError: It is empty, absolute, has an empty or dot part, a backslash, or a character that is not printable.
    """
    parts = video_id.split("/")
    if "\\" in video_id or not video_id.isprintable() or any(not part or part.startswith(".") for part in parts):
        raise FasError(
            f"video_id {video_id!r} cannot name a file of the store",
            remedy="use a relative path of printable characters, its parts neither empty nor beginning with '.'",
        )
    return video_id


def check_dataset(dataset: str) -> str:
    """Returns `dataset` if it is one folder name.

    Raises:
        FasError: It is not.
    """
    if "/" in dataset:
        raise FasError(f"dataset name {dataset!r} contains '/'", remedy="give the dataset a plain name")
    return check_video_id(dataset)


def check_layer(layer: str) -> str:
    """Returns `layer` if it is lower-case letters, digits and `_`, so that it can name a folder and index columns.

    Raises:
        FasError: It is not.
    """
    if not _LAYER.fullmatch(layer):
        raise FasError(f"layer name {layer!r} has characters other than lower-case letters, digits and '_'")
    return layer


def shard_path(store: Path, layer: str, video_id: str) -> Path:
    """The path of a shard: `<store>/<layer>/<video_id>.zip`."""
    return store / check_layer(layer) / (check_video_id(video_id) + SHARD_SUFFIX)
