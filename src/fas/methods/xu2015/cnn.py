"""The CNN alone on single frames: the paper's baseline, and the first stage of the LSTM-CNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from fas.data.batch import Batch, Requirements, TransformSettings
from fas.layers import RGB
from fas.methods.base import Method
from fas.methods.xu2015.network import CNN_STRIDE, FrameCnn, Xu2015Outputs, last_layer

InputSize = Annotated[int, Field(ge=CNN_STRIDE, multiple_of=CNN_STRIDE)]
Scale = Annotated[float, Field(ge=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]

AUGMENTATION: TransformSettings = (
    {"HorizontalFlip": {"p": 0.5}},
    # Removes up to 5 % of each side without resampling, so that training resizes crops as testing does.
    {
        "RandomCropFromBorders": {
            "crop_left": 0.05,
            "crop_right": 0.05,
            "crop_top": 0.05,
            "crop_bottom": 0.05,
            "p": 1.0,
        }
    },
)
"""Mirroring and a jitter of the crop, drawn once for all frames of a clip. Ours."""

SMALL: dict[str, object] = {"input_size": 32, "channels": (8, 8), "width": 16, "lr": 1e-2}
"""Network sizes for the checks."""


class Xu2015Cnn(Method):
    """The CNN of Xu, Li and Deng 2015 on single frames, with a softmax over two classes.

    The method's README says which choices are the paper's.

    Args:
        input_size: Side of the input in pixels, a multiple of 8.
        scale: Side of the crop in sides of the tight face box; 1.0, 1.4, 1.8, 2.2 and 2.6 are compared.
        channels: Kernels of the two convolutions.
        width: Values of the fully connected layer.
        dropout: Share of the features that training sets to zero before the last layer.
        lr: Constant learning rate of Adam.
    """

    name: ClassVar[str] = "xu2015/cnn"
    small: ClassVar[Mapping[str, object]] = SMALL

    def __init__(
        self,
        *,
        input_size: InputSize = 128,
        scale: Scale = 1.8,
        channels: tuple[PositiveInt, PositiveInt] = (48, 96),
        width: PositiveInt = 256,
        dropout: Dropout = 0.5,
        lr: PositiveFloat = 1e-4,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.requirements = Requirements(input_size=input_size, crop_scale=scale, augmentation=AUGMENTATION)
        self.cnn = FrameCnn(input_size=input_size, channels=channels, width=width)
        self.dropout = nn.Dropout(dropout)
        self.frame_classifier = last_layer(width)
        self.lr = lr

    def forward(self, inputs: Mapping[str, Tensor]) -> Xu2015Outputs:
        """Runs the network on `rgb`, `(B, 3, input_size, input_size)` in [0, 1]."""
        features = self.cnn(inputs[RGB])
        return Xu2015Outputs(self.frame_classifier(self.dropout(features)), features)

    def loss(self, outputs: Xu2015Outputs, batch: Batch) -> dict[str, Tensor]:
        """Softmax cross-entropy."""
        return {"loss": functional.cross_entropy(outputs.logits, batch["label"])}

    def score(self, outputs: Xu2015Outputs) -> Tensor:
        """The softmax probability of the class bona fide: `(B,)`."""
        return outputs.logits.float().softmax(dim=1)[:, 1]

    def features(self, outputs: Xu2015Outputs) -> dict[str, Tensor]:
        """The values of the fully connected layer: `frame`."""
        return {"frame": outputs.features}

    def configure_optimizers(self) -> Any:
        """Adam with a constant learning rate."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)
