"""The LSTM-CNN on clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from fas.data.batch import Batch, Clip, Requirements
from fas.layers import RGB
from fas.methods.base import Method
from fas.methods.xu2015.cnn import AUGMENTATION, SMALL, Dropout, InputSize, Scale
from fas.methods.xu2015.network import FrameCnn, Xu2015Outputs, clip_lstm, last_layer

LossSteps = Literal["last", "mean"]
"""Which steps of the LSTM the loss sees: the last one, or all with their mean."""


class Xu2015(Method):
    """LSTM-CNN (Xu, Li and Deng 2015): a CNN for each frame of a clip, and an LSTM over its features.

    The LSTM starts every clip from zeros. The method's README says which choices are the paper's.

    Args:
        input_size: Side of the input in pixels, a multiple of 8.
        scale: Side of the crop in sides of the tight face box; 1.0, 1.4, 1.8, 2.2 and 2.6 are compared.
        length: Frames of a clip.
        step: Distance between consecutive frames of a clip, in frames of the video.
        channels: Kernels of the CNN's two convolutions.
        width: Values of the CNN's fully connected layer, which the LSTM reads.
        hidden: Values of the LSTM's state.
        dropout: Share of the CNN's features that training sets to zero before the LSTM, drawn for each frame.
        loss: `last` is the cross-entropy after the last frame; `mean` is the mean of those after each frame.
        lr: Constant learning rate of Adam.
    """

    name: ClassVar[str] = "xu2015"
    small: ClassVar[Mapping[str, object]] = {**SMALL, "length": 3, "hidden": 16}

    def __init__(
        self,
        *,
        input_size: InputSize = 128,
        scale: Scale = 1.8,
        length: PositiveInt = 10,
        step: PositiveInt = 3,
        channels: tuple[PositiveInt, PositiveInt] = (48, 96),
        width: PositiveInt = 256,
        hidden: PositiveInt = 256,
        dropout: Dropout = 0.5,
        loss: LossSteps = "last",
        lr: PositiveFloat = 1e-4,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.requirements = Requirements(
            input_size=input_size, clip=Clip(length, step), crop_scale=scale, augmentation=AUGMENTATION
        )
        # The name `cnn` is also that of the first stage's network, whose weights it starts from.
        self.cnn = FrameCnn(input_size=input_size, channels=channels, width=width)
        self.dropout = nn.Dropout(dropout)
        self.lstm = clip_lstm(width, hidden)
        # Not `frame_classifier`: it was trained on the CNN's features, not on the LSTM's.
        self.clip_classifier = last_layer(hidden)
        self.loss_steps = loss
        self.lr = lr

    def forward(self, inputs: Mapping[str, Tensor]) -> Xu2015Outputs:
        """Runs the network on `rgb`, `(B, length, 3, input_size, input_size)` in [0, 1]."""
        clips = inputs[RGB]
        frames = self.cnn(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        states, _ = self.lstm(self.dropout(frames))
        return Xu2015Outputs(self.clip_classifier(states), states)

    def loss(self, outputs: Xu2015Outputs, batch: Batch) -> dict[str, Tensor]:
        """Softmax cross-entropy after the last frame, or the mean of those after each frame."""
        logits = outputs.logits[:, -1:] if self.loss_steps == "last" else outputs.logits
        labels = batch["label"][:, None].expand(logits.shape[:2])
        return {"loss": functional.cross_entropy(logits.flatten(0, 1), labels.flatten())}

    def score(self, outputs: Xu2015Outputs) -> Tensor:
        """The softmax probability of the class bona fide after the last frame: `(B,)`."""
        return outputs.logits[:, -1].float().softmax(dim=1)[:, 1]

    def features(self, outputs: Xu2015Outputs) -> dict[str, Tensor]:
        """The LSTM's output after the last frame: `clip`."""
        return {"clip": outputs.features[:, -1]}

    def configure_optimizers(self) -> Any:
        """Adam with a constant learning rate."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)
