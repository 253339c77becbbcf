"""Runs any scorer over a data loader with Lightning: on its device, in its precision, with progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from fas.data.batch import Batch
from fas.methods.fitted import FittedMethod
from fas.methods.scorer import Scorer

_IDS = ("label", "presentation", "frame")


class Scoring(pl.LightningModule):
    """Computes the score of every sample of a batch.

    Args:
        scorer: Put into evaluation mode by Lightning.
    """

    def __init__(self, scorer: Scorer) -> None:
        super().__init__()
        self.scorer = scorer
        self.requirements = scorer.requirements

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """`score`, `label`, `presentation` and `frame`, each `(B,)`."""
        return {"score": self.scorer.score(self.scorer(batch["inputs"])), **_ids(batch)}


class Extracting(pl.LightningModule):
    """Computes the features of every sample of a batch.

    Args:
        method: Put into evaluation mode by Lightning.
    """

    def __init__(self, method: FittedMethod) -> None:
        super().__init__()
        self.method = method
        self.requirements = method.requirements

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """`features` `(B, D)`, `label`, `presentation` and `frame`, each `(B,)`.

        Features stay float32 if the method returns them so, since all of them are in memory together.
        """
        features = self.method.extract(batch["inputs"])
        return {"features": features if features.dtype == torch.float64 else features.float(), **_ids(batch)}


def _ids(batch: Batch) -> dict[str, Tensor]:
    return {name: batch[name] for name in _IDS}  # type: ignore[literal-required]


def columns(batches: Sequence[Any] | None) -> dict[str, Any]:
    """The results of all batches of a loader as arrays: name -> `(N, ...)`."""
    assert batches, "a loader that was checked has samples"
    return {name: torch.cat([batch[name] for batch in batches]).cpu().numpy() for name in batches[0]}
