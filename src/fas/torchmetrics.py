"""The metrics of `fas.metrics` as torchmetrics classes, for any Lightning module to log.

    self.acer = ACER(threshold=0.5)                       # in __init__
    self.acer.update(score, label, species)               # in validation_step
    self.log("val/acer", self.acer)                       # computed at the end of the epoch, over all processes

The scores themselves are the state: a rate of the worst species, an EER or an AUC cannot be combined from those of
batches or processes. Under DDP the states of all processes are gathered and concatenated, and `fas.metrics` computes
once. A distributed sampler repeats samples until every process has as many; those count twice here, as they do in every
torchmetrics class (`torch.utils.data.DistributedSampler(drop_last=True)`, or a sampler that does not pad, avoids it).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from fas.metrics import SpeciesScores

__all__ = ["ACER", "APCER", "AUC", "BPCER", "EER"]


class _ScoreMetric(Metric, ABC):
    """A metric of all presentations seen since the last reset."""

    full_state_update = False
    is_differentiable = False
    _scores: list[Tensor] | Tensor
    _labels: list[Tensor] | Tensor
    _species: list[Tensor] | Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name in ("_scores", "_labels", "_species"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, score: Tensor, label: Tensor, species: Tensor | None = None) -> None:
        """Adds a batch of presentations.

        Args:
            score: `(B,)`, high = bona fide; not nan. It is kept as float32.
            label: `(B,)`, 1 = bona fide, 0 = attack.
            species: `(B,)` whole numbers that tell PAI species apart; those of bona fide presentations are not read.
                Without it all attacks are of one species.

        Raises:
            ValueError: The shapes differ or are not `(B,)`.
        """
        species = torch.zeros_like(label) if species is None else species
        if not score.shape == label.shape == species.shape or score.ndim != 1:
            raise ValueError(f"score, label and species differ: {score.shape}, {label.shape}, {species.shape}")
        self._append(score, label, species)

    def compute(self) -> Tensor:
        """The metric as a float32 scalar; nan where a class did not occur, as in Lightning's sanity check.

        Raises:
            ValueError: A score is nan or a label is neither 0 nor 1.
        """
        self._append()
        states = (self._scores, self._labels, self._species)
        score, label, species = (dim_zero_cat(state).cpu().numpy() for state in states)
        if not (np.any(label == 0) and np.any(label == 1)):
            return torch.tensor(float("nan"), device=self.device)
        names = np.array([str(code) for code in species.tolist()], dtype=object)
        scores = SpeciesScores.from_presentations(score.astype(np.float64), label, names)
        return torch.tensor(self._value(scores), dtype=torch.float32, device=self.device)

    def sync(self, *arguments: Any, **settings: Any) -> None:
        """Gathers the states of all processes; one that saw no batch contributes empty states.

        torchmetrics skips an empty list silently; the other processes then wait forever or get the wrong data.
        """
        self._append()
        super().sync(*arguments, **settings)

    def _append(self, *batch: Tensor) -> None:
        """Adds a batch, or nothing, to the states, with the same types in all processes."""
        values = batch or (torch.zeros(0, device=self.device),) * 3
        types = (torch.float32, torch.float32, torch.int64)  # a label of 0.7 must not become 0
        for state, one, dtype in zip((self._scores, self._labels, self._species), values, types, strict=True):
            if isinstance(state, list):  # a tensor once the processes are gathered
                state.append(one.detach().to(dtype))

    @abstractmethod
    def _value(self, scores: SpeciesScores) -> float: ...


class EER(_ScoreMetric):
    """The equal error rate, species pooled; see `fas.metrics.eer`."""

    higher_is_better = False

    def _value(self, scores: SpeciesScores) -> float:
        return scores.curve().eer()


class AUC(_ScoreMetric):
    """The area under the ROC curve, species pooled; see `fas.metrics.auc`."""

    higher_is_better = True

    def _value(self, scores: SpeciesScores) -> float:
        return scores.curve().auc()


class _RateMetric(_ScoreMetric):
    """An error rate at a threshold.

    Args:
        threshold: Accept as bona fide if score >= threshold. It may be changed at any time before `compute`.
        settings: Keyword arguments of `torchmetrics.Metric`.
    """

    higher_is_better = False

    def __init__(self, threshold: float = 0.5, **settings: Any) -> None:
        super().__init__(**settings)
        self.threshold = threshold


class APCER(_RateMetric):
    """APCER of the worst species at a threshold; see `fas.metrics.ErrorRates.apcer`."""

    def _value(self, scores: SpeciesScores) -> float:
        return scores.rates(self.threshold).apcer


class BPCER(_RateMetric):
    """BPCER at a threshold; see `fas.metrics.ErrorRates.bpcer`."""

    def _value(self, scores: SpeciesScores) -> float:
        return scores.rates(self.threshold).bpcer


class ACER(_RateMetric):
    """ACER at a threshold, with the APCER of the worst species; see `fas.metrics.ErrorRates.acer`."""

    def _value(self, scores: SpeciesScores) -> float:
        return scores.rates(self.threshold).acer
