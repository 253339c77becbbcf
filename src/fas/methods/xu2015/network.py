"""The networks: a CNN for one frame, and an LSTM that reads the CNN's features of the frames of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

CNN_STRIDE = 8
"""Pixels of the input per place of the CNN's last feature map: a stride of 2 and two poolings."""


class Xu2015Outputs(NamedTuple):
    """The result of one forward pass.

    Attributes:
        logits: Attack, bona fide: `(B, 2)` of single frames; `(B, T, 2)` of clips, after each of their frames.
        features: The input of the last layer, before dropout: `(B, D)` of single frames; `(B, T, D)` of clips.
    """

    logits: Tensor
    features: Tensor


class FrameCnn(nn.Module):
    """Two convolutions and a fully connected layer, each with ReLU.

    Args:
        input_size: Side of the input in pixels, a multiple of 8.
        channels: Kernels of the two convolutions.
        width: Values of the fully connected layer.
    """

    def __init__(self, *, input_size: int, channels: Sequence[int], width: int) -> None:
        super().__init__()
        one, two = channels
        side = input_size // CNN_STRIDE
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, one, 7, stride=2, padding=3),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(one, two, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.fc = nn.Linear(two * side**2, width)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """`(B, 3, input_size, input_size)` RGB in [0, 1] to features that are not negative, `(B, width)`."""
        found: Tensor = self.fc(self.convolutions(2 * image - 1).flatten(1)).relu()
        return found


def clip_lstm(width: int, hidden: int) -> nn.LSTM:
    """An LSTM of one layer over `(B, T, width)`: Xavier's initialisation for each gate, forget gates open (bias 1).

    With biases of zero a forget gate starts at 1/2: of the first of ten frames 1/512 would be left at the last step,
    where the loss is (Jozefowicz et al. 2015, "An Empirical Exploration of Recurrent Network Architectures").
    """
    lstm = nn.LSTM(width, hidden, batch_first=True)
    for name, parameter in lstm.named_parameters():
        for place, gate in enumerate(parameter.detach().chunk(4)):  # torch's order: input, forget, cell, output
            if gate.dim() == 2:
                nn.init.xavier_uniform_(gate)
            else:
                nn.init.constant_(gate, float(name.startswith("bias_ih") and place == 1))
    return lstm


def last_layer(width: int) -> nn.Linear:
    """A fully connected layer to the two classes, attack and bona fide, by Xavier's initialisation."""
    layer = nn.Linear(width, 2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
