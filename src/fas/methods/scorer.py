"""What every trained method is, however it was trained: something that scores faces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pytorch_lightning.core.mixins.hparams_mixin import HyperparametersMixin
from torch import Tensor, nn

from fas import __version__
from fas.data.batch import Requirements
from fas.errors import FasError


class Scorer(HyperparametersMixin, nn.Module, ABC):
    """A method in use: what `fas test`, `predict` and `report` need, and nothing else.

    A subclass has typed keyword arguments, calls `save_hyperparameters()`, sets `requirements`, and implements
    `forward`, `score` and, where it has them, `maps` and `features`. They all read the outputs of one `forward`. Images
    arrive as float32 RGB in [0, 1]; normalisation belongs to `forward`, so that it travels with the checkpoint.

    Methods that are trained by gradients derive from `fas.methods.base.Method`, those that are fitted from
    `fas.methods.fitted.FittedMethod`.

    Attributes:
        requirements: What it needs of a batch.
        threshold: A presentation is accepted as bona fide if its score is at least this: the EER threshold of the dev
            split, NaN before the first validation. It is kept in the checkpoint as the float64 that it is: a buffer
            would be rounded to the precision of the training.
    """

    name: ClassVar[str]
    """The name of the method's folder; of a part of it, `folder/part`."""

    starting_point: ClassVar[Mapping[str, object]] = {}
    """Hyper-parameters that only choose the weights to start from, with the values that start from none.

    A checkpoint brings its own weights: it is loaded with these values, and needs no download."""

    small: ClassVar[Mapping[str, object]] = {}
    """Hyper-parameters with which the checks of all methods build this one small enough for a second on one core."""

    follows: ClassVar[str] = ""
    """The part whose trained weights this method needs; empty for one that needs no stage before its own.

    `fas fit` refuses it without a stage of that part right before it: it would read an untrained network."""

    requirements: Requirements

    def __init__(self) -> None:
        super().__init__()
        self.threshold = float("nan")

    @abstractmethod
    def forward(self, inputs: Mapping[str, Tensor]) -> Any:
        """Runs the method.

        Args:
            inputs: The layers of `requirements.inputs`, as `fas.data.batch.Batch` describes them.

        Returns:
            Whatever `score`, `maps`, `features` (and the loss) of the same method read.
        """

    @abstractmethod
    def score(self, outputs: Any) -> Tensor:
        """Liveness in [0, 1], higher = more likely bona fide: `(B,)`."""

    def maps(self, outputs: Any) -> dict[str, Tensor]:
        """Predicted maps, `(B, C, h, w)` in [0, 1]; none by default.

        They are named as the stored layers that they are trained on. A map of another name has the score of each place,
        higher = more likely bona fide.
        """
        return {}

    def features(self, outputs: Any) -> dict[str, Tensor]:
        """Feature vectors by their place in the network, `(B, D)`, for pictures of them; none by default."""
        return {}

    def start_from(self, weights: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
        """Takes over the weights of an earlier stage, by their names.

        Args:
            weights: The state dict of that stage's method.

        Returns:
            The names of weights here that it does not have, so that they start as they are; and of its weights that
            have no place here.

        Raises:
            FasError: No weight has the same name, or one has another shape.
        """
        own = self.state_dict()
        shared = {name: value for name, value in weights.items() if name in own}
        if not shared:
            raise FasError(
                f"the stage before has no weights of method {self.name!r}", remedy="check the stages' models"
            )
        if odd := [name for name, value in shared.items() if value.shape != own[name].shape]:
            raise FasError(
                f"weight {odd[0]} of the stage before has shape {tuple(shared[odd[0]].shape)}, here it is "
                f"{tuple(own[odd[0]].shape)}",
                remedy="give both stages the same settings of the shared network",
            )
        self.load_state_dict(shared, strict=False)
        return [name for name in own if name not in shared], [name for name in weights if name not in own]

    def describe_checkpoint(self) -> dict[str, Any]:
        """What a checkpoint says of the method besides weights and hyper-parameters."""
        return {"fas_method": self.name, "fas_version": __version__, "fas_threshold": self.threshold}

    def accept_checkpoint(self, checkpoint: Mapping[str, Any]) -> None:
        """Refuses the checkpoint of another method before its weights are read, and takes over the threshold.

        Raises:
            FasError: The checkpoint is of another method.
        """
        made_by = checkpoint.get("fas_method")
        if made_by != self.name:
            raise FasError(
                f"the checkpoint is of method {made_by!r}, not {self.name!r}",
                remedy="give the experiment that it was trained with",
            )
        self.threshold = float(checkpoint["fas_threshold"])
