"""`fas predict`: score videos or images with a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def predict(
    media: Annotated[list[Path], typer.Argument(help="Videos or images.", show_default=False)],
    ckpt: Annotated[Path, typer.Option(help="RUN/checkpoints/best.ckpt, or the folder RUN.", show_default=False)],
    frames: Annotated[str, typer.Option(help="Frames of a video: all, every:N or even:N.")] = "even:16",
    out: Annotated[Path, typer.Option(help="The folder for the pictures.")] = Path("predictions"),
    weights: Annotated[Path | None, typer.Option(help="A folder with face model files, instead of downloads.")] = None,
) -> None:
    """Score videos or images with a checkpoint.

    Prints the score (higher is more likely bona fide) and the decision at the checkpoint's threshold, and draws the
    face with the predicted maps. A file that cannot be judged is named; the others go on, and the exit code is 2.
    """
    from fas.cli.main import USER_ERROR
    from fas.errors import FasError
    from fas.inference.predictor import Predictor, write_picture
    from fas.preprocessing.decode import FrameSelection
    from fas.runs.run import find_checkpoint

    selection = FrameSelection.parse(frames)
    predictor = Predictor(find_checkpoint(ckpt)[1] if ckpt.is_dir() else ckpt, weights)
    note = "trained on SIMULATED data: no statement about real attacks" if predictor.simulated else None
    if note:
        typer.echo(f"note: this checkpoint was {note}", err=True)
    failed = False
    for number, path in enumerate(media):
        try:
            verdict = predictor.predict(path, selection)
            picture = out / f"{number:03d}_{path.stem}.png"
            write_picture(picture, verdict, note)
        except FasError as error:
            typer.echo(f"error: {error}", err=True)
            failed = True
            continue
        decision = "bona fide" if verdict.bona_fide else "attack"
        typer.echo(
            f"{path}: {decision}, score {verdict.score:.4f}, threshold {verdict.threshold:.4f}, "
            f"{len(verdict.faces)} faces in {verdict.looked_at} frames, {picture}"
        )
    if failed:
        raise typer.Exit(USER_ERROR)
