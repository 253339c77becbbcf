"""Makes `index.arrow` from the shards' directories and meta data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fas.errors import FasError
from fas.store.atomic import atomic_file
from fas.store.names import BASE_LAYER, INDEX_FILE, shard_path
from fas.store.seal import UNSEALED, canonical_json, seal
from fas.store.shard import REPAIR, Shard, read_shard

FACTS: dict[str, type] = {"subject": str, "split": str, "label": int, "attack_type": str, "attributes": dict}
"""What `meta.json` of an rgb shard says about its presentation."""

TEXT_COLUMNS = ("video_id", "subject", "split", "attack_type", "attributes")
"""Dictionary-encoded columns; `attributes` is JSON."""

SPAN_COLUMNS: dict[str, type[np.generic]] = {"offset": np.int64, "length": np.int32, "crc32": np.uint32}
"""Per layer: `rgb_offset`, `rgb_length`, `rgb_crc32`; null where the layer lacks the frame."""

Columns = dict[str, NDArray[Any]]


def check_facts(meta: Mapping[str, Any]) -> None:
    """Checks that the meta data of an rgb shard tell what the index needs.

    Raises:
        ValueError: A fact is missing, of another type, or `label` is neither 0 (attack) nor 1 (bona fide).
    """
    for name, kind in FACTS.items():
        if not isinstance(meta.get(name), kind):
            raise ValueError(f"rgb meta data need {name!r} as {kind.__name__}, got {meta.get(name)!r}")
    if meta["label"] not in (0, 1):
        raise ValueError(f"label is 0 (attack) or 1 (bona fide), got {meta['label']!r}")


def load_shard(path: Path, layer: str, video_id: str) -> Shard:
    """Reads a shard and checks that it is the one that its name says, with the facts that the index needs.

    Raises:
        FasError: It is missing, damaged or another one.
    """
    shard = read_shard(path)
    if (shard.meta.get("layer"), shard.meta.get("video_id")) != (layer, video_id):
        raise FasError("this shard belongs elsewhere, by its meta.json", path=path, remedy=REPAIR)
    if layer == BASE_LAYER:
        try:
            check_facts(shard.meta)
        except ValueError as error:
            raise FasError(f"shard is damaged: {error}", path=path, remedy=REPAIR) from error
    return shard


def _load_presentation(store: Path, layers: Sequence[str], video_id: str) -> dict[str, Shard]:
    paths = {layer: shard_path(store, layer, video_id) for layer in layers}
    return {
        layer: load_shard(path, layer, video_id)
        for layer, path in paths.items()
        if layer == BASE_LAYER or path.exists()
    }


def frame_columns(shards: Mapping[str, Shard], layers: Sequence[str]) -> Columns:
    """The index's rows of one presentation: one per frame of rgb, in ascending order.

    Returns:
        `frame` and, per layer, `<layer>_offset`, `_length`, `_crc32`, each `(n,)`; length 0 where the layer lacks
        the frame (no encoded image is empty).
    """
    frames = shards[BASE_LAYER].frames
    columns: Columns = {"frame": frames.astype(np.int32)}
    for layer in layers:
        spans = {name: np.zeros(len(frames), kind) for name, kind in SPAN_COLUMNS.items()}
        if layer in shards:
            shard = shards[layer]
            _, rows, sources = np.intersect1d(frames, shard.frames, assume_unique=True, return_indices=True)
            for name, values in (("offset", shard.offsets), ("length", shard.lengths), ("crc32", shard.crc32)):
                spans[name][rows] = values[sources]
        columns.update({f"{layer}_{name}": values for name, values in spans.items()})
    return columns


def fact_values(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The index's values of one presentation: its text columns and `label`."""
    values = {name: meta[name] for name in ("video_id", "subject", "split", "attack_type", "label")}
    return {**values, "attributes": canonical_json(meta["attributes"])}


