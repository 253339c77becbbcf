"""The second stage: a linear SVM on the features of the trained network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from fas.layers import RGB
from fas.methods.fitted import FittedMethod, TrainingTable
from fas.methods.svm import Grid, SvmDecision
from fas.methods.yang2014.cnn import SMALL
from fas.methods.yang2014.inputs import Frames, input_requirements, stacked
from fas.methods.yang2014.network import AlexNet, Groups, Yang2014Outputs

Feature = Literal["fc7", "pool5"]

PENALTIES = tuple(2.0**exponent for exponent in range(-10, 11))
"""The values of C that a re-implementation chooses from."""


class Yang2014(FittedMethod):
    """CNN and SVM (Yang, Lei and Li 2014): a linear SVM on the features of a trained `yang2014/cnn`, which stays fixed.

    Args:
        scale: Side of the crop in sides of the tight face box: 1.0, 1.4, 1.8, 2.2 or 2.6 in the paper.
        frames: Frames of one sample: 1, or 3 that are stacked along the channels.
        channels: Kernels of the network's five convolutions.
        hidden: Values of the network's two hidden fully connected layers.
        groups: Parts that convolutions 2, 4 and 5 are cut into: 1, or AlexNet's 2.
        feature: What the SVM reads: `fc7`, the last hidden layer, or `pool5`, the last pooling.
        c: Penalties of errors to choose from, by cross-validation over the training subjects.
        choice_samples: At most so many samples are used to choose; the fit itself uses all.
    """

    name: ClassVar[str] = "yang2014"
    follows: ClassVar[str] = "yang2014/cnn"
    small: ClassVar[Mapping[str, object]] = {**SMALL, "c": (0.01, 1.0)}

    def __init__(
        self,
        *,
        scale: Annotated[float, Field(ge=1)] = 1.8,
        frames: Frames = 1,
        channels: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (96, 256, 384, 384, 256),
        hidden: PositiveInt = 4096,
        groups: Groups = 1,
        feature: Feature = "fc7",
        c: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = PENALTIES,
        choice_samples: PositiveInt = 5000,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        # The SVM weights the classes; balancing them by sampling would only drop frames.
        self.requirements = input_requirements(scale, frames, "all")
        self.network = AlexNet(frames=frames, channels=channels, hidden=hidden, groups=groups).requires_grad_(False)
        self.svm = SvmDecision("linear")
        self.feature = feature
        self.grid = Grid(c, (), choice_samples)

    def extract(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The network's `feature`, `(B, D)`, for `rgb`, `(B, 3, 128, 128)` or `(B, 3, 3, 128, 128)` in [0, 1]."""
        outputs: Yang2014Outputs = self.network(stacked(inputs[RGB]))
        return outputs.fc7 if self.feature == "fc7" else outputs.pool5

    def fit(self, features: NDArray[np.float64], table: TrainingTable, seed: int) -> dict[str, Any]:
        """Standardises the features and fits the SVM; see `fas.methods.svm`."""
        return self.svm.fit(features, table, self.grid, seed)

    def decide(self, features: Tensor) -> Tensor:
        """Signed distance to the SVM's plane, in units of its margin: `(B,)`, positive for bona fide."""
        decision: Tensor = self.svm(features)
        return decision
