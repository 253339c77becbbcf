"""Processes one presentation in a worker process."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fas.datasets.annotations import AnnotationError
from fas.datasets.recipe import Recipe
from fas.errors import FasError, FasWarning
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.faces.tracking import FaceTracker
from fas.layers import LAYERS, MESH, RGB
from fas.preprocessing.acquire import FaceCrop, FaceCutter, turn
from fas.preprocessing.bundled import BundledFaces
from fas.preprocessing.decode import Frame, MediaError, read_frames
from fas.preprocessing.layers import make_makers
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame
from fas.preprocessing.layers.making import Making
from fas.preprocessing.plan import Task
from fas.preprocessing.settings import FaceSettings, LayerSettings
from fas.processes import begin_worker
from fas.store.codec import (
    MAP_CODEC,
    codec_extension,
    decode_array,
    decode_image,
    encode_value,
    layer_extension,
)
from fas.store.store import Store


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Everything that a worker process needs at its start; sent to it once.

    Attributes:
        store: The store's folder.
        faces: How faces are found and cut.
        layers: The requested optional layers.
        weights: A folder with model weights, instead of the download.
        hdf5_array: The array with the frames in HDF5 files.
        annotations: The dataset and its root, if its own face annotations are to be used or compared.
    """

    store: Path
    faces: FaceSettings
    layers: LayerSettings
    weights: Path | None = None
    hdf5_array: str = ""
    annotations: tuple[Recipe, Path] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one task.

    Attributes:
        task: The task.
        frames: Frames looked at.
        faces: Frames in which the face was found.
        failure: What could not be stored, and why, on one line; None on success.
        detail: More about the failure: the remedy, or the traceback of a bug in fas.
        layer: The optional layer that the failure is about; None if it is about the whole task.
        notes: Warnings about a presentation that was stored all the same.
    """

    task: Task
    frames: int
    faces: int
    failure: str | None = None
    detail: str | None = None
    layer: str | None = None
    notes: tuple[str, ...] = ()


class Worker:
    """Does tasks one after another; detector, mesh model and makers are loaded when first needed.

    Args:
        settings: What to do with every task.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._store = Store.open(settings.store)

    @cached_property
    def _tracker(self) -> FaceTracker:
        """Follows the face through the frames that the recipe keeps."""
        weights = self._settings.weights
        return FaceTracker(make_detector(self._settings.faces.detector, weights), make_mesh_model(weights))

    @cached_property
    def _tracker_between(self) -> FaceTracker:
        """Follows it through the others: what is stored must not depend on which layers see them."""
        weights = self._settings.weights
        return FaceTracker(make_detector(self._settings.faces.detector, weights), make_mesh_model(weights))

    @cached_property
    def _makers(self) -> dict[str, LayerMaker]:
        return make_makers(self._settings.layers.layers, self._settings.layers)

    def work(self, task: Task) -> Outcome:
        """Does one task; never raises because of its media.

        Raises:
            FasError: The store cannot be written or weights are missing, which would also fail every other task.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FasWarning)
            outcome = self._acquire(task) if task.faces else self._add_layers(task)
        for warning in caught:
            if not issubclass(warning.category, FasWarning):  # from another package: print it as usual
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        notes = tuple(str(warning.message) for warning in caught if issubclass(warning.category, FasWarning))
        return replace(outcome, notes=notes)

    def _acquire(self, task: Task) -> Outcome:
        """Computes everything from the media in one pass."""
        codec = self._settings.faces.codec
        records: list[dict[str, Any]] = []
        meshes: list[tuple[int, bytes]] = []
        crops: list[tuple[int, bytes]] = []
        bundled = self._bundled(task)
        makers = {layer: self._makers[layer] for layer in task.layers}
        making = Making(makers)
        every_frame = any(maker.needs_media for maker in makers.values())
        try:
            cutter = FaceCutter(self._tracker, self._settings.faces, bundled)
            between = self._cutter_between(task) if every_frame else None
            for frame in self._read(task, every_frame):
                if not frame.selected:
                    assert between is not None, "only then are such frames read"
                    making.see(_between(between, frame))
                    continue
                record, face, image = cutter.cut(frame)
                records.append(record)
                if face is not None:
                    encoded = encode_value(LAYERS[RGB], face.image, codec)
                    meshes.append((frame.number, encode_value(LAYERS[MESH], face.mesh)))
                    crops.append((frame.number, encoded))
                    # Layers are computed from what is stored, so that a layer added later equals one of the same pass.
                    if codec_extension(codec) == "jpg":
                        face = replace(face, image=decode_image(encoded))
                making.see(SeenFrame(frame.number, frame.time, face is not None, face, image if every_frame else None))
        except (MediaError, AnnotationError) as error:
            return Outcome(task, len(records), 0, error.cause, error.remedy)
        if bundled is not None and self._settings.faces.detector != GIVEN:
            bundled.report()
        if not crops:
            reason = f"no face in any of {len(records)} frames"
            return Outcome(task, len(records), 0, reason, "check the video; another detector may find the face")
        missing = making.finish()
        self._write(task, MESH, meshes)
        self._write(task, RGB, crops, _rgb_meta(task, records))
        self._write_layers(task, making)
        return _outcome(task, len(records), len(crops), missing)

    def _add_layers(self, task: Task) -> Outcome:
        """Adds layers to stored crops; reads the media only for those that need them."""
        stored = dict[int, FaceCrop]()
        try:
            images = self._store.read_shard(RGB, task.presentation.video_id)
            meshes = self._store.read_shard(MESH, task.presentation.video_id)
            records = {record["frame"]: record for record in images.meta["records"]}
            for number in images.frames.tolist():
                mesh = decode_array(meshes.read(number), LAYERS[MESH])
                transform = np.array(records[number]["transform"])
                stored[number] = FaceCrop(decode_image(images.read(number)), mesh, transform)
        except FasError as error:  # a damaged shard fails its own presentation only
            return Outcome(task, 0, 0, error.cause, error.remedy)
        makers = {layer: self._makers[layer] for layer in task.layers}
        from_crops = Making({layer: maker for layer, maker in makers.items() if not maker.needs_media})
        for number, face in stored.items():
            from_crops.see(SeenFrame(number, records[number]["time"], True, face))
        missing = from_crops.finish()
        self._write_layers(task, from_crops)
        from_media = Making({layer: maker for layer, maker in makers.items() if maker.needs_media})
        if from_media.values:
            try:
                self._see_media(task, from_media, records, stored)
            except (MediaError, AnnotationError) as error:
                return Outcome(task, len(stored), len(stored), error.cause, error.remedy, next(iter(from_media.values)))
            missing += from_media.finish()
            self._write_layers(task, from_media)
        return _outcome(task, len(stored), len(stored), missing)

    def _see_media(
        self, task: Task, making: Making, records: dict[int, dict[str, Any]], stored: dict[int, FaceCrop]
    ) -> None:
        """Shows every frame of the media with the stored crops, as the original pass saw them.

        Raises:
            MediaError: The media cannot be read, or its frames changed since the crops were stored.
        """
        between = self._cutter_between(task)
        seen = set()
        for frame in self._read(task, every_frame=True):
            if not frame.selected:
                making.see(_between(between, frame))
            elif (record := records.get(frame.number)) is not None:
                seen.add(frame.number)
                face = stored.get(frame.number)
                image = turn(frame.image, record.get("turned", 0) // 90)
                making.see(SeenFrame(frame.number, frame.time, face is not None, face, image))
        if seen != records.keys():
            raise MediaError(
                "the frames of the media file changed since its crops were stored",
                path=task.source,
                remedy="restore the file, or remove the presentation's shards from the store and run again",
            )

    def _read(self, task: Task, every_frame: bool) -> Iterator[Frame]:
        return read_frames(task.source, self._settings.faces.frames, self._settings.hdf5_array, every_frame=every_frame)

    def _bundled(self, task: Task) -> BundledFaces | None:
        annotations = self._settings.annotations
        return None if annotations is None else BundledFaces(*annotations, task.presentation)

    def _cutter_between(self, task: Task) -> FaceCutter:
        """Crops the face from the frames that the recipe does not keep; annotations are not compared with these."""
        bundled = self._bundled(task) if self._settings.faces.detector == GIVEN else None
        return FaceCutter(self._tracker_between, self._settings.faces, bundled)

    def _write_layers(self, task: Task, making: Making) -> None:
        for layer, values in making.values.items():
            if values:
                self._write(task, layer, values)

    def _write(
        self, task: Task, layer: str, values: list[tuple[int, bytes]], meta: dict[str, Any] | None = None
    ) -> None:
        codec = self._settings.faces.codec if layer == RGB else MAP_CODEC
        extension = layer_extension(LAYERS[layer], codec)
        self._store.write_shard(layer, task.presentation.video_id, values, meta or {}, extension)


def _between(cutter: FaceCutter, frame: Frame) -> SeenFrame:
    """A frame that the recipe does not keep, as makers see it."""
    _, face, image = cutter.cut(frame)
    return SeenFrame(frame.number, frame.time, False, face, image)


def _outcome(task: Task, frames: int, faces: int, missing: list[str]) -> Outcome:
    """The outcome of a task whose faces are stored; a failure if it gave no value of a layer."""
    if not missing:
        return Outcome(task, frames, faces)
    reason = f"no value of layer {' and '.join(missing)} in any of {faces} frames"
    return Outcome(task, frames, faces, reason, "its faces are stored; check the video", missing[0])


def _rgb_meta(task: Task, records: list[dict[str, Any]]) -> dict[str, Any]:
    facts = asdict(task.presentation)
    del facts["video_id"]  # the store's own
    return {**facts, "records": records}


_worker: Worker | None = None


def start_process(settings: WorkerSettings) -> None:
    """Prepares a worker process."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent lets running tasks finish and stops
    begin_worker()
    _worker = Worker(settings)


def work_in_process(task: Task) -> Outcome:
    """Runs a task in a process prepared by `start_process`; a bug in fas becomes a failure with its traceback."""
    assert _worker is not None
    try:
        return _worker.work(task)
    except FasError:
        raise
    except Exception as error:
        return Outcome(task, 0, 0, f"internal error: {error!r}", traceback.format_exc())
