"""The base of all methods that are trained by gradients: logging, scores of the dev split, the threshold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from fas.data.batch import Batch
from fas.methods.dev import evaluate_dev
from fas.methods.scorer import Scorer


class Method(Scorer, pl.LightningModule):
    """A scorer that is trained by gradients.

    A subclass also implements `loss` and `configure_optimizers`. One with several optimisers
    sets `automatic_optimization = False` and writes its own `training_step`, which calls `log_losses`; it may return
    nothing.

    Validation expects a DataModule whose `presentations` has the columns `label` and `attack_type`, one entry per
    presentation code of the batches.

    Attributes:
        last_losses: The parts of the loss at the latest training step, detached, for progress displays.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last_losses: dict[str, Tensor] = {}
        self._dev_scores: list[tuple[Tensor, ...]] = []

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> dict[str, Tensor]:
        """The scalar losses: `loss` is the total that is minimised, the others are logged.

        In validation a batch has no partner.
        """

    def training_step(self, batch: Batch, batch_idx: int) -> Any:
        """One step of training; logs every part of the loss."""
        parts = self.loss(self(batch["inputs"]), batch)
        self.log_losses("train", parts, len(batch["label"]))
        return parts["loss"]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Logs the loss and keeps the scores for the end of the epoch."""
        outputs = self(batch["inputs"])
        self.log_losses("dev", self.loss(outputs, batch), len(batch["label"]))
        self._dev_scores.append((self.score(outputs).float(), batch["presentation"], batch["frame"]))

    def log_losses(self, split: str, parts: Mapping[str, Tensor], batch_size: int) -> None:
        """Logs the parts of a loss as `<split>/<part>`.

        Args:
            split: `train` or `dev`.
            parts: Scalars by name.
            batch_size: Number of samples that they were computed from.
        """
        detached = {part: value.detach() for part, value in parts.items()}
        if split == "train":
            self.last_losses = detached
        self.log_dict(
            {f"{split}/{part}": value for part, value in detached.items()},
            batch_size=batch_size,
            sync_dist=split == "dev",  # in training it would add a collective to every step
        )

    def on_validation_epoch_end(self) -> None:
        """Sets the threshold; logs it and `dev/eer`, `dev/acer` and `dev/auc`, all counted in presentations."""
        columns = [torch.cat(column) for column in zip(*self._dev_scores, strict=True)]
        self._dev_scores.clear()
        if self.trainer.sanity_checking:  # a few batches, perhaps of one class
            return
        if self.trainer.world_size > 1:
            columns = [torch.cat(gather_all_tensors(column)) for column in columns]
        table = self.trainer.datamodule.presentations  # type: ignore[attr-defined]
        score, presentation, frame = (column.cpu().numpy() for column in columns)
        result = evaluate_dev(score, presentation, frame, table)
        self.threshold = result.threshold
        self.log_dict({f"dev/{name}": value for name, value in result._asdict().items()}, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds method, version and threshold."""
        checkpoint.update(self.describe_checkpoint())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """See `Scorer.accept_checkpoint`."""
        self.accept_checkpoint(checkpoint)
