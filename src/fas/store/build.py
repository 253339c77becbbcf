"""Builds `index.arrow` from the shards' directories and meta data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fas.errors import FasError
from fas.files import atomic_file
from fas.layers import layer_options
from fas.store.index import StoreIndex
from fas.store.names import BASE_LAYER, INDEX_FILE, shard_path
from fas.store.rows import SPAN_KINDS, Columns, IndexRows, PresentationRows, rows_of_shards
from fas.store.seal import UNSEALED, canonical_json, is_whole, seal
from fas.store.shard import REPAIR, Shard, read_shard
from fas.store.source import exact_remedy, repair, rerun

FACTS: dict[str, type] = {"subject": str, "split": str, "label": int, "attack_type": str, "attributes": dict}
"""The facts of a presentation in the `meta.json` of its rgb shard."""

TEXT_COLUMNS = ("video_id", "subject", "split", "attack_type", "attributes", "stamp")
"""Dictionary-encoded columns; `attributes` and `stamp` are JSON."""


def check_facts(meta: Mapping[str, Any]) -> None:
    """Checks that the meta data of an rgb shard has what the index needs.

    Raises:
        ValueError: A fact is missing, of another type, or `label` is neither 0 (attack) nor 1 (bona fide).
    """
    for name, kind in FACTS.items():
        if not isinstance(meta.get(name), kind):
            raise ValueError(f"rgb meta data needs {name!r} as {kind.__name__}, got {meta.get(name)!r}")
    if meta["label"] not in (0, 1):
        raise ValueError(f"label is 0 (attack) or 1 (bona fide), got {meta['label']!r}")


def load_shard(path: Path, layer: str, video_id: str) -> Shard:
    """Reads a shard and checks that it belongs to its name and has the facts that the index needs.

    Raises:
        FasError: It is missing, damaged or belongs elsewhere.
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


def build_index(
    store: Path,
    dataset: str,
    simulated: bool,
    layers: Sequence[str],
    video_ids: Sequence[str],
    advance: Callable[[int], None] | None = None,
) -> None:
    """Writes `index.arrow` atomically.

    Rows of the existing index are reused where size and time of the shards have not changed.

    Args:
        store: The store's folder.
        dataset: Its dataset, for messages to readers.
        simulated: Whether it is simulated.
        layers: The declared layers.
        video_ids: The presentations with an rgb shard, sorted: a row's presentation code is the position in it.
        advance: Called with 1 after each presentation.

    Raises:
        FasError: Shards are damaged, all of them named, or the folder is not writable.
    """
    known = _known_rows(store / INDEX_FILE, layers)
    extensions = {} if known is None else dict(known.index.extensions)

    def load(video_id: str) -> _Loaded | FasError:
        paths = {layer: shard_path(store, layer, video_id) for layer in layers}
        try:
            stamp = _shard_stamp(store, paths)
            rows = known.get(video_id) if known and known.stamps.get(video_id) == canonical_json(stamp) else None
            if rows is None:
                shards = {}
                for layer in stamp:
                    with exact_remedy(REPAIR, partial(repair, store, layer)):
                        shards[layer] = load_shard(paths[layer], layer, video_id)
                rows = rows_of_shards(shards, layers)
                extensions.update({layer: shard.extension for layer, shard in shards.items()})
        except FasError as error:
            return error
        finally:
            if advance:
                advance(1)
        return _Loaded(rows, stamp)

    with ThreadPoolExecutor(8) as pool:  # hides the latency of network file systems
        results = list(pool.map(load, video_ids))
    if damaged := [result for result in results if isinstance(result, FasError)]:
        raise _too_damaged(store, damaged)
    loaded = [result for result in results if isinstance(result, _Loaded)]
    metadata = {
        "dataset": dataset,
        "simulated": simulated,
        "layers": list(layers),
        "shards": {layer: sum(layer in one.stamp for one in loaded) for layer in layers},
        "extensions": extensions,
    }
    facts = [{**one.rows.facts, "stamp": canonical_json(one.stamp)} for one in loaded]
    write_index(store / INDEX_FILE, facts, [one.rows.columns for one in loaded], metadata)


