"""What the user sees of a training or a scoring."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from fas.progress import progress_bar


class Progress(Callback):
    """One bar over the whole training or scoring (on a terminal), and a line for every epoch (in a log file too)."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._advance: Any = None
        self._loss: Tensor | float = 0.0
        self._batches = 0
        self._judged = False
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
        self._loss, self._batches, self._judged = 0.0, 0, False

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts a batch."""
        self._loss = self._loss + outputs["loss"].detach()  # no float(): it would wait for the GPU
        self._batches += 1
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

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Notes that the epoch has errors of its own."""
        self._judged = True

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the epoch's mean loss, and prints its line: losses, and the dev split's errors if it was judged."""
        loss = float(self._loss) / self._batches  # not those of a whole epoch: trainer.max_time may cut one short
        pl_module.log("train/loss_epoch", loss, sync_dist=True)
        if not trainer.is_global_zero:
            return
        logged = trainer.callback_metrics if self._judged else {}  # Lightning keeps those of earlier epochs
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
