"""From a video or an image and a checkpoint to a decision; faces are cropped as they were for training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fas.data.clips import clip_starts, separate_starts
from fas.data.crops import crop_share
from fas.data.dataset import input_tensors
from fas.data.tensors import to_image
from fas.errors import FasError, FasWarning
from fas.evaluation.report.pictures import write_grid
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.faces.tracking import FaceTracker
from fas.layers import MESH, RGB
from fas.methods.checkpoint import DATA_KEY, load_scorer, read_checkpoint
from fas.metrics import presentation_scores
from fas.preprocessing.acquire import FaceCrop, acquire_faces
from fas.preprocessing.decode import FrameSelection, read_frames
from fas.preprocessing.settings import FaceSettings

Image = NDArray[np.uint8]

PICTURED_FRAMES = 6

_BATCH = 8
_COMPUTED = frozenset({RGB, MESH})
"""Layers that come with every face crop."""


@dataclass(slots=True)
class SampleScore:
    """One frame or clip with its score.

    Attributes:
        frame: Number of its first frame in the video.
        score: Liveness in [0, 1].
        crop: uint8 `(H, W, 3)` RGB of the first frame.
        maps: Layer -> predicted map, uint8 `(h, w)` or `(h, w, 3)`.
    """

    frame: int
    score: float
    crop: Image
    maps: dict[str, Image]


@dataclass(slots=True)
class Decision:
    """A method's decision about one presentation.

    Attributes:
        path: The video or image.
        threshold: Accepted as bona fide if the score is at least this.
        looked_at: The number of frames that were examined.
        with_face: The number of them that show a face.
        samples: The scored frames or clips, in order; at least one.
    """

    path: Path
    threshold: float
    looked_at: int = 0
    with_face: int = 0
    samples: list[SampleScore] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The presentation's score: the mean over its samples, added up as in training and testing."""
        codes = np.zeros(len(self.samples), dtype=np.int64)
        _, scores = presentation_scores(codes, [sample.score for sample in self.samples])
        return float(scores[0])

    @property
    def bona_fide(self) -> bool:
        """Whether the presentation is accepted."""
        return self.score >= self.threshold


