"""`fas preprocess`: crops the faces of a raw dataset, computes maps and saves both in a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fas.cli.options import examples
from fas.errors import FasError

if TYPE_CHECKING:
    from fas.datasets.index import DatasetIndex
    from fas.preprocessing.run import Summary
    from fas.store.source import Source
    from fas.store.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SOME_FAILED = 1
"""Exit code when presentations failed, although everything else was done."""

EXAMPLES = examples(
    "preprocess oulu --root /data/oulu --depth --reflection",
    "preprocess own.csv --root /data/own --frames even:8",
    "preprocess oulu --part 3/16 --workers 4",
)


@app.command(epilog=EXAMPLES)
def preprocess(
    dataset: Annotated[
        str, typer.Argument(help="A known dataset (see `fas datasets`), a recipe (.yaml) or a manifest (.csv).")
    ],
    root: Annotated[Path | None, typer.Option(help="The raw tree. By default $FAS_DATA/DATASET.")] = None,
    depth: Annotated[bool, typer.Option("--depth", help="Also store pseudo depth maps.")] = False,
    reflection: Annotated[bool, typer.Option("--reflection", help="Also store reflection maps.")] = False,
    frames: Annotated[str | None, typer.Option(help="all, every:N or even:N (N over the whole video).")] = None,
    size: Annotated[int | None, typer.Option(min=16, help="Side of the crop in pixels.")] = None,
    margin: Annotated[float | None, typer.Option(min=0.0, help="Share of the face added on each side.")] = None,
    alignment: Annotated[str | None, typer.Option(help="none (upright), eyes or similarity (five points).")] = None,
    codec: Annotated[str | None, typer.Option(help="png, webp (both lossless) or jpegQUALITY such as jpeg95.")] = None,
    detector: Annotated[str | None, typer.Option(help="mediapipe, insightface, face-alignment or annotations.")] = None,
    rotation: Annotated[str | None, typer.Option(help="metadata, or face: turn frames until it is upright.")] = None,
    check_annotations: Annotated[
        bool, typer.Option("--check-annotations", help="Compare faces with the dataset's own annotations.")
    ] = False,
    weights: Annotated[Path | None, typer.Option(help="A folder with model files, instead of downloads.")] = None,
    map_size: Annotated[int | None, typer.Option(min=8, help="Side of stored maps in pixels; by default 64.")] = None,
    reflection_estimator: Annotated[str | None, typer.Option(help="shape-colour (default), yang or network.")] = None,
    reflection_weights: Annotated[Path | None, typer.Option(help="Weight file of a reflection network.")] = None,
    store: Annotated[Path | None, typer.Option(help="The folder of stores. By default $FAS_STORE.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. By default one per core.")] = None,
    part: Annotated[str, typer.Option(help="I/N: only the I-th of N parts, for several machines.")] = "1/1",
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed presentations again.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Missing or unexpected files are an error.")] = False,
) -> None:
    """Crop the faces of a raw dataset, compute maps and save both in a store.

    It can be stopped at any time: the next run does only what is missing. Layers can be added later. Defaults
    come from the dataset's recipe. Exit code 1: some presentations could not be acquired; all others are stored.
    """
    from fas.datasets.index import index_dataset
    from fas.datasets.loading import load_recipe
    from fas.layers import DEPTH, REFLECTION
    from fas.maps.reflection import DEFAULT_ESTIMATOR
    from fas.paths import dataset_root, store_root
    from fas.preprocessing.decode import FrameSelection
    from fas.preprocessing.pipeline import preprocess as run
    from fas.preprocessing.plan import parse_part
    from fas.preprocessing.settings import DEFAULT_MAP_SIZE, FaceSettings, LayerSettings
    from fas.processes import default_workers

    if not reflection and (reflection_estimator or reflection_weights):
        raise FasError("a reflection estimator is chosen, but no reflection map is wanted", remedy="add --reflection")
    recipe = load_recipe(dataset)
    index = index_dataset(recipe, dataset_root(recipe.name, root), strict=strict)
    crop = recipe.faces
    faces = FaceSettings(
        frames=FrameSelection.parse(frames or crop.frames),
        size=size or crop.size,
        margin=crop.margin if margin is None else margin,
        alignment=alignment or crop.alignment,
        codec=codec or crop.codec,
        detector=detector or crop.detector,
        rotation=rotation or crop.rotation,
    )
    layers = LayerSettings(
        layers=(DEPTH,) * depth + (REFLECTION,) * reflection,
        map_size=map_size or DEFAULT_MAP_SIZE,
        reflection_estimator=reflection_estimator or DEFAULT_ESTIMATOR,
        reflection_weights=reflection_weights,
    )
    source = _source(
        dataset,
        index,
        layers.layers,
        {
            "frames": frames,
            "size": size,
            "margin": margin,
            "alignment": alignment,
            "codec": codec,
            "detector": detector,
            "rotation": rotation,
            "weights": weights,
        },
        {
            "map-size": map_size,
            "reflection-estimator": reflection_estimator,
            "reflection-weights": reflection_weights,
        },
    )
    filled, summary = run(
        index,
        store or store_root(),
        faces,
        layers,
        source,
        weights=weights,
        workers=workers or default_workers(),
        part=parse_part(part),
        retry_failed=retry_failed,
        check_annotations=check_annotations,
    )
    _print_summary(filled, summary, index.simulated)
    if summary.failures:
        raise typer.Exit(SOME_FAILED)


def _source(
    dataset: str,
    index: DatasetIndex,
    layers: tuple[str, ...],
    options: dict[str, str | int | float | Path | None],
    layer_options: dict[str, str | int | Path | None],
) -> Source:
    """The command's arguments, for the store's record.

    Args:
        dataset: A known name, or the path of a file.
        index: The dataset on disk.
        layers: The optional layers of this run.
        options: Options that determine the store's recipe; None if not given.
        layer_options: Options of layers: of one layer if they begin with its name, otherwise of all.
    """
    from fas.datasets.loading import known_recipes
    from fas.layers import LAYERS
    from fas.store.source import Source

    def given(some: dict[str, Any]) -> dict[str, str]:
        return {
            name: str(value.absolute() if isinstance(value, Path) else value)
            for name, value in some.items()
            if value is not None
        }

    owners = {option: option.partition("-")[0] for option in layer_options}
    return Source(
        dataset=dataset if dataset in known_recipes() else str(Path(dataset).absolute()),
        root=str(index.root.absolute()),
        simulated=index.simulated,
        options=given(options),
        layers={
            layer: given({o: v for o, v in layer_options.items() if owners[o] == layer or owners[o] not in LAYERS})
            for layer in layers
        },
    )


def _print_summary(store: Store, summary: Summary, simulated: bool) -> None:
    rate = f", {summary.frames / summary.seconds:.1f} frames/s" if summary.frames else ""
    print(f"done now:      {summary.done} presentations, {summary.faces} faces; {summary.frames} frames seen{rate}")
    print(f"done before:   {summary.complete} presentations")
    if summary.without_face:
        print(f"without face:  {summary.without_face} frames of these (recorded in their presentation's shard)")
    for video_id, notes in sorted(summary.notes.items()):
        print(f"note:          {video_id}: {'; '.join(notes)}")
    total = summary.done + summary.complete + len(summary.failures)
    share = f" of {total} ({len(summary.failures) / total:.1%})" if total else ""
    print(f"failed to acquire: {len(summary.failures)} presentations{share}")
    for reason, videos in summary.by_reason().items():
        print(f"  {len(videos)} x {reason}: {', '.join(videos[:3])}{' ...' if len(videos) > 3 else ''}")
    if summary.failures:
        print(f"  details: {store.path / 'failures.jsonl'}; try again with --retry-failed")
    print(f"store:         {store.path}{'  (SIMULATED data)' if simulated else ''}")
