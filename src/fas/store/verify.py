"""Finds every damaged byte of a store, and every inconsistency."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from fas.errors import FasError
from fas.layers import is_per_presentation, layer_options
from fas.store.build import load_shard
from fas.store.failures import read_failures
from fas.store.files import StoreFiles
from fas.store.index import StoreIndex
from fas.store.names import BASE_LAYER, FAILURES_FILE, INDEX_FILE
from fas.store.rows import IndexRows, rows_of_shards
from fas.store.seal import is_whole
from fas.store.shard import REPAIR, Shard
from fas.store.source import check_source, exact_remedy, rebuild, repair, rerun
from fas.store.store import Store, read_layer_settings


@dataclass
class VerifyReport:
    """The findings of `verify_store`.

    Attributes:
        presentations: The number of presentations that were checked.
        damages: What is wrong, each with its file and the remedy.
        notes: Notes for the user that are not damage.
    """

    presentations: int
    damages: list[FasError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify_store(files: StoreFiles, advance: Callable[[int], None] | None = None) -> VerifyReport:
    """Reads every byte of a store.

    Every file is compared with its seal (a SHA-256 of the whole file), every frame with its CRC-32 at the offset that
    readers use, the layers with each other, and every row of the index with the shards.

    Args:
        files: The store's files, from `scan_files`.
        advance: Called with 1 after each of `files.shards`.
    """
    report = VerifyReport(len(files.shards))
    _check_small_files(files, report)
    rows = _open_index(files, report)

    def check(video_id: str) -> tuple[list[FasError], bool]:
        damages, shards = _check_presentation(files.store, video_id, files.shards[video_id])
        agrees = rows is None or bool(damages) or BASE_LAYER not in shards or _agree(rows, video_id, shards)
        if advance:
            advance(1)
        return damages, agrees

    video_ids = sorted(files.shards)
    with ThreadPoolExecutor(4) as pool:  # reading and hashing overlap
        results = list(pool.map(check, video_ids))
    report.damages += [damage for damages, _ in results for damage in damages]
    if rows is not None:
        disagreeing = [video_id for video_id, (_, agrees) in zip(video_ids, results, strict=True) if not agrees]
        disagreeing += [video_id for video_id in rows.stamps if BASE_LAYER not in files.shards.get(video_id, {})]
        if disagreeing:
            cause = f"the index disagrees with the shards of {len(disagreeing)} presentations, such as {disagreeing[0]}"
            report.damages.append(FasError(cause, path=files.store / INDEX_FILE, remedy=rebuild(files.store)))
    lacking = [video_id for video_id, layers in files.shards.items() if BASE_LAYER not in layers]
    if lacking:
        what = f"{len(lacking)} presentations, such as {lacking[0]}, have maps but no {BASE_LAYER}"
        report.notes.append(f"{what}: a run was interrupted; to finish them {rerun(files.store)}")
    report.notes += [f"unfinished, to be removed by the next `fas preprocess`: {path}" for path in files.unfinished]
    report.notes += [f"not a file of the store: {path}" for path in files.foreign]
    return report


def _check_small_files(files: StoreFiles, report: VerifyReport) -> None:
    for check in (Store.open, check_source):
        try:
            check(files.store)
        except FasError as error:
            report.damages.append(error)
    for path in files.layer_files.values():
        try:
            read_layer_settings(path)
        except FasError as error:
            report.damages.append(error)
    for layer in sorted(set(files.count_shards()) - set(files.layer_files)):
        cause = f"layer {layer!r} has shards but no settings"
        remedy = f"remove this folder, then {rerun(files.store, *layer_options(layer))}"
        report.damages.append(FasError(cause, path=files.store / layer, remedy=remedy))
    path = files.store / FAILURES_FILE
    try:
        records, unreadable = read_failures(path)
    except FasError as error:
        report.damages.append(error)
        return
    if records:
        report.notes.append(f"{len(records)} failures recorded; `fas store show` lists the reasons of those still open")
    for number in unreadable:
        cause = f"line {number} is unreadable: its writer was killed, or the file is damaged"
        report.damages.append(FasError(cause, path=path, remedy="delete this line; the next run tries again"))


def _open_index(files: StoreFiles, report: VerifyReport) -> IndexRows | None:
    path = files.store / INDEX_FILE
    try:
        # The seal first: Arrow is not designed to read damaged files.
        if path.exists() and not is_whole(path):
            raise FasError("damaged: its content does not match its seal", path=path, remedy=rebuild(path.parent))
        rows = IndexRows(StoreIndex(path))
        if set(rows.index.layers) != set(files.layer_files):
            cause = f"the index has only the layers {', '.join(rows.index.layers)}"
            raise FasError(cause, path=path, remedy=rebuild(path.parent))
        return rows
    except FasError as error:
        report.damages.append(error)
        return None


def _agree(index: IndexRows, video_id: str, shards: Mapping[str, Shard]) -> bool:
    """Whether the index agrees with the shards of a presentation."""
    known, wanted = index.get(video_id), rows_of_shards(shards, index.index.layers)
    return (
        known is not None
        and known.facts == wanted.facts
        and all(np.array_equal(known.columns[name], wanted.columns[name]) for name in wanted.columns)
    )


def _check_presentation(
    store: Path, video_id: str, paths: Mapping[str, Path]
) -> tuple[list[FasError], dict[str, Shard]]:
    damages: list[FasError] = []
    shards: dict[str, Shard] = {}
    for layer, path in paths.items():
        try:
            with exact_remedy(REPAIR, partial(repair, store, layer)):
                shards[layer] = _check_shard(path, layer, video_id)
        except FasError as error:
            damages.append(error)
    if BASE_LAYER in shards:
        for layer, shard in shards.items():
            # A value of the whole presentation is stored under frame 0, which the recipe may not have kept.
            whole = is_per_presentation(layer)
            unexpected = np.setdiff1d(shard.frames, [0] if whole else shards[BASE_LAYER].frames)
            if len(unexpected):
                where = "are in a layer with one value per presentation" if whole else f"are not in {BASE_LAYER}"
                cause = f"{len(unexpected)} frames {where}, such as {unexpected[0]}"
                damages.append(FasError(cause, path=shard.path, remedy=repair(store, layer)))
    return damages, shards


def _check_shard(path: Path, layer: str, video_id: str) -> Shard:
    if not is_whole(path):
        raise FasError("damaged: its content does not match its seal", path=path, remedy=REPAIR)
    shard = load_shard(path, layer, video_id)
    with path.open("rb") as file:
        for frame, offset, length, crc32 in zip(shard.frames, shard.offsets, shard.lengths, shard.crc32, strict=True):
            file.seek(offset)
            if zlib.crc32(file.read(length)) != crc32:
                raise FasError(f"frame {frame} is damaged: its CRC-32 is wrong", path=path, remedy=REPAIR)
    return shard
