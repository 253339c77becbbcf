"""Local binary patterns and their histograms in torch, with the labels of scikit-image."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Pattern = Literal["uniform", "default"]


class PatternHistogram(nn.Module):
    """Histograms of the local binary patterns of an image's blocks.

    A pattern has one bit for each of P points on a circle around a pixel: 1 if the value there is at least the pixel's.
    Points are counted from the right, counter-clockwise. Only pixels whose circle lies inside their block have one.

    With interpolation the labels equal those of `skimage.feature.local_binary_pattern` of each block alone, but for
    `radius` pixels at the block's border, where scikit-image assumes zeros outside. Without it they have the
    same numbers.

    Args:
        pattern: `default` has 2^P labels. `uniform` (u2 of Ojala et al. 2002, scikit-image's `nri_uniform`) has a label
            for each pattern with at most two changes between 0 and 1 around the circle, and one for all others:
            P (P - 1) + 3 labels.
        radius: Radius of the circle in pixels.
        points: P.
        interpolation: Take values between pixels by bilinear interpolation in float64, as scikit-image does. Otherwise
            a point is the nearest pixel: with 8 points at radius 1 the 3 x 3 neighbourhood.
        blocks: The image is cut into blocks x blocks squares of the same size.
    """

    labels: Tensor

    def __init__(self, *, pattern: Pattern, radius: int, points: int, interpolation: bool, blocks: int) -> None:
        super().__init__()
        self.radius = radius
        self.interpolation = interpolation
        self.blocks = blocks
        # Rounded as in scikit-image, so that a point at 270 degrees is at column 0 and not at -1.8e-16.
        angles = [2 * math.pi * point / points for point in range(points)]
        self.offsets = [(round(-radius * math.sin(one), 5), round(radius * math.cos(one), 5)) for one in angles]
        table = range(2**points) if pattern == "default" else uniform_labels(points)
        self.register_buffer("labels", torch.tensor(list(table)), persistent=False)
        self.bins = 2**points if pattern == "default" else points * (points - 1) + 3

    def forward(self, channels: Tensor) -> Tensor:
        """The histograms of all channels and blocks, each with the sum 1.

        Args:
            channels: `(B, C, S, S)`, whole numbers 0 to 255. Where `blocks` does not divide S, up to `blocks - 1` rows
                and columns at the edges belong to no block.

        Returns:
            `(B, C * blocks * blocks * bins)` float64; channels, then rows and columns of blocks.
        """
        # One channel after the other: on a CPU the intermediate images of all channels would not fit into the cache.
        return torch.cat([self._histograms(channel) for channel in channels.unbind(1)], dim=1)

    def _histograms(self, channel: Tensor) -> Tensor:
        """`(B, S, S)` to `(B, blocks * blocks * bins)`."""
        batch, side, _ = channel.shape
        number = self.blocks
        block = side // number
        first = (side - block * number) // 2
        kept = channel[:, first : first + block * number, first : first + block * number]
        blocks = kept.reshape(batch, number, block, number, block).transpose(2, 3).reshape(-1, block, block)
        labels = self.patterns(blocks).flatten(1)
        counts = torch.zeros(labels.shape[0], self.bins, device=labels.device)
        counts = counts.scatter_add(1, labels, torch.ones_like(labels, dtype=counts.dtype))
        return counts.double().reshape(batch, -1) / labels.shape[1]

    def patterns(self, blocks: Tensor) -> Tensor:
        """The label of every pixel that is at least `radius` pixels inside its block.

        Args:
            blocks: `(N, H, W)`, whole numbers 0 to 255.

        Returns:
            int64 `(N, H - 2 radius, W - 2 radius)`.
        """
        height, width = (side - 2 * self.radius for side in blocks.shape[1:])
        blocks = blocks.double() if self.interpolation else blocks.to(torch.uint8)
        centre = self._shifted(blocks, 0, 0, height, width)
        codes = torch.zeros(centre.shape, dtype=torch.int32, device=blocks.device)
        for bit, (down, right) in enumerate(self.offsets):
            codes.add_(self._sampled(blocks, down, right, height, width) >= centre, alpha=2**bit)
        return self.labels.index_select(0, codes.flatten()).reshape(codes.shape)

    def _shifted(self, blocks: Tensor, down: int, right: int, height: int, width: int) -> Tensor:
        top, left = self.radius + down, self.radius + right
        return blocks[:, top : top + height, left : left + width]

    def _sampled(self, blocks: Tensor, down: float, right: float, height: int, width: int) -> Tensor:
        """The values at an offset from every pixel: `(N, height, width)`."""
        if not self.interpolation:
            return self._shifted(blocks, round(down), round(right), height, width)
        below = self._fraction(down, height, blocks).unsqueeze(1)
        beyond = self._fraction(right, width, blocks)
        top, bottom = (
            (1 - beyond) * self._shifted(blocks, row, math.floor(right), height, width)
            + beyond * self._shifted(blocks, row, math.ceil(right), height, width)
            for row in (math.floor(down), math.ceil(down))
        )
        return (1 - below) * top + below * bottom

    def _fraction(self, offset: float, count: int, like: Tensor) -> Tensor:
        """The fractional part of each coordinate: `(count,)`.

        It is the same for all but for its last bits, which decide where neighbours are equal, and are scikit-image's.
        """
        places = torch.arange(count, device=like.device, dtype=like.dtype) + self.radius + offset
        return places - places.floor()


def uniform_labels(points: int) -> list[int]:
    """The u2 label of every pattern, numbered as scikit-image's `nri_uniform`.

    0 for no ones; `1 + (n - 1) P + r` for n ones in a row, r = the distance by which the row is rotated; P (P - 1) + 1
    for all ones; P (P - 1) + 2 for patterns that are not uniform.

    Args:
        points: P, the number of bits.

    Returns:
        2^P labels.
    """
    labels = []
    for code in range(2**points):
        bits = [code >> place & 1 for place in range(points)]
        ones = sum(bits)
        changes = sum(bits[place] != bits[place - 1] for place in range(points))
        if changes > 2:
            labels.append(points * (points - 1) + 2)
        elif ones in (0, points):
            labels.append(0 if ones == 0 else points * (points - 1) + 1)
        else:
            rotation = ones - bits.index(0) if bits[0] else points - bits.index(1)
            labels.append(1 + (ones - 1) * points + rotation)
    return labels
