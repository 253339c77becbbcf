"""The network: AlexNet (Krizhevsky et al. 2012) for images of 128 pixels and two classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from fas.errors import FasError

INPUT_SIZE = 128
"""Side of the input in pixels."""

Groups = Literal[1, 2]
"""Parts that the second, fourth and fifth convolution are cut into. AlexNet was trained with 2, on two GPUs."""

_POOL5_SIDE = 2  # 128 -> conv1 30 -> pool1 14 -> conv2 14 -> pool2 6 -> conv3 to conv5 6 -> pool5 2


class Yang2014Outputs(NamedTuple):
    """The result of one forward pass.

    Attributes:
        logits: `(B, 2)`: attack, bona fide.
        pool5: `(B, 4 C)`: after the last pooling, with C kernels in the last convolution. Not negative.
        fc7: `(B, hidden)`: after the second fully connected layer and its ReLU, before dropout. Not negative.
    """

    logits: Tensor
    pool5: Tensor
    fc7: Tensor


class AlexNet(nn.Module):
    """Five convolutions and three fully connected layers, with local response normalisation after the first two.

    The training mean is subtracted from the input.

    Args:
        frames: RGB frames stacked along the channels of the input.
        channels: Kernels of the five convolutions.
        hidden: Values of the two hidden fully connected layers.
        groups: See `Groups`.

    Raises:
        FasError: The kernels cannot be cut into groups.

    Attributes:
        mean: float32 `(3 frames, 128, 128)`, the mean of the `seen` training images; zeros before the training.
        seen: int64 scalar.
    """

    mean: Tensor
    seen: Tensor

    def __init__(self, *, frames: int, channels: Sequence[int], hidden: int, groups: Groups) -> None:
        super().__init__()
        if any(count % groups for count in channels):
            raise FasError(
                f"{tuple(channels)} kernels do not divide into {groups} groups", remedy="choose even numbers"
            )
        one, two, three, four, five = channels
        self.convolutions = nn.Sequential(
            nn.Conv2d(3 * frames, one, 11, stride=4),
            nn.ReLU(inplace=True),
            response_norm(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(one, two, 5, padding=2, groups=groups),
            nn.ReLU(inplace=True),
            response_norm(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(two, three, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(three, four, 3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.Conv2d(four, five, 3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.fc6 = nn.Linear(five * _POOL5_SIDE**2, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.fc8 = nn.Linear(hidden, 2)
        self.dropout = nn.Dropout(0.5)
        self.register_buffer("mean", torch.zeros(3 * frames, INPUT_SIZE, INPUT_SIZE))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        nn.init.xavier_normal_(self.fc8.weight)  # no ReLU follows

    def forward(self, image: Tensor) -> Yang2014Outputs:
        """Runs the network.

        Args:
            image: `(B, 3 frames, 128, 128)` RGB in [0, 1].

        Raises:
            ValueError: The images have another shape.
        """
        if image.shape[1:] != self.mean.shape:
            raise ValueError(f"images are {tuple(image.shape)}, not (B, {', '.join(map(str, self.mean.shape))})")
        pool5 = self.convolutions(image - self.mean).flatten(1)
        fc6 = self.dropout(self.fc6(pool5).relu())
        fc7 = self.fc7(fc6).relu()
        return Yang2014Outputs(self.fc8(self.dropout(fc7)), pool5, fc7)

    @torch.no_grad()
    def add_to_mean(self, mean: Tensor, count: int) -> None:
        """Adds training images to the mean.

        Args:
            mean: `(3 frames, 128, 128)`, their mean.
            count: Their number.
        """
        self.seen += count
        self.mean += (mean - self.mean) * (count / self.seen)


def response_norm() -> nn.LocalResponseNorm:
    """Local response normalisation over 5 neighbouring channels: `a / (2 + 1e-4 sum a^2)^0.75` (AlexNet, section 3.3).

    Torch uses the mean of the squares instead of their sum, so its alpha is 5 times as large.
    """
    return nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)
