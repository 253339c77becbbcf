"""Methods without gradients: a scikit-learn model fitted to the features of the training split, its state as arrays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fas.methods.scorer import Scorer


class FittedOutputs(NamedTuple):
    """The result of one forward pass.

    Attributes:
        features: `(B, D)` float64.
        decision: `(B,)` float64: signed, positive for bona fide.
    """

    features: Tensor
    decision: Tensor


class TrainingTable(NamedTuple):
    """Facts on each feature vector that a method is fitted to.

    Attributes:
        label: int64 `(N,)`: 1 bona fide, 0 attack.
        presentation: int64 `(N,)`: code of the presentation.
        subject: str `(N,)`: cross-validation keeps subjects apart by it.
        attack_type: str `(N,)`: PAI species, empty for bona fide.
    """

    label: NDArray[np.int64]
    presentation: NDArray[np.int64]
    subject: NDArray[np.object_]
    attack_type: NDArray[np.object_]


class FittedMethod(Scorer):
    """A scorer that is fitted once instead of trained by steps.

    `fas fit` calls `extract` on one epoch of the training split, then `fit` on all features together. What `fit` learns
    is kept in buffers, whose shapes it may change; a checkpoint holds them as arrays. `decide` runs in torch, so that a
    fitted method scores and exports like any other.
    """

    @abstractmethod
    def extract(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Features of a batch: `(B, D)`, floating."""

    @abstractmethod
    def fit(self, features: NDArray[np.float64], table: TrainingTable, seed: int) -> dict[str, Any]:
        """Fits the model.

        Args:
            features: `(N, D)`, finite.
            table: The facts on each feature vector.
            seed: Seed of all random draws.

        Returns:
            The chosen settings and how well they fit, for the terminal and the run's record; plain JSON.

        Raises:
            FasError: The features do not allow a fit.
        """

    @abstractmethod
    def decide(self, features: Tensor) -> Tensor:
        """The decision function: `(B, D)` float64 to `(B,)` float64, positive for bona fide."""

    def forward(self, inputs: Mapping[str, Tensor]) -> FittedOutputs:
        """Features and decision of a batch."""
        features = self.extract(inputs).double()
        return FittedOutputs(features, self.decide(features))

    def score(self, outputs: FittedOutputs) -> Tensor:
        """`(1 + d / (1 + |d|)) / 2` of the decision d: monotone, and not saturated like a sigmoid. `(B,)`, float64."""
        decision = outputs.decision
        return (1 + decision / (1 + decision.abs())) / 2

    def features(self, outputs: FittedOutputs) -> dict[str, Tensor]:
        """The features that the decision is based on."""
        return {"features": outputs.features}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Loads weights and fitted arrays; buffers take the shapes that `fit` gave them."""
        for path, module in self.named_modules():
            for name, buffer in module.named_buffers(recurse=False):
                given = state_dict.get(f"{path}.{name}" if path else name)
                if isinstance(given, Tensor) and given.shape != buffer.shape:
                    setattr(module, name, buffer.new_empty(given.shape))
        return super().load_state_dict(state_dict, strict, assign)


class Standardised(nn.Module):
    """`(x - mean) / scale` with the mean and deviation of the training features; both are empty before the fit."""

    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(0, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """`(B, D)` to `(B, D)`, float64.

        Raises:
            ValueError: There is no fit yet, or it had another number of features.
        """
        if features.shape[1] != len(self.mean):  # a single value would be broadcast
            raise ValueError(f"{features.shape[1]} features, but the fit had {len(self.mean)}")
        return (features - self.mean) / self.scale


class LinearDecision(nn.Module):
    """`x w + b`: the decision function of a linear SVM, of LDA or of logistic regression."""

    weight: Tensor
    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros((), dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """`(B, D)` to `(B,)`, float64."""
        return features @ self.weight + self.bias


class RbfDecision(nn.Module):
    """`sum_i a_i exp(-gamma |x - s_i|^2) + b` over support vectors s: the decision function of an RBF SVM."""

    support: Tensor
    dual: Tensor
    intercept: Tensor
    gamma: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("support", torch.zeros((0, 0), dtype=torch.float64))
        self.register_buffer("dual", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("intercept", torch.zeros((), dtype=torch.float64))
        self.register_buffer("gamma", torch.ones((), dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """`(B, D)` to `(B,)`, float64."""
        squares = features.square().sum(1, keepdim=True) + self.support.square().sum(1)
        distances = (squares - 2 * features @ self.support.T).clamp(min=0)
        return torch.exp(-self.gamma * distances) @ self.dual + self.intercept
