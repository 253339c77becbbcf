"""Support vector machines by scikit-learn, with hyper-parameters chosen by folds that keep people apart."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fas.errors import FasError, FasWarning
from fas.methods.fitted import LinearDecision, RbfDecision, Standardised, TrainingTable

Kernel = Literal["linear", "rbf"]

_FOLDS = 3


class Grid(NamedTuple):
    """Values to choose from.

    Attributes:
        c: Penalties of errors.
        gamma: Widths of the RBF kernel; not read for a linear kernel.
        samples: At most so many feature vectors are used to choose; the fit itself uses all.
    """

    c: Sequence[float]
    gamma: Sequence[float]
    samples: int


class SvmDecision(nn.Module):
    """Standardisation and decision function of a fitted SVM.

    Args:
        kernel: `linear` or `rbf`.
    """

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.kernel = kernel
        self.standardised = Standardised()
        self.decision: LinearDecision | RbfDecision = LinearDecision() if kernel == "linear" else RbfDecision()

    def forward(self, features: Tensor) -> Tensor:
        """`(B, D)` float64 to `(B,)` float64, positive for bona fide."""
        decision: Tensor = self.decision(self.standardised(features))
        return decision

    def fit(self, features: NDArray[np.float64], table: TrainingTable, grid: Grid, seed: int) -> dict[str, Any]:
        """Standardises, chooses C (and gamma) by cross-validation over subjects, and fits to everything.

        Args:
            features: `(N, D)`.
            table: Labels and subjects.
            grid: The values to choose from.
            seed: Seed of the solver and of the draw for the choice.

        Returns:
            The chosen values, with the balanced accuracy in cross-validation and on the training features themselves.

        Raises:
            FasError: A class is missing, or a feature is not finite.

        Warns:
            FasWarning: There are too few subjects to choose by cross-validation; the middle of the grid is used.
        """
        from sklearn.preprocessing import StandardScaler

        if not np.isfinite(features).all():
            raise FasError("a feature is not finite", remedy="look at the crops of the training split")
        if len(np.unique(table.label)) < 2:
            raise FasError("the training features are of one class only", remedy="check the protocol")
        scaler = StandardScaler().fit(features)
        scaled = scaler.transform(features)
        chosen, accuracy = _choose(self.kernel, scaled, table, grid, seed)
        model = _make(self.kernel, chosen, seed).fit(scaled, table.label)
        self._take(scaler, model, chosen)
        right = model.predict(scaled) == table.label
        fit_accuracy = float(np.mean([right[table.label == label].mean() for label in (0, 1)]))
        return {
            **chosen,
            "samples": len(features),
            "dimensions": features.shape[1],
            **({"support_vectors": len(model.support_)} if self.kernel == "rbf" else {}),
            "cross_validation_accuracy": accuracy,
            "training_accuracy": round(fit_accuracy, 4),
        }

    def _take(self, scaler: Any, model: Any, chosen: dict[str, float]) -> None:
        """Keeps the state of scikit-learn's objects as arrays."""
        device = self.standardised.mean.device

        def array(values: Any) -> Tensor:
            return torch.from_numpy(np.array(values, dtype=np.float64)).to(device)

        self.standardised.mean, self.standardised.scale = array(scaler.mean_), array(scaler.scale_)
        if isinstance(self.decision, LinearDecision):
            self.decision.weight = array(model.coef_[0])
            self.decision.bias = array(float(model.intercept_[0]))
        else:
            self.decision.support = array(model.support_vectors_)
            self.decision.dual = array(model.dual_coef_[0])
            self.decision.intercept = array(float(model.intercept_[0]))
            self.decision.gamma = array(chosen["gamma"])


def _make(kernel: Kernel, chosen: dict[str, float], seed: int) -> Any:
    from sklearn.svm import SVC, LinearSVC

    if kernel == "linear":
        return LinearSVC(C=chosen["C"], dual=False, class_weight="balanced", random_state=seed, max_iter=10_000)
    return SVC(C=chosen["C"], gamma=chosen["gamma"], kernel="rbf", class_weight="balanced")


def _choose(
    kernel: Kernel, features: NDArray[np.float64], table: TrainingTable, grid: Grid, seed: int
) -> tuple[dict[str, float], float | None]:
    """The values with the best mean balanced accuracy; if tied, those with the strongest regularisation."""
    from sklearn.model_selection import GridSearchCV

    values = {"C": sorted(grid.c)} | ({"gamma": sorted(grid.gamma)} if kernel == "rbf" else {})
    if all(len(one) == 1 for one in values.values()):
        return {name: one[0] for name, one in values.items()}, None
    rows = np.arange(len(features))
    if len(rows) > grid.samples:
        rows = np.sort(np.random.default_rng(seed).choice(rows, grid.samples, replace=False))
    folds = _folds(table.label[rows], table.subject[rows], seed)
    if len(folds) < 2:
        middle = {name: one[len(one) // 2] for name, one in values.items()}
        message = (
            f"too few subjects with bona fide or with attack samples for cross-validation: C"
            f"{' and gamma' * (kernel == 'rbf')} are the middle of the grid instead of chosen: {middle}"
        )
        warnings.warn(FasWarning(message), stacklevel=4)
        return middle, None
    search = GridSearchCV(
        _make(kernel, {name: one[0] for name, one in values.items()}, seed),
        values,
        scoring="balanced_accuracy",
        cv=folds,
        refit=False,
        error_score="raise",
    )
    search.fit(features[rows], table.label[rows])
    return {name: float(value) for name, value in search.best_params_.items()}, round(float(search.best_score_), 4)


def _folds(
    labels: NDArray[np.int64], subjects: NDArray[np.object_], seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows to fit and rows of other subjects to check; only folds that have both classes in both."""
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(_FOLDS, *(len(set(subjects[labels == label].tolist())) for label in (0, 1)))
    if count < 2:
        return []
    splits = StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(labels, labels, subjects)
    # Where a subject has one class only, as in datasets whose attacks show other people, a fold may lack the other.
    return [(fit, check) for fit, check in splits if all(len(np.unique(labels[part])) == 2 for part in (fit, check))]
