"""A store: one folder with the cached faces and maps of one dataset under one recipe."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fas.datasets.dataset_name import DatasetName
from fas.errors import FasError, FasWarning
from fas.files import sweep
from fas.layers import layer_options
from fas.store.build import build_index, check_facts
from fas.store.failures import append_failure, latest_failures
from fas.store.files import walk
from fas.store.index import StoreIndex
from fas.store.names import (
    BASE_LAYER,
    FAILURES_FILE,
    INDEX_FILE,
    LAYER_FILE,
    SHARD_SUFFIX,
    STORE_FILE,
    check_dataset,
    check_layer,
    check_video_id,
    shard_path,
)
from fas.store.seal import canonical_json, read_sealed_json, write_sealed_json
from fas.store.shard import REPAIR, Shard, read_shard, write_shard
from fas.store.source import Source, command_for, exact_remedy, read_source, repair, rerun, write_source

SCHEMA_VERSION = 1


_RESTORE = "remove this file, then run the same `fas preprocess` again: it writes a new one and keeps the shards"


def _restore(store: Path, *extra: str) -> str:
    return f"remove this file, then {rerun(store, *extra)}: it writes a new one and keeps the shards"


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """The folder name of a recipe: the first 12 hex digits of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical_json(recipe).encode()).hexdigest()[:12]


def read_layer_settings(path: Path) -> dict[str, Any]:
    """The settings in a `layer.json`.

    Raises:
        FasError: It is damaged.
    """
    with exact_remedy(_RESTORE, partial(_restore, path.parent.parent, *layer_options(path.parent.name))):
        settings: dict[str, Any] = read_sealed_json(path, remedy=_RESTORE)["settings"]
    return settings


