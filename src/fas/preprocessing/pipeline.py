"""The pipeline of `fas preprocess`: from an indexed dataset to a filled store."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from fas import __version__
from fas.datasets.index import DatasetIndex
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.errors import FasError
from fas.faces.backends import DETECTORS, make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.preprocessing.layers import make_makers
from fas.preprocessing.plan import make_plan
from fas.preprocessing.run import Summary, run_plan
from fas.preprocessing.settings import FACE_LAYERS, FaceSettings, LayerSettings
from fas.preprocessing.worker import WorkerSettings
from fas.store.source import Source
from fas.store.store import Store


def preprocess(
    index: DatasetIndex,
    store_root: Path,
    faces: FaceSettings,
    layers: LayerSettings,
    source: Source,
    *,
    weights: Path | None = None,
    workers: int,
    part: tuple[int, int] = (1, 1),
    retry_failed: bool = False,
    check_annotations: bool = False,
) -> tuple[Store, Summary]:
    """Fills the store of a dataset and a recipe with everything that is missing.

    Args:
        index: The dataset as found on disk.
        store_root: The folder of all stores.
        faces: How faces are found and cut.
        layers: The requested optional layers.
        source: The arguments of the command, to be recorded in the store.
        weights: A folder with the detector's and the mesh model's weights, instead of the download.
        workers: How many processes.
        part: The `(i, n)`-th part of the dataset, 1-based, for several machines.
        retry_failed: Try failed presentations again, even if their media have not changed.
        check_annotations: Compare every face with the dataset's own annotations, and note where they differ.

    Raises:
        FasError: Weights are missing, the store cannot be written, it holds layers made with other settings, or the
            dataset has no annotations.
    """
    with_annotations = check_annotations or faces.detector == GIVEN
    if with_annotations:
        _check_annotated(index.recipe, faces)
    store = open_store(index, store_root, faces, weights)
    declare_layers(store, layers)
    store.write_source(source)
    plan = make_plan(store, index.root, _part(index.presentations, part), layers.layers, retry_failed=retry_failed)
    annotations = (index.recipe, index.root) if with_annotations else None
    settings = WorkerSettings(store.path, faces, layers, weights, index.recipe.hdf5_array, annotations)
    return store, run_plan(store, plan, settings, max(1, min(workers, len(plan.tasks))))


def _check_annotated(recipe: Recipe, faces: FaceSettings) -> None:
    if recipe.annotations is None:
        remedy = f"choose another detector: {', '.join(DETECTORS)}"
        raise FasError(f"{recipe.title} has no face annotations", remedy=remedy)
    if faces.rotation == "face":
        remedy = "give --rotation metadata, or leave out --check-annotations and --detector annotations"
        raise FasError("annotations do not fit frames that are rotated by the face", remedy=remedy)


def open_store(index: DatasetIndex, store_root: Path, faces: FaceSettings, weights: Path | None) -> Store:
    """Opens the store of a dataset and a recipe, or creates it."""
    identities = {
        "detector_identity": make_detector(faces.detector, weights).identity,
        "mesh_identity": make_mesh_model(weights).identity,
    }
    tools = {"fas": __version__} | {tool: version(tool) for tool in ("av", "opencv-python-headless", "numpy", "scipy")}
    return Store.create(store_root, str(index.name), faces.recipe(identities), tools, simulated=index.simulated)


def declare_layers(store: Store, layers: LayerSettings) -> None:
    """Records the settings of each layer, and creates each maker once, so that errors come before the work.

    Raises:
        FasError: The store has such a layer with other settings; or weights of a maker are missing.
    """
    for layer in FACE_LAYERS:
        store.declare_layer(layer, {})  # its settings are in the recipe
    for layer, maker in make_makers(layers.layers, layers).items():
        store.declare_layer(layer, maker.settings)


def _part(presentations: Sequence[Presentation], part: tuple[int, int]) -> Sequence[Presentation]:
    number, count = part
    return presentations[number - 1 :: count]
