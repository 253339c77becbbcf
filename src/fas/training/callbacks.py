"""What happens beside the training: checkpoints, and what the user sees."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch import Tensor

from fas.progress import progress_bar


class BestCheckpoint(ModelCheckpoint):
    """Keeps the epoch with the lowest value, of equals the latest.

    Error rates of few dev presentations are coarse, so that many epochs tie; the latest of them has learned longest.
    """

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Whether an epoch replaces the one that is kept."""
        better = super().check_monitor_top_k(trainer, current)
        return better or (current is not None and current == self.best_model_score)


def checkpoints(folder: Path, monitor: str) -> list[Callback]:
    """Writes `best.ckpt` by a dev metric, the lower the better, and `last.ckpt` after every epoch.

    The test split plays no part in either. `last.ckpt` comes second, so that it knows the best so far.
    """
    best = BestCheckpoint(folder, "best", monitor=monitor, mode="min", enable_version_counter=False)
    last = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    return [best, last]


class Progress(Callback):
    """One bar over the whole training or scoring (on a terminal), and a line for every epoch (in a log file too)."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._advance: Any = None
        self._loss: Tensor | float = 0.0
        self._start = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the bar: all batches of the epochs that are left."""
        if trainer.is_global_zero:
            assert trainer.max_epochs is not None  # build_trainer sees to it
            every = trainer.check_val_every_n_epoch or 1
            batches = trainer.num_training_batches + sum(trainer.num_val_batches) / every
            left = round((trainer.max_epochs - trainer.current_epoch) * batches)
            self._advance = self._stack.enter_context(progress_bar("fit", left, "batch"))

    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the bar: all batches of all loaders."""
        self._advance = self._stack.enter_context(progress_bar("score", int(sum(trainer.num_predict_batches)), "batch"))

    def on_predict_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Counts a batch."""
        self._count()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begins to count time and loss."""
        self._start = time.monotonic()
        self._loss = 0.0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts a batch."""
        self._loss = self._loss + outputs["loss"].detach()  # no float(): it would wait for the GPU
        self._count()

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Counts a batch."""
        self._count()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the epoch's mean loss, and prints its line: losses, and the dev split's errors."""
        loss = float(self._loss) / trainer.num_training_batches
        pl_module.log("train/loss_epoch", loss, sync_dist=True)
        if not trainer.is_global_zero:
            return
        logged = trainer.callback_metrics
        parts = [f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}", f"train loss {loss:.4g}"]
        parts += [f"dev loss {logged['dev/loss']:.4g}"] if "dev/loss" in logged else []
        parts += [
            f"dev {name.upper()} {100 * logged[f'dev/{name}']:.2f} %"
            for name in ("eer", "acer")
            if f"dev/{name}" in logged
        ]
        print(*parts, f"{time.monotonic() - self._start:.0f} s", sep="   ", flush=True)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Takes the bar away, however the training ended."""
        self._stack.close()
        self._advance = None

    def _count(self) -> None:
        if self._advance is not None:
            self._advance(1)