@dataclass(frozen=True)
class Store:
    """One store. Small, immutable, safe to send to other processes; all state is on disk.

    Attributes:
        path: The folder.
        dataset: The dataset's name.
        recipe: Everything that determines the content; its hash is the folder's name.
        tools: Versions of the software that created it, for the record; weights that matter belong in the recipe.
        simulated: Whether the content is simulated; every picture and table of it must say so.
    """

    path: Path
    dataset: str
    recipe: dict[str, Any]
    tools: dict[str, Any]
    simulated: bool

    @classmethod
    def create(
        cls,
        root: Path,
        dataset: str,
        recipe: Mapping[str, Any],
        tools: Mapping[str, Any],
        *,
        simulated: bool = False,
    ) -> Store:
        """Creates the store `root/<dataset>/<recipe hash>`, or opens it if it exists. Many processes may call it.

        Args:
            root: The folder that stores live in.
            dataset: The dataset's name: one plain folder name.
            recipe: JSON content; another recipe is another store.
            tools: JSON content. If the store was begun with other versions, a `FasWarning` says so.
            simulated: Whether the content is simulated.

        Raises:
            FasError: The folder is not writable; its `store.json` is damaged, made by a newer version, or differs in
                `simulated`.
        """
        path = Path(root).absolute() / check_dataset(dataset) / recipe_hash(recipe)
        content = {
            "schema": SCHEMA_VERSION,
            "dataset": dataset,
            "simulated": simulated,
            "recipe": dict(recipe),
            "tools": dict(tools),
        }
        with suppress(FileExistsError):  # resumed, or another process was first
            write_sealed_json(path / STORE_FILE, content, exclusive=True)
        store = cls.open(path)
        if store.simulated != simulated:
            store_is, data_is = ("", "not ") if store.simulated else ("not ", "")
            raise FasError(
                f"this store is {store_is}simulated, and the data for it is {data_is}simulated",
                path=path,
                remedy="give simulated data a separate dataset name",
            )
        if store.tools != json.loads(canonical_json(tools)):
            warnings.warn(FasWarning(f"{path}: begun with {store.tools}, continued with {dict(tools)}"), stacklevel=2)
        return store

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens the store in a folder.

        Raises:
            FasError: It is not a store, is damaged, or was made by a newer version.
        """
        path = Path(path).absolute()
        try:
            with exact_remedy(_RESTORE, partial(_restore, path)):
                content = read_sealed_json(path / STORE_FILE, remedy=_RESTORE)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FasError(
                f"not a store: it has no {STORE_FILE}", path=path, remedy="`fas store ls` lists the stores"
            ) from error
        if content["schema"] > SCHEMA_VERSION:
            raise FasError(
                f"made by a newer fas: store schema {content['schema']}, this version reads up to {SCHEMA_VERSION}",
                path=path,
                remedy="update fas, or create the store again with this version under another FAS_STORE",
            )
        return cls(path, content["dataset"], content["recipe"], content["tools"], content["simulated"])

    @property
    def name(self) -> DatasetName:
        """The name of its data."""
        return DatasetName.of_folder(self.dataset, self.simulated)

    def write_source(self, source: Source) -> None:
        """Records how the store is created, and keeps a copy of the user's own recipe or manifest.

        Args:
            source: The arguments of `fas preprocess`.

        Raises:
            FasError: A file cannot be read or written.
        """
        write_source(self.path, source)

    def source(self) -> Source | None:
        """How the store was created; None for an older store, which does not record it.

        Raises:
            FasError: `source.json` is damaged.
        """
        return read_source(self.path)

    def recipe_path(self) -> Path | str:
        """The argument of `fas.datasets.loading.load_recipe` for this dataset: its name, or the path of the copy.

        Raises:
            FasError: `source.json` is damaged, or the copy is missing.
        """
        source = self.source()
        if source is None:
            return self.name.recipe
        copy = source.copy(self.path)
        if copy is None:
            return source.dataset
        if not copy.is_file():
            raise FasError("the store's copy of its recipe is missing", path=copy, remedy=rerun(self.path))
        return copy

    def preprocess_command(self, *extra: str) -> str:
        """The `fas preprocess` command that fills this store, quoted for a shell.

        For an older store, which does not record how it was created, the command has only the dataset.

        Args:
            extra: Further options, such as `--depth`.

        Raises:
            FasError: `source.json` is damaged.
        """
        return command_for(self.path, self.name, *extra)

    def declare_layer(self, layer: str, settings: Mapping[str, Any]) -> None:
        """Records a layer's settings; needed before its first shard, harmless if repeated. Many processes may call it.

        The settings live in the layer's own folder, so that a layer added later changes no other file.

        Raises:
            FasError: The layer is declared with other settings, or the folder is not writable.
        """
        path = self.path / check_layer(layer) / LAYER_FILE
        wanted = json.loads(canonical_json(settings))
        try:
            write_sealed_json(path, {"settings": wanted}, exclusive=True)
        except FileExistsError:
            found = read_layer_settings(path)
            if found != wanted:
                raise FasError(
                    f"layer {layer!r} of this store was computed with other settings: {found}, now {wanted}",
                    path=path,
                    remedy=f"use the same settings, or remove the folder {layer}/ to compute the layer again",
                ) from None

    @property
    def layers(self) -> dict[str, dict[str, Any]]:
        """The declared layers and their settings; `rgb` first, the others by name."""
        names = sorted(path.parent.name for path in self.path.glob(f"*/{LAYER_FILE}"))
        names.sort(key=lambda name: name != BASE_LAYER)
        return {name: read_layer_settings(self.path / name / LAYER_FILE) for name in names}

    def has(self, layer: str, video_id: str) -> bool:
        """Whether the shard exists; if it does, it is complete."""
        return shard_path(self.path, layer, video_id).exists()

    def video_ids(self, layer: str = BASE_LAYER) -> Iterator[str]:
        """The presentations that have a shard in this layer, in no particular order. Lists folders, opens no file.

        Raises:
            FasError: A folder cannot be listed.
        """
        folder = self.path / check_layer(layer)
        for parent, _, names in walk(folder):
            prefix = parent[len(str(folder)) + 1 :].replace(os.sep, "/")
            for name in names:
                if name.endswith(SHARD_SUFFIX) and not name.startswith("."):
                    yield f"{prefix}/{name}".lstrip("/").removesuffix(SHARD_SUFFIX)

    def write_shard(
        self, layer: str, video_id: str, frames: Iterable[tuple[int, bytes]], meta: dict[str, Any], extension: str
    ) -> None:
        """Writes all frames of one presentation in one layer, atomically; an existing shard is replaced.

        Args:
            layer: A declared layer.
            video_id: The presentation; a relative path inside the store.
            frames: Frame numbers, ascending, and encoded values; may be a generator. A layer with one value per
                presentation has it under frame 0.
            meta: JSON content stored with the frames; `video_id` and `layer` are added. In layer `rgb` it holds the
                presentation's facts (`build.FACTS`). It is written after the last frame, so a list in it may still
                grow while `frames` runs.
            extension: The values' file extension (`layer_extension`).

        Raises:
            FasError: The disk is full, the folder is not writable, or the name leads out of the store.
            ValueError: The layer is not declared, facts are missing, or there are no frames.
        """
        path = shard_path(self.path, layer, video_id)
        if not (self.path / layer / LAYER_FILE).exists():
            raise ValueError(f"layer {layer!r} must be declared before its first shard")
        if layer == BASE_LAYER:
            check_facts(meta)
        write_shard(path, frames, {**meta, "video_id": video_id, "layer": layer}, extension)

    def read_shard(self, layer: str, video_id: str) -> Shard:
        """Meta data and frame directory of one shard.

        Raises:
            FasError: It is missing or damaged.
        """
        with exact_remedy(REPAIR, partial(repair, self.path, layer)):
            return read_shard(shard_path(self.path, layer, video_id))

    def record_failure(self, record: dict[str, Any]) -> None:
        """Appends a failure to acquire to `failures.jsonl`.

        Args:
            record: JSON content: `video_id`, `reason`, and further facts; `frame` if it is about one frame, `layer`
                if it is not about `rgb`.

        Raises:
            FasError: It cannot be written.
            ValueError: It has no reason.
        """
        check_video_id(record["video_id"])
        if not record.get("reason"):
            raise ValueError(f"a failure needs a reason: {record}")
        append_failure(self.path / FAILURES_FILE, record)

    def failures(self) -> list[dict[str, Any]]:
        """The open failures: the last of each presentation and frame, without presentations stored since."""
        return [record for record in latest_failures(self.path / FAILURES_FILE) if not self._made_since(record)]

    def _made_since(self, record: dict[str, Any]) -> bool:
        return "frame" not in record and self.has(record.get("layer", BASE_LAYER), record["video_id"])

    def sweep(self) -> int:
        """Removes unfinished files of writers that are gone; returns their number."""
        return sweep(self.path)

    def build_index(self, advance: Callable[[int], None] | None = None) -> StoreIndex:
        """Rebuilds `index.arrow` from the shards alone, and removes unfinished files.

        Every process that has written shards calls this when it is finished.

        Args:
            advance: Called with 1 after each of the presentations (`video_ids()` says how many).

        Raises:
            FasError: Shards are damaged, or the folder is not writable.
        """
        self.sweep()
        listing = self._list_shards()
        # Another machine may have finished meanwhile, and ours may replace its newer index. Those that are still
        # running will rebuild it themselves, so there is no need to wait until nothing changes.
        for _ in range(3):
            video_ids = listing.get(BASE_LAYER, [])
            build_index(self.path, self.dataset, self.simulated, list(listing), video_ids, advance)
            before, listing = listing, self._list_shards()
            if listing == before:
                break
            advance = None
        return StoreIndex(self.path / INDEX_FILE)

    def _list_shards(self) -> dict[str, list[str]]:
        return {layer: sorted(self.video_ids(layer)) for layer in self.layers}

    def index(self) -> StoreIndex:
        """Opens the index; costs the same for any number of frames.

        Warns (`FasWarning`) if the number of shards on disk differs from the index: a run was interrupted, or is
        still running, or shards were removed.

        Raises:
            FasError: There is no index, or it does not belong to this store.
        """
        index = StoreIndex(self.path / INDEX_FILE)
        for layer in self.layers:
            on_disk = sum(1 for _ in self.video_ids(layer))
            if on_disk != (known := index.shards.get(layer, 0)):
                message = f"{self.path}: {on_disk} {layer} shards on disk, {known} in the index; "
                warnings.warn(FasWarning(f"{message}to update the index {rerun(self.path)}"), stacklevel=2)
        return index
