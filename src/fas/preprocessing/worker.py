"""The work on one presentation, inside one worker process."""

from __future__ import annotations

import io
import signal
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.datasets.annotations import AnnotationError
from fas.datasets.recipe import Recipe
from fas.errors import FasError, FasWarning
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.faces.tracking import FaceTracker
from fas.maps.reflection import ReflectionEstimator, make_estimator
from fas.preprocessing.acquire import FaceCrop, acquire_faces
from fas.preprocessing.bundled import BundledFaces
from fas.preprocessing.compute_maps import compute_maps
from fas.preprocessing.decode import MediaError, read_frames
from fas.preprocessing.plan import Task
from fas.preprocessing.settings import MESH, REFLECTION, RGB, FaceSettings, MapSettings
from fas.processes import begin_worker
from fas.store.codec import codec_extension, decode_image, encode_image
from fas.store.store import Store

MAP_CODEC = "png"
MESH_EXTENSION = "npy"


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Everything that a worker process needs to begin; sent to it once.

    Attributes:
        store: The store's folder.
        faces: How faces are found and cut.
        maps: The wanted maps.
        weights: A folder with model weights, instead of the download.
        hdf5_array: Where HDF5 files have their frames.
        annotations: The dataset and its root, if its own face annotations are to be taken or compared.
    """

    store: Path
    faces: FaceSettings
    maps: MapSettings
    weights: Path | None = None
    hdf5_array: str = ""
    annotations: tuple[Recipe, Path] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task.

    Attributes:
        task: The task.
        frames: Frames looked at.
        faces: Frames in which the face was found.
        failure: Why nothing was stored, in one line; None on success.
        detail: More about the failure: the remedy, or the traceback of an error of ours.
        notes: Warnings about a presentation that was stored all the same.
    """

    task: Task
    frames: int
    faces: int
    failure: str | None = None
    detail: str | None = None
    notes: tuple[str, ...] = ()


class Worker:
    """Does tasks one after another; detector, mesh model and estimator are loaded when first needed.

    Args:
        settings: What to do with every task.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._store = Store.open(settings.store)

    @cached_property
    def _tracker(self) -> FaceTracker:
        weights = self._settings.weights
        return FaceTracker(make_detector(self._settings.faces.detector, weights), make_mesh_model(weights))

    @cached_property
    def _estimator(self) -> ReflectionEstimator:
        return make_estimator(self._settings.maps.reflection_estimator, self._settings.maps.reflection_weights)

    def work(self, task: Task) -> Outcome:
        """Does one task and never raises for what is wrong with its media.

        Raises:
            FasError: The store cannot be written or weights are missing: no other task would fare better.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FasWarning)
            outcome = self._acquire(task) if task.faces else self._add_maps(task)
        for warning in caught:
            if not issubclass(warning.category, FasWarning):  # of another package: not for the summary, and not lost
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        notes = tuple(str(warning.message) for warning in caught if issubclass(warning.category, FasWarning))
        return Outcome(task, outcome.frames, outcome.faces, outcome.failure, outcome.detail, notes)

    def _acquire(self, task: Task) -> Outcome:
        records: list[dict[str, Any]] = []
        shards = _Shards()
        annotations = self._settings.annotations
        bundled = None if annotations is None else BundledFaces(*annotations, task.presentation)
        try:
            frames = read_frames(task.source, self._settings.faces.frames, self._settings.hdf5_array)
            for record, crop in acquire_faces(frames, self._tracker, self._settings.faces, bundled):
                records.append(record)
                if crop is not None:
                    self._add_crop(task, shards, record["frame"], crop)
        except (MediaError, AnnotationError) as error:
            return Outcome(task, len(records), 0, error.cause, error.remedy)
        if bundled is not None and self._settings.faces.detector != GIVEN:
            bundled.report()
        faces = len(shards.frames.get(RGB, []))
        if not faces:
            reason = f"no face in any of {len(records)} frames"
            return Outcome(task, len(records), 0, reason, "look at the video; another detector may find the face")
        shards.write(self._store, task.presentation.video_id, _rgb_meta(task, records), self._settings.faces.codec)
        return Outcome(task, len(records), faces)

    def _add_crop(self, task: Task, shards: _Shards, number: int, crop: FaceCrop) -> None:
        codec = self._settings.faces.codec
        encoded = encode_image(crop.image, codec)
        shards.add(MESH, number, mesh_to_bytes(crop.mesh))
        shards.add(RGB, number, encoded)
        # Maps are computed from what is stored, so that a map added later equals one made in the same pass.
        lossy = codec_extension(codec) == "jpg"
        stored = FaceCrop(decode_image(encoded), crop.mesh) if lossy else crop
        self._add_maps_of(task, shards, number, stored)

    def _add_maps_of(self, task: Task, shards: _Shards, number: int, crop: FaceCrop) -> None:
        if not task.maps:
            return
        estimator = self._estimator if REFLECTION in task.maps else None
        for layer, values in compute_maps(crop, task.maps, self._settings.maps.size, estimator).items():
            shards.add(layer, number, encode_image(values, MAP_CODEC))

    def _add_maps(self, task: Task) -> Outcome:
        try:
            crops = list(self._stored_crops(task.presentation.video_id))
        except FasError as error:  # a damaged shard fails its own presentation only
            return Outcome(task, 0, 0, error.cause, error.remedy)
        shards = _Shards()
        for number, crop in crops:
            self._add_maps_of(task, shards, number, crop)
        shards.write(self._store, task.presentation.video_id, {}, MAP_CODEC)
        return Outcome(task, len(crops), len(crops))

    def _stored_crops(self, video_id: str) -> Iterator[tuple[int, FaceCrop]]:
        meshes = self._store.read_shard(MESH, video_id)
        images = self._store.read_shard(RGB, video_id)
        for number in images.frames.tolist():
            yield number, FaceCrop(decode_image(images.read(number)), mesh_from_bytes(meshes.read(number)))


class _Shards:
    """The encoded frames of one presentation by layer, in the order in which layers were first added."""

    def __init__(self) -> None:
        self.frames: dict[str, list[tuple[int, bytes]]] = {}

    def add(self, layer: str, number: int, encoded: bytes) -> None:
        self.frames.setdefault(layer, []).append((number, encoded))

    def write(self, store: Store, video_id: str, rgb_meta: dict[str, Any], codec: str) -> None:
        extensions = {MESH: MESH_EXTENSION, RGB: codec_extension(codec)}
        for layer, frames in self.frames.items():
            meta = rgb_meta if layer == RGB else {}
            store.write_shard(layer, video_id, frames, meta, extensions.get(layer, MAP_CODEC))


def mesh_to_bytes(mesh: NDArray[np.float32]) -> bytes:
    """Serialises a mesh as an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, mesh.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()


def mesh_from_bytes(data: bytes) -> NDArray[np.float32]:
    """Reads what `mesh_to_bytes` wrote; never unpickles."""
    mesh: NDArray[np.float32] = np.load(io.BytesIO(data), allow_pickle=False)
    return mesh


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
    """Runs a task in a process prepared by `start_process`; an error of ours becomes a failure with its traceback."""
    assert _worker is not None
    try:
        return _worker.work(task)
    except FasError:
        raise
    except Exception as error:
        return Outcome(task, 0, 0, f"internal error: {error!r}", traceback.format_exc())
