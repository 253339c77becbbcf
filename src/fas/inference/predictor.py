"""From a video or an image and a checkpoint to a verdict: the faces are cut as they were for the training."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fas.data.tensors import to_image, to_tensor
from fas.errors import FasError, FasWarning
from fas.evaluation.report.pictures import write_grid
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.faces.tracking import FaceTracker
from fas.methods.checkpoint import load_method, read_checkpoint
from fas.metrics import presentation_scores
from fas.preprocessing.acquire import acquire_faces
from fas.preprocessing.decode import FrameSelection, read_frames
from fas.preprocessing.settings import FaceSettings

Image = NDArray[np.uint8]

PICTURED_FRAMES = 6


@dataclass(slots=True)
class FrameScore:
    """One face, judged.

    Attributes:
        frame: Its number in the video.
        score: Liveness in [0, 1].
        crop: uint8 `(H, W, 3)` RGB.
        maps: Layer -> predicted map, uint8 `(h, w)` or `(h, w, 3)`.
    """

    frame: int
    score: float
    crop: Image
    maps: dict[str, Image]


@dataclass(slots=True)
class Verdict:
    """What a method says of one presentation.

    Attributes:
        path: The video or image.
        threshold: Accepted as bona fide if the score is at least this.
        looked_at: How many frames were looked at.
        faces: The frames with a face, in order; at least one.
    """

    path: Path
    threshold: float
    looked_at: int = 0
    faces: list[FrameScore] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The presentation's score: the mean over its faces, added up as in training and testing."""
        _, scores = presentation_scores(np.zeros(len(self.faces), dtype=np.int64), [face.score for face in self.faces])
        return float(scores[0])

    @property
    def bona_fide(self) -> bool:
        """Whether the presentation is accepted."""
        return self.score >= self.threshold


class Predictor:
    """A checkpoint at work, on one device.

    Args:
        checkpoint: A file that `fas fit` wrote.
        weights: A folder with the face models' files, instead of the download.

    Raises:
        FasError: It is no such file, has no threshold yet, or does not say how its faces were cut.
    """

    def __init__(self, checkpoint: Path, weights: Path | None = None) -> None:
        self.method = load_method(checkpoint)
        self.threshold = self.method.threshold
        if not np.isfinite(self.threshold):
            raise FasError(
                "the checkpoint has no threshold: its training ended before the first validation",
                path=checkpoint,
                remedy="train for at least one epoch",
            )
        self.data = _data_of(checkpoint)
        self._settings = face_settings(self.data["recipe"])
        self._tracker = FaceTracker(make_detector(self._settings.detector, weights), make_mesh_model(weights))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.method.to(self._device)

    @property
    def simulated(self) -> bool:
        """Whether the method was trained on simulated data."""
        return bool(self.data["simulated"])

    def predict(self, path: Path, frames: FrameSelection) -> Verdict:
        """Judges one video or image.

        Args:
            path: The file.
            frames: Which frames of a video are looked at.

        Raises:
            FasError: The file cannot be decoded, or no frame shows a face.
        """
        verdict = Verdict(path, self.threshold)
        for record, crop in acquire_faces(read_frames(path, frames), self._tracker, self._settings):
            verdict.looked_at += 1
            if crop is not None:
                verdict.faces.append(self._judge(record["frame"], crop.image))
        if not verdict.faces:
            raise FasError(
                f"no face in any of {verdict.looked_at} frames",
                path=path,
                remedy="look at the file; --frames all looks at every frame of a video",
            )
        return verdict

    @torch.inference_mode()
    def _judge(self, number: int, crop: Image) -> FrameScore:
        image = to_tensor(crop, self.method.requirements.input_size)[None].to(self._device)
        outputs = self.method(image)
        maps = {layer: to_image(values[0]) for layer, values in self.method.maps(outputs).items()}
        return FrameScore(number, float(self.method.score(outputs)[0]), crop, maps)


def write_picture(path: Path, verdict: Verdict, note: str | None = None) -> None:
    """Writes a PNG: faces spread over the presentation, with the predicted maps below each.

    Args:
        path: The PNG file.
        verdict: What to show.
        note: A line to add above, such as that the method was trained on simulated data.

    Raises:
        FasError: The file cannot be written.
    """
    chosen = FrameSelection("even", PICTURED_FRAMES).wanted(len(verdict.faces))
    faces = [verdict.faces[i] for i in chosen]
    rows = ["face", *(f"{layer}\npredicted" for layer in faces[0].maps)]
    headings = [f"frame {face.frame}\n{face.score:.3f}" for face in faces]
    columns = [[face.crop, *face.maps.values()] for face in faces]
    title = f"{'bona fide' if verdict.bona_fide else 'attack'}: {verdict.score:.3f}, threshold {verdict.threshold:.3f}"
    write_grid(path, rows, headings, columns, f"{title}\n{note}" if note else title)


def _data_of(checkpoint: Path) -> dict[str, Any]:
    data = read_checkpoint(checkpoint).get("FasDataModule")
    if not isinstance(data, dict) or not {"dataset", "simulated", "recipe"} <= data.keys():
        raise FasError(
            "the checkpoint does not say how the faces of its training were cut",
            path=checkpoint,
            remedy="give a checkpoint that `fas fit` wrote with this version",
        )
    return data


def face_settings(recipe: dict[str, Any]) -> FaceSettings:
    """How to cut faces as a store's recipe says; what it does not say, as in older stores, has its default.

    Raises:
        FasError: A setting is missing or impossible.

    Warns:
        FasWarning: The faces came with the dataset, as they do with no other video.
    """
    known = {key.name: recipe[key.name] for key in fields(FaceSettings) if key.name in recipe}
    try:
        settings = FaceSettings(**{**known, "frames": FrameSelection.parse(known["frames"])})
    except (KeyError, TypeError) as error:
        raise FasError(
            f"the checkpoint does not say all of how the faces of its training were cut: {error}",
            remedy="give a checkpoint that `fas fit` wrote with this version",
        ) from error
    if settings.detector != GIVEN:
        return settings
    message = "the training's faces were given by the dataset; here they are found, and may be cut a little differently"
    warnings.warn(FasWarning(message), stacklevel=2)
    return replace(settings, detector="mediapipe")
