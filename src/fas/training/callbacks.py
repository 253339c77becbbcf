"""Progress output of training and scoring."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from fas.methods.base import Method
from fas.progress import Advance, progress_bar

_NOTE_SECONDS = 1.0
"""How often the loss is shown, since reading it waits for the GPU."""


class Progress(Callback):
    """One bar for the whole training or scoring (on a terminal), and a line for every epoch (also in a log file).

    Args:
        what: Text of the bar in scoring.
    """

    def __init__(self, what: str = "score") -> None:
        self._what = what
        self._stack = ExitStack()
        self._advance: Advance | None = None
        self._losses: dict[str, Tensor] = {}
        self._batches = 0
        self._frames = 1
        self._validated = False
        self._start = self._noted = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the bar: all frames of the epochs that are left."""
        if trainer.is_global_zero:
            assert trainer.max_epochs is not None  # build_trainer sees to it
            every = trainer.check_val_every_n_epoch or 1
            train = _samples(trainer.train_dataloader, trainer.num_training_batches)
            dev = sum(_samples(trainer.val_dataloaders, number) for number in trainer.num_val_batches) / every
            epochs = _epochs_left(trainer)
            self._frames = _frames_per_sample(pl_module)
            left = round(epochs * train + int(epochs) * dev) * self._frames  # no dev after a part of an epoch
            self._advance = self._stack.enter_context(progress_bar("fit", left, "frame"))

    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the bar: all frames of all loaders."""
        samples = sum(_samples(trainer.predict_dataloaders, number) for number in trainer.num_predict_batches)
        self._frames = _frames_per_sample(pl_module)
        self._advance = self._stack.enter_context(progress_bar(self._what, int(samples) * self._frames, "frame"))

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
        self._count(batch)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts counting time and losses."""
        self._start = time.monotonic()
        self._losses, self._batches, self._validated = {}, 0, False

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts a batch."""
        assert isinstance(pl_module, Method)
        for part, value in pl_module.last_losses.items():  # no float(): it would wait for the GPU
            self._losses[part] = self._losses[part] + value if part in self._losses else value
        self._batches += 1
        self._count(batch, pl_module.last_losses)

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
        self._count(batch)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Notes that the epoch was validated."""
        self._validated = True

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Logs the epoch's mean losses, and prints its line: losses, and the dev split's errors if it was evaluated."""
        # The mean over the batches there were: trainer.max_time may cut an epoch short.
        means = {part: float(value) / self._batches for part, value in self._losses.items()}
        for part, value in means.items():
            pl_module.log(f"train/{part}_epoch", value, sync_dist=True)
        if not trainer.is_global_zero:
            return
        shown = {"loss": means["loss"]} if "loss" in means else means
        logged = trainer.callback_metrics if self._validated else {}  # Lightning keeps those of earlier epochs
        parts = [f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"]
        parts += [f"train {part} {value:.4g}" for part, value in shown.items()]
        parts += [f"dev loss {logged['dev/loss']:.4g}"] if "dev/loss" in logged else []
        parts += [
            f"dev {name.upper()} {100 * logged[f'dev/{name}']:.2f} %"
            for name in ("eer", "acer")
            if f"dev/{name}" in logged
        ]
        print(*parts, f"{time.monotonic() - self._start:.0f} s", sep="   ", flush=True)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Removes the bar, however the training ended."""
        self._stack.close()
        self._advance = None

    def _count(self, batch: Any, losses: dict[str, Tensor] | None = None) -> None:
        if self._advance is None:
            return
        note = None
        if losses and time.monotonic() - self._noted >= _NOTE_SECONDS:
            self._noted = time.monotonic()
            name = "loss" if "loss" in losses else next(iter(losses))
            note = f"{name} {float(losses[name]):.4g}"
        self._advance(len(batch["label"]) * self._frames, note)


def _frames_per_sample(module: pl.LightningModule) -> int:
    requirements = getattr(module, "requirements", None)
    return 1 if requirements is None or requirements.clip is None else int(requirements.clip.length)


def _epochs_left(trainer: pl.Trainer) -> float:
    """Epochs until the trainer's limit, of epochs or of optimiser steps; the last may be a part of one."""
    assert trainer.max_epochs is not None
    epochs = float(trainer.max_epochs - trainer.current_epoch)
    if trainer.max_steps < 0:
        return epochs
    batches = (trainer.max_steps - trainer.global_step) * trainer.accumulate_grad_batches
    return max(0.0, min(epochs, batches / max(1, trainer.num_training_batches)))


def _samples(loader: Any, batches: float) -> float:
    """The number of samples in a number of batches of a loader."""
    if not isinstance(loader, DataLoader) or not batches:
        return 0
    # For predicting, Lightning hides size and sampler in a batch sampler of its own.
    size = getattr(loader.batch_sampler, "batch_size", None) or 1
    sampler = getattr(loader.batch_sampler, "sampler", loader.sampler)
    try:
        return min(len(sampler), batches * size)  # type: ignore[arg-type]
    except TypeError:  # a loader of a test or of a stream
        return batches * size