def build_index(
    store: Path,
    dataset: str,
    simulated: bool,
    layers: Sequence[str],
    video_ids: Sequence[str],
    advance: Callable[[int], None] | None = None,
) -> None:
    """Writes `index.arrow` atomically.

    Args:
        store: The store's folder.
        dataset: Its dataset, for messages of readers.
        simulated: Whether it is simulated.
        layers: The declared layers.
        video_ids: The presentations with an rgb shard, sorted: a row's presentation code is the position herein.
        advance: Called with 1 after each presentation.

    Raises:
        FasError: Shards are damaged, all of them named, or the folder is not writable.
    """

    def load(video_id: str) -> _Loaded | FasError:
        try:
            shards = _load_presentation(store, layers, video_id)
        except FasError as error:
            return error
        finally:
            if advance:
                advance(1)
        extensions = {layer: shard.extension for layer, shard in shards.items()}
        return _Loaded(fact_values(shards[BASE_LAYER].meta), frame_columns(shards, layers), extensions)

    with ThreadPoolExecutor(8) as pool:  # hides the latency of network file systems
        results = list(pool.map(load, video_ids))
    if damaged := [result for result in results if isinstance(result, FasError)]:
        raise _too_damaged(store, damaged)
    loaded = [result for result in results if isinstance(result, _Loaded)]
    columns = {
        name: np.concatenate([empty, *(rows.columns[name] for rows in loaded)])
        for name, empty in frame_columns({BASE_LAYER: _NO_FRAMES}, layers).items()
    }
    counts = np.array([len(rows.columns["frame"]) for rows in loaded], dtype=np.int64)
    metadata = {
        "dataset": dataset,
        "simulated": simulated,
        "layers": list(layers),
        "shards": {layer: sum(layer in rows.extensions for rows in loaded) for layer in layers},
        "extensions": {layer: extension for rows in loaded for layer, extension in rows.extensions.items()},
    }
    write_index(store / INDEX_FILE, [rows.facts for rows in loaded], counts, columns, metadata)


class _Loaded(NamedTuple):
    facts: dict[str, Any]
    columns: Columns
    extensions: dict[str, str]


_NONE = np.zeros(0, np.int64)
_NO_FRAMES = Shard(Path(), {}, "", _NONE, _NONE, _NONE, _NONE.astype(np.uint32))


def _too_damaged(store: Path, damaged: Sequence[FasError]) -> FasError:
    """An index without them would lose data in silence, so there is none until they are gone."""
    if len(damaged) == 1:
        return damaged[0]
    files = "".join(f"\n    {error.path}" for error in damaged)
    return FasError(f"{len(damaged)} shards are damaged, so the index is not built:{files}", path=store, remedy=REPAIR)


def write_index(
    path: Path,
    facts: Sequence[Mapping[str, Any]],
    counts: NDArray[np.int64],
    columns: Columns,
    metadata: dict[str, Any],
) -> None:
    """Writes the Arrow file: one record batch, so that every column is one piece of the mapped file.

    Args:
        path: The file to make.
        facts: `fact_values` of every presentation.
        counts: int64 `(presentations,)`: their numbers of rows.
        columns: `frame_columns` of all presentations, concatenated.
        metadata: What the index says about itself: JSON content.

    Raises:
        FasError: It cannot be written.
    """
    arrays: dict[str, pa.Array] = {}
    for name in TEXT_COLUMNS:
        codes, texts = _encode(values[name] for values in facts)
        codes = np.repeat(codes, counts)
        arrays[name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(texts, pa.string()))
    labels = np.array([values["label"] for values in facts], dtype=np.int8)
    arrays["label"] = pa.array(np.repeat(labels, counts))
    for name, values in columns.items():
        layer, _, kind = name.rpartition("_")
        missing = columns[f"{layer}_length"] == 0 if kind in SPAN_COLUMNS else None
        arrays[name] = pa.array(values, mask=missing)
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
    schema = batch.schema.with_metadata({"fas": canonical_json(metadata), "seal": UNSEALED})
    with atomic_file(path) as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(batch)
        seal(file)


def _encode(values: Iterable[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes by first appearance: the codes of sorted video ids are 0, 1, 2, ..."""
    codes: dict[str, int] = {}
    encoded = [codes.setdefault(value, len(codes)) for value in values]
    return np.array(encoded, dtype=np.int32), list(codes)
