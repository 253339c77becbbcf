"""What every method shares: logging, scores of the dev split, the threshold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from fas.data.batch import Batch, Requirements
from fas.errors import FasError
from fas.labels import ATTACK, BONA_FIDE
from fas.metrics import ErrorCurve, error_rates, presentation_scores


class Method(pl.LightningModule, ABC):
    """A method under training or in use.

    A subclass has typed keyword arguments, calls `save_hyperparameters()`, sets `requirements`, and implements
    `forward`, `loss`, `score`, `configure_optimizers` and, where it has them, `maps` and `features`. They all read the
    outputs of one `forward`, so that validation does not run the network twice. Images arrive as float32 RGB in
    [0, 1]; normalisation belongs to `forward`, so that it runs on the GPU and travels with the checkpoint.

    Validation expects a DataModule whose `presentations` has the columns `label` and `attack_type`, one entry per
    presentation code of the batches.

    Attributes:
        threshold: A presentation is accepted as bona fide if its score is at least this: the dev split's EER threshold
            of the last validation, NaN before the first. It travels in the checkpoint, as the float64 that it is: a
            buffer would be rounded to the precision of the training.
    """

    name: ClassVar[str]
    """The name of the method's folder."""

    starting_point: ClassVar[Mapping[str, object]] = {}
    """Hyper-parameters that only choose the weights to start from, with the values that start from none.

    A checkpoint brings its own weights: it is loaded with these values, and needs no download."""

    requirements: Requirements

    def __init__(self) -> None:
        super().__init__()
        self.threshold = float("nan")
        self._dev_scores: list[tuple[Tensor, ...]] = []

    @abstractmethod
    def forward(self, image: Tensor) -> Any:
        """Runs the network.

        Args:
            image: `(B, 3, H, W)`, or `(B, T, 3, H, W)` for clips; float32 RGB in [0, 1].

        Returns:
            Whatever `loss`, `score`, `maps` and `features` of the same method read.
        """

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> dict[str, Tensor]:
        """The scalar losses: `loss` is the total that is minimised, the others are logged."""

    @abstractmethod
    def score(self, outputs: Any) -> Tensor:
        """Liveness in [0, 1], higher = more likely bona fide: `(B,)`."""

    def maps(self, outputs: Any) -> dict[str, Tensor]:
        """Predicted maps, `(B, C, h, w)` in [0, 1]; none by default.

        They are named as the stored layers that they are trained on. A map of another name has the score of each place,
        higher = more likely bona fide.
        """
        return {}

    def features(self, outputs: Any) -> dict[str, Tensor]:
        """Feature vectors by their place in the network, `(B, D)`, for pictures of them; none by default."""
        return {}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One step of training; logs every part of the loss."""
        return self._logged_loss("train", self(batch["image"]), batch)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Logs the loss and keeps the scores for the end of the epoch."""
        outputs = self(batch["image"])
        self._logged_loss("dev", outputs, batch)
        self._dev_scores.append((self.score(outputs).float(), batch["presentation"], batch["frame"]))

    def on_validation_epoch_end(self) -> None:
        """Sets the threshold; logs it and `dev/eer`, `dev/acer` and `dev/auc`, all counted in presentations."""
        score, presentation, frame = (torch.cat(column) for column in zip(*self._dev_scores, strict=True))
        self._dev_scores.clear()
        if self.trainer.sanity_checking:  # a few batches, perhaps of one class
            return
        if self.trainer.world_size > 1:
            score, presentation, frame = (torch.cat(gather_all_tensors(c)) for c in (score, presentation, frame))
        if not score.isfinite().all():
            raise FasError("training diverged: the dev split's scores are not finite", remedy="lower the learning rate")
        once = first_of_each_frame(presentation.cpu().numpy(), frame.cpu().numpy())
        codes, scores = presentation_scores(presentation.cpu().numpy()[once], score.cpu().numpy()[once])
        table = self.trainer.datamodule.presentations  # type: ignore[attr-defined]
        labels, species = np.asarray(table["label"])[codes], np.asarray(table["attack_type"])[codes]
        attacks, bona_fide = scores[labels == ATTACK], scores[labels == BONA_FIDE]
        if len(attacks) == 0 or len(bona_fide) == 0:
            raise FasError(
                f"the dev split has {len(bona_fide)} bona fide and {len(attacks)} attack presentations",
                remedy="both are needed to find a threshold; check the protocol and the limits on validation batches",
            )
        curve = ErrorCurve.from_scores(attacks, bona_fide)
        self.threshold = curve.eer_threshold()
        rates = error_rates(scores, labels, species, self.threshold)
        values = {"dev/eer": curve.eer(), "dev/acer": rates.acer, "dev/auc": curve.auc()}
        self.log_dict({**values, "dev/threshold": self.threshold}, sync_dist=True)

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Scores a batch: `score`, `label`, `presentation` and `frame`, each `(B,)`."""
        score = self.score(self(batch["image"]))
        ids = {"label": batch["label"], "presentation": batch["presentation"], "frame": batch["frame"]}
        return {"score": score, **ids}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Names the method, so that a checkpoint can say whose it is, and adds the threshold."""
        checkpoint["fas_method"] = self.name
        checkpoint["fas_threshold"] = self.threshold

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses the checkpoint of another method before its weights are read, and takes over the threshold."""
        made_by = checkpoint.get("fas_method")
        if made_by != self.name:
            raise FasError(
                f"the checkpoint is of method {made_by!r}, not {self.name!r}",
                remedy="give the experiment that it was trained with",
            )
        in_weights = checkpoint["state_dict"].pop("threshold", None)  # where checkpoints had it at first, as float32
        self.threshold = float(checkpoint["fas_threshold"] if in_weights is None else in_weights)

    def _logged_loss(self, split: str, outputs: Any, batch: Batch) -> Tensor:
        parts = self.loss(outputs, batch)
        self.log_dict(
            {f"{split}/{part}": value.detach() for part, value in parts.items()},
            batch_size=len(batch["label"]),
            sync_dist=split == "dev",  # in training it would add a collective to every step
        )
        return parts["loss"]


def first_of_each_frame(presentation: NDArray[np.integer], frame: NDArray[np.integer]) -> NDArray[np.intp]:
    """Positions that hold every frame once.

    With several processes a sampler may repeat samples until every rank has as many; repetitions must not count.

    Args:
        presentation: `(N,)` integer codes, N > 0.
        frame: `(N,)` frame numbers.

    Returns:
        At most N positions, ordered by presentation and frame.
    """
    order = np.lexsort((frame, presentation))
    repeated = (np.diff(presentation[order]) == 0) & (np.diff(frame[order]) == 0)
    positions: NDArray[np.intp] = order[np.append(True, ~repeated)]
    return positions