class _Loaded(NamedTuple):
    rows: PresentationRows
    stamp: dict[str, list[int]]


def _shard_stamp(store: Path, paths: Mapping[str, Path]) -> dict[str, list[int]]:
    """Size and time of the existing shards, by layer."""
    stamp = {}
    for layer, path in paths.items():
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        stamp[layer] = [status.st_size, status.st_mtime_ns]
    if BASE_LAYER not in stamp:
        raise FasError("shard has disappeared", path=paths[BASE_LAYER], remedy=rerun(store))
    return stamp


def _known_rows(path: Path, layers: Sequence[str]) -> IndexRows | None:
    """The rows of the existing index; None if it is damaged or has other columns."""
    try:
        if not is_whole(path):
            return None
        index = StoreIndex(path)
    except FasError:
        return None
    return IndexRows(index) if index.layers == tuple(layers) else None


def _too_damaged(store: Path, damaged: Sequence[FasError]) -> FasError:
    """An index without them would lose data silently, so none is built until they are removed."""
    if len(damaged) == 1:
        return damaged[0]
    files = "".join(f"\n    {error.path}" for error in damaged)
    remedy = f"remove these files, then {rerun(store, *_options_of(store, damaged))}"
    return FasError(f"{len(damaged)} shards are damaged, so the index is not built:{files}", path=store, remedy=remedy)


def _options_of(store: Path, damaged: Sequence[FasError]) -> list[str]:
    """The options that request the layers of damaged shards."""
    layers = {error.path.relative_to(store).parts[0] for error in damaged if error.path is not None}
    return [option for layer in sorted(layers) for option in layer_options(layer)]


def write_index(
    path: Path, facts: Sequence[Mapping[str, Any]], rows: Sequence[Columns], metadata: Mapping[str, Any]
) -> None:
    """Writes the Arrow file: one record batch, so that every column is one piece of the mapped file.

    Args:
        path: The file to write.
        facts: Of every presentation, in the order of video ids: `PresentationRows.facts` and its `stamp`.
        rows: Of every presentation: `PresentationRows.columns`.
        metadata: Metadata of the index: JSON content.

    Raises:
        FasError: It cannot be written.
    """
    nothing = rows_of_shards({BASE_LAYER: _NO_FRAMES}, metadata["layers"]).columns
    columns = {name: np.concatenate([empty, *(part[name] for part in rows)]) for name, empty in nothing.items()}
    counts = np.array([len(part["frame"]) for part in rows], dtype=np.int64)
    arrays: dict[str, pa.Array] = {}
    for name in TEXT_COLUMNS:
        codes, texts = _encode(values[name] for values in facts)
        arrays[name] = pa.DictionaryArray.from_arrays(pa.array(np.repeat(codes, counts)), pa.array(texts, pa.string()))
    labels = np.array([values["label"] for values in facts], dtype=np.int8)
    arrays["label"] = pa.array(np.repeat(labels, counts))
    for name, values in columns.items():
        layer, _, kind = name.rpartition("_")
        arrays[name] = pa.array(values, mask=columns[f"{layer}_length"] == 0 if kind in SPAN_KINDS else None)
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
    schema = batch.schema.with_metadata({"fas": canonical_json(metadata), "seal": UNSEALED})
    with atomic_file(path) as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(batch)
        seal(file)


_NONE = np.zeros(0, np.int64)
_NO_FRAMES = Shard(
    Path(),
    {"attributes": {}, **dict.fromkeys(("video_id", "subject", "split", "attack_type", "label"))},
    "",
    *(_NONE, _NONE, _NONE),
    _NONE.astype(np.uint32),
)


def _encode(values: Iterable[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes by first appearance: the codes of sorted video ids are 0, 1, 2, ..."""
    codes: dict[str, int] = {}
    encoded = [codes.setdefault(value, len(codes)) for value in values]
    return np.array(encoded, dtype=np.int32), list(codes)
