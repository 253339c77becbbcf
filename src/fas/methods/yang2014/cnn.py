"""The first stage: the network as a classifier, trained by stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional

from fas.data.batch import Batch
from fas.layers import RGB
from fas.methods.base import Method
from fas.methods.yang2014.inputs import Frames, input_requirements, stacked
from fas.methods.yang2014.network import AlexNet, Groups, Yang2014Outputs

SMALL: dict[str, object] = {"channels": (4, 8, 8, 8, 8), "hidden": 16}
"""Network sizes for the checks."""


class Yang2014Cnn(Method):
    """The CNN of Yang, Lei and Li 2014: softmax over two classes. Its features are what the SVM of `yang2014` reads.

    The training mean that is subtracted from the input is the mean of all images of the first epoch, pixel by pixel;
    within that epoch, of those so far.

    Args:
        scale: Side of the crop in sides of the tight face box: 1.0, 1.4, 1.8, 2.2 or 2.6 in the paper.
        frames: Frames of one sample: 1, or 3 that are stacked along the channels.
        channels: Kernels of the five convolutions (AlexNet).
        hidden: Values of the two hidden fully connected layers (AlexNet).
        groups: Parts that convolutions 2, 4 and 5 are cut into: 1, or AlexNet's 2.
        lr: Learning rate of the first `lr_step` steps; a re-implementation's.
        lr_step: The learning rate falls to a tenth every so many steps; a re-implementation's, for batches of 128.
        momentum: Momentum of SGD; a re-implementation's.
        weight_decay: Weight decay of SGD; a re-implementation's.
    """

    name: ClassVar[str] = "yang2014/cnn"
    small: ClassVar[Mapping[str, object]] = SMALL

    def __init__(
        self,
        *,
        scale: Annotated[float, Field(ge=1)] = 1.8,
        frames: Frames = 1,
        channels: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (96, 256, 384, 384, 256),
        hidden: PositiveInt = 4096,
        groups: Groups = 1,
        lr: PositiveFloat = 1e-3,
        lr_step: PositiveInt = 20_000,
        momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9,
        weight_decay: NonNegativeFloat = 0.01,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.requirements = input_requirements(scale, frames, "balanced", [{"HorizontalFlip": {"p": 0.5}}])
        self.network = AlexNet(frames=frames, channels=channels, hidden=hidden, groups=groups)
        self.lr = lr
        self.lr_step = lr_step
        self.momentum = momentum
        self.weight_decay = weight_decay

    def training_step(self, batch: Batch, batch_idx: int) -> Any:
        """One step of training; those of the first epoch also gather the training mean."""
        if self.current_epoch == 0:
            images = stacked(batch["inputs"][RGB])
            # Every process must subtract the same: the mean over all of them.
            mean: Any = self.trainer.strategy.reduce(images.mean(dim=0), reduce_op="mean")
            self.network.add_to_mean(mean, len(images) * self.trainer.world_size)
        return super().training_step(batch, batch_idx)

    def forward(self, inputs: Mapping[str, Tensor]) -> Yang2014Outputs:
        """Runs the network on `rgb`, `(B, 3, 128, 128)` or `(B, 3, 3, 128, 128)` in [0, 1]."""
        outputs: Yang2014Outputs = self.network(stacked(inputs[RGB]))
        return outputs

    def loss(self, outputs: Yang2014Outputs, batch: Batch) -> dict[str, Tensor]:
        """Softmax cross-entropy."""
        return {"loss": functional.cross_entropy(outputs.logits, batch["label"])}

    def score(self, outputs: Yang2014Outputs) -> Tensor:
        """The softmax probability of the class bona fide: `(B,)`."""
        return outputs.logits.float().softmax(dim=1)[:, 1]

    def features(self, outputs: Yang2014Outputs) -> dict[str, Tensor]:
        """`pool5` and `fc7`."""
        return {"pool5": outputs.pool5, "fc7": outputs.fc7}

    def configure_optimizers(self) -> Any:
        """SGD with momentum, whose learning rate falls to a tenth every `lr_step` steps."""
        optimizer = torch.optim.SGD(
            self.parameters(), lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, self.lr_step, gamma=0.1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
