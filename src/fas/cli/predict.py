"""`fas predict`: score videos or images with a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli import completion
from fas.cli.options import examples

app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "fas predict runs/basn/2026-01-31_12-00-00 video.mp4 photo.jpg",
        "fas predict best.ckpt video.mp4 --frames all",
    )
)
def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="A run's folder (its best checkpoint), or a checkpoint.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ],
    media: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Videos or images.", show_default=False)],
    frames: Annotated[
        str | None,
        typer.Option(
            help="Frames of a video: all, every:N or even:N. By default even:16, and all for methods that read clips.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for the pictures.")] = Path("predictions"),
    weights: Annotated[
        Path | None, typer.Option(help="A folder with face model files, instead of downloads.", show_default=False)
    ] = None,
) -> None:
    """Score videos or images with a checkpoint.

    Prints the score (higher is more likely bona fide) and the decision at the checkpoint's threshold, and draws the
    face with the predicted maps. A file that cannot be scored is named; the others are scored, and the exit code is 2.
    """
    from fas.cli.main import USER_ERROR
    from fas.errors import FasError
    from fas.inference.predictor import Predictor, write_picture
    from fas.preprocessing.decode import FrameSelection
    from fas.runs.run import find_checkpoint

    selection = None if frames is None else FrameSelection.parse(frames)
    predictor = Predictor(find_checkpoint(run)[1] if run.is_dir() else run, weights)
    note = "trained on SIMULATED data: says nothing about real attacks" if predictor.simulated else None
    if note:
        typer.echo(f"note: this checkpoint was {note}", err=True)
    failed = False
    for number, path in enumerate(media):
        try:
            decision = predictor.predict(path, selection)
            picture = out / f"{number:03d}_{path.stem}.png"
            write_picture(picture, decision, note)
        except FasError as error:
            typer.echo(f"error: {error}", err=True)
            failed = True
            continue
        label = "bona fide" if decision.bona_fide else "attack"
        clips = f" in {len(decision.samples)} clips" if predictor.scorer.requirements.clip else ""
        typer.echo(
            f"{path}: {label}, score {decision.score:.4f}, threshold {decision.threshold:.4f}, "
            f"{decision.with_face} faces in {decision.looked_at} frames{clips}, {picture}"
        )
    if failed:
        raise typer.Exit(USER_ERROR)