class Predictor:
    """A checkpoint in use, on one device.

    Args:
        checkpoint: A file that `fas fit` wrote.
        weights: A folder with the face models' files, instead of the download.

    Raises:
        FasError: It is not such a file, has no threshold yet, has no record of its crops, or needs layers that
            are not computed here.
    """

    def __init__(self, checkpoint: Path, weights: Path | None = None) -> None:
        self.scorer = load_scorer(checkpoint)
        self.threshold = self.scorer.threshold
        if not np.isfinite(self.threshold):
            raise FasError(
                "the checkpoint has no threshold: its training ended before the first validation",
                path=checkpoint,
                remedy="train for at least one epoch on a protocol with a dev split",
            )
        if further := [layer for layer in self.scorer.requirements.inputs if layer not in _COMPUTED]:
            raise FasError(f"method {self.scorer.name!r} reads the layer {further[0]!r}, which is not computed here")
        self.data = _data_of(checkpoint)
        self._settings = face_settings(self.data["recipe"])
        self._share = crop_share(self.data["recipe"], self.scorer.requirements.crop_scale)
        self._tracker = FaceTracker(make_detector(self._settings.detector, weights), make_mesh_model(weights))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.scorer.to(self._device)

    @property
    def simulated(self) -> bool:
        """Whether the method was trained on simulated data."""
        return bool(self.data["simulated"])

    @property
    def default_frames(self) -> FrameSelection:
        """The default selection of frames: some for single frames, all for clips."""
        return FrameSelection("all") if self.scorer.requirements.clip else FrameSelection("even", 16)

    def predict(self, path: Path, frames: FrameSelection | None = None) -> Decision:
        """Decides about one video or image.

        Args:
            path: The file.
            frames: Which frames of a video are looked at; None uses `default_frames`.

        Raises:
            FasError: The file cannot be decoded, no frame shows a face, or there is no whole clip.
        """
        decision = Decision(path, self.threshold)
        numbers: list[int] = []
        crops: list[FaceCrop] = []
        selection = frames or self.default_frames
        for record, crop in acquire_faces(read_frames(path, selection), self._tracker, self._settings):
            decision.looked_at += 1
            if crop is not None:
                numbers.append(record["frame"])
                crops.append(crop)
        decision.with_face = len(crops)
        if not crops:
            raise FasError(
                f"no face in any of {decision.looked_at} frames",
                path=path,
                remedy="check the file; --frames all searches every frame of a video",
            )
        samples = self._cut(path, numbers)
        for first in range(0, len(samples), _BATCH):
            decision.samples += self._score(samples[first : first + _BATCH], numbers, crops)
        return decision

    def _cut(self, path: Path, numbers: Sequence[int]) -> list[list[int]]:
        """Places of the frames of each sample: of single frames, or of clips as in testing."""
        clip = self.scorer.requirements.clip
        if clip is None:
            return [[place] for place in range(len(numbers))]
        frames, codes = np.array(numbers), np.zeros(len(numbers), dtype=np.int64)
        starts = separate_starts(clip_starts(codes, frames, clip), codes, frames, clip)
        if not len(starts):
            raise FasError(
                f"no {clip.length} frames with a face at a distance of {clip.step} without a gap",
                path=path,
                remedy="the method needs clips: give a longer video, or --frames all",
            )
        wanted = frames[starts][:, None] + np.arange(clip.length) * clip.step
        places: list[list[int]] = np.searchsorted(frames, wanted).tolist()
        return places

    @torch.inference_mode()
    def _score(
        self, samples: Sequence[Sequence[int]], numbers: Sequence[int], crops: Sequence[FaceCrop]
    ) -> list[SampleScore]:
        requirements = self.scorer.requirements
        tensors = [
            input_tensors(
                {RGB: [crops[place].image for place in sample], MESH: [crops[place].mesh for place in sample]},
                requirements,
                self._share,
            )
            for sample in samples
        ]
        inputs = {layer: torch.stack([one[layer] for one in tensors]).to(self._device) for layer in tensors[0]}
        outputs = self.scorer(inputs)
        scores, maps = self.scorer.score(outputs).tolist(), self.scorer.maps(outputs)
        return [
            SampleScore(
                numbers[sample[0]],
                scores[place],
                crops[sample[0]].image,
                {layer: to_image(values[place]) for layer, values in maps.items()},
            )
            for place, sample in enumerate(samples)
        ]


def write_picture(path: Path, decision: Decision, note: str | None = None) -> None:
    """Writes a PNG: faces spread over the presentation, with the predicted maps below each.

    Args:
        path: The PNG file.
        decision: What to show.
        note: A line to add above, such as that the method was trained on simulated data.

    Raises:
        FasError: The file cannot be written.
    """
    chosen = FrameSelection("even", PICTURED_FRAMES).wanted(len(decision.samples))
    samples = [decision.samples[i] for i in chosen]
    rows = ["face", *(f"{layer}\npredicted" for layer in samples[0].maps)]
    headings = [f"frame {sample.frame}\n{sample.score:.3f}" for sample in samples]
    columns = [[sample.crop, *sample.maps.values()] for sample in samples]
    label = "bona fide" if decision.bona_fide else "attack"
    title = f"{label}: {decision.score:.3f}, threshold {decision.threshold:.3f}"
    write_grid(path, rows, headings, columns, f"{title}\n{note}" if note else title)


def _data_of(checkpoint: Path) -> dict[str, Any]:
    data = read_checkpoint(checkpoint).get(DATA_KEY)
    if not isinstance(data, dict) or not {"dataset", "simulated", "recipe"} <= data.keys():
        raise FasError(
            "the checkpoint does not record how its training faces were cropped",
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
            f"the checkpoint's record of how its training faces were cropped is incomplete: {error}",
            remedy="give a checkpoint that `fas fit` wrote with this version",
        ) from error
    if settings.detector != GIVEN:
        return settings
    message = "the training faces came with the dataset; here they are detected, so crops may differ a little"
    warnings.warn(FasWarning(message), stacklevel=2)
    return replace(settings, detector="mediapipe")
