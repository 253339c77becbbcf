"""The interface of every trained method, however it was trained: it scores faces."""

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
    """A method in use: exactly the interface that `fas test`, `predict` and `report` need.

    A subclass has typed keyword arguments, calls `save_hyperparameters()`, sets `requirements`, and implements
    `forward`, `score` and, where it has them, `maps` and `features`. They all read the outputs of one `forward`. Images
    arrive as float32 RGB in [0, 1]; normalisation belongs to `forward`, so that it travels with the checkpoint.

    Methods that are trained by gradients derive from `fas.methods.base.Method`, those that are fitted from
    `fas.methods.fitted.FittedMethod`.

    Attributes:
        requirements: The layers and samples that the method needs.
        threshold: A presentation is accepted as bona fide if its score is at least this: the EER threshold of the dev
            split, NaN before the first validation. It is kept in the checkpoint as the float64 that it is: a buffer
            would be rounded to the precision of the training.
    """

    name: ClassVar[str]
    """The name of the method's folder; of a part of it, `folder/part`."""

    starting_point: ClassVar[Mapping[str, object]] = {}
    """Hyper-parameters that only choose initial weights, with the values that load none.

    A checkpoint has its own weights: it is loaded with these values and needs no download."""

    small: ClassVar[Mapping[str, object]] = {}
    """Hyper-parameters for the checks of all methods: so small that a check takes a second on one core."""

    follows: ClassVar[str] = ""
    """The part whose trained weights this method needs; empty if it needs no earlier stage.

    `fas fit` rejects it without a stage of that part right before it, since it would read an untrained network."""

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
            The outputs that `score`, `maps`, `features` (and the loss) of the same method read.
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
        """Feature vectors by their place in the network, `(B, D)`, for plots; none by default."""
        return {}

    def start_from(self, weights: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
        """Copies the weights of an earlier stage, by name.

        Args:
            weights: The state dict of that stage's method.

        Returns:
            The names of weights here that it does not have, which keep their values; and of its weights that
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
        """What a checkpoint records of the method in addition to weights and hyper-parameters."""
        return {"fas_method": self.name, "fas_version": __version__, "fas_threshold": self.threshold}

    def accept_checkpoint(self, checkpoint: Mapping[str, Any]) -> None:
        """Rejects the checkpoint of another method before its weights are read, and restores the threshold.

        Raises:
            FasError: The checkpoint belongs to another method.
        """
        made_by = checkpoint.get("fas_method")
        if made_by != self.name:
            raise FasError(
                f"the checkpoint belongs to method {made_by!r}, not {self.name!r}",
                remedy="give the experiment that it was trained with",
            )
        self.threshold = float(checkpoint["fas_threshold"])
