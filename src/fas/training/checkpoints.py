"""The checkpoints of a run: the best epoch and the last, each written completely or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch import Tensor

from fas.methods.checkpoint import save_checkpoint


class RunCheckpoint(ModelCheckpoint):
    """Keeps the epoch with the lowest value, the latest if tied; the run's folder may be moved before it is resumed.

    Error rates of few dev presentations are coarse, so many epochs tie; the latest of them has trained longest.
    """

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Whether an epoch replaces the one that is kept."""
        better = super().check_monitor_top_k(trainer, current)
        return better or (current is not None and current == self.best_model_score)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best value so far, which Lightning forgets in another folder: any epoch would replace it."""

        def here(path: str) -> str:
            return str(Path(str(self.dirpath)) / Path(path).name) if path else path

        moved: dict[str, Any] = {
            key: here(state_dict[key]) for key in ("best_model_path", "kth_best_model_path", "last_model_path")
        }
        moved["best_k_models"] = {here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})


def checkpoints(folder: Path, monitor: str) -> list[Callback]:
    """Writes `best.ckpt` by a dev metric, the lower the better, and `last.ckpt` after every epoch.

    The test split plays no part in either. `best.ckpt` is chosen right after a validation, so that an epoch that was
    cut short (by `trainer.max_time`) is not compared by the metric of an earlier one. `last.ckpt` comes second, so that
    it knows the best so far.
    """
    best = RunCheckpoint(
        folder, "best", monitor=monitor, mode="min", save_on_train_epoch_end=False, enable_version_counter=False
    )
    last = RunCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    return [best, last]


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint to a temporary file next to it, then renames that.

    Lightning's own writing copies it from the system's temporary folder. Between file systems, as on most clusters,
    that is not a single step: a killed run or a full disk would leave half a checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Writes a checkpoint.

        Raises:
            FasError: The system refuses, for example because the disk is full. An existing checkpoint stays.
        """
        save_checkpoint(Path(path), checkpoint)
