"""`fas simulate oulu`: creates a simulated OULU-NPU tree from face photographs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from fas.cli.options import examples
from fas.errors import FasError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "simulate oulu --out oulu",
    "simulate oulu --out oulu --phones 1,2 --seconds 1 --protocol 1",
    "simulate oulu --out oulu --faces portraits --resolution 1080x1920",
)

_DATASETS = ("oulu",)


@app.command(epilog=EXAMPLES)
def simulate(
    dataset: Annotated[str, typer.Argument(help="Layout of the tree: oulu.")],
    out: Annotated[Path, typer.Option(help="Folder of the tree. If it holds an unfinished tree, that is completed.")],
    faces: Annotated[
        Path | None,
        typer.Option(help="Folder of portraits, one per person. By default the photographs in installed packages."),
    ] = None,
    subjects: Annotated[
        int | None, typer.Option(help="Number of subjects, 1 to 55. By default all people in the photographs.")
    ] = None,
    phones: Annotated[str, typer.Option(help="Which of the phones 1 to 6, such as 1,2 or 1-3.")] = "1-6",
    sessions: Annotated[str, typer.Option(help="Which of the sessions 1 to 3.")] = "1-3",
    protocol: Annotated[
        str | None,
        typer.Option(help="Leave out the videos that are in no split of this protocol of OULU-NPU: 1, 2, 3 or 4."),
    ] = None,
    fold: Annotated[int | None, typer.Option(help="Fold of protocol 3 or 4, 1 to 6: the phone of its test.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of each video in seconds.")] = 1.6,
    fps: Annotated[int, typer.Option(help="Frames per second; OULU-NPU has 30.")] = 15,
    resolution: Annotated[
        str, typer.Option(help="Width x height, upright; full quality is 1080x1920, as in OULU-NPU.")
    ] = "540x960",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. By default one per core.")] = None,
) -> None:
    """Create a simulated OULU-NPU tree from face photographs: bona fide videos, prints and replays of each subject.

    Its layout is OULU-NPU's, so that every other command can read it.
    Results on it are not results on OULU-NPU.
    """
    if dataset not in _DATASETS:
        raise FasError(f"there is no simulation of {dataset!r}", remedy=f"choose one of: {', '.join(_DATASETS)}")
    from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
    from fas.processes import default_workers
    from fas.simulation.oulu import simulate_oulu
    from fas.simulation.photos import find_people, packaged_photos, photos_in
    from fas.simulation.protocols import SPLITS, subject_numbers
    from fas.simulation.record import PACKAGES, Settings

    if not math.isfinite(seconds):
        raise FasError(f"a video cannot be {seconds} seconds long", remedy="such as --seconds 1.6")
    settings = Settings(
        phones=_numbers("--phones", phones),
        sessions=_numbers("--sessions", sessions),
        frames=round(seconds * fps),
        fps=fps,
        size=_size(resolution),
        seed=seed,
        protocol=protocol,
        fold=fold,
    )
    if subjects is not None:
        subject_numbers(subjects)  # refuses an impossible number before photographs are read
    paths = packaged_photos() if faces is None else photos_in(faces)
    people = find_people(paths, MediaPipeDetector(), MediaPipeMesh(), subjects)
    source = PACKAGES if faces is None else str(faces)
    tree = simulate_oulu(out, people, source, settings, workers or default_workers())

    print(f"simulated OULU-NPU layout: {tree.root}")
    print(f"videos: {tree.made} created, {tree.kept} already there")
    if protocol is not None:
        print(f"left out: {tree.left_out} videos that protocol {protocol} does not use")
    for split, numbers in SPLITS.items():
        cast = [f"{key} ({photo})" for key, photo in tree.subjects.items() if int(key) in numbers]
        print(f"{split}: {', '.join(cast) or 'none'}")
    print("This tree is simulated: no number measured on it is a result on OULU-NPU.")


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """`1,3-5` -> (1, 3, 4, 5)."""
    numbers: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            numbers += range(int(first), int(last or first) + 1)
    except ValueError as error:
        raise FasError(f"{option} {text!r} is not a list of numbers", remedy=f"such as {option} 1,3-5") from error
    return tuple(numbers)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise FasError(f"{text!r} is not a resolution", remedy="such as --resolution 540x960")
    return int(width), int(height)
