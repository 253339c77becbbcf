"""Grey, HSV and YCbCr of 8-bit images as OpenCV computes them, in torch, equal to the last bit.

A local binary pattern compares neighbouring values, so it depends on how colours were rounded. OpenCV computes in
fixed-point numbers of integers. All these integers are below 2^24, so float32 holds them exactly, on any device.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Colour = Literal["grey", "hsv", "ycbcr", "hsv_ycbcr"]

_CHANNELS: dict[Colour, int] = {"grey": 1, "hsv": 3, "ycbcr": 3, "hsv_ycbcr": 6}
_GREY, _GREY_BITS = (9798, 19235, 3735), 15  # 0.299, 0.587, 0.114 in units of 2^-15
_LUMA, _YCC_BITS = (4899, 9617, 1868), 14  # the same in units of 2^-14
_CR, _CB = 11682, 9241  # 0.713 and 0.564 in units of 2^-14
_HSV_BITS = 12


class ColourChannels(nn.Module):
    """The channels of a colour space, as whole numbers 0 to 255.

    Equal to `cv2.cvtColor` of the 8-bit image with `COLOR_RGB2GRAY`, `COLOR_RGB2HSV_FULL` (hue over the full range, 256
    units a circle) and `COLOR_RGB2YCrCb`; the order here is H, S, V, Y, Cb, Cr.

    Args:
        colour: The colour space, or both of them.
    """

    saturation_table: Tensor
    hue_table: Tensor

    def __init__(self, colour: Colour) -> None:
        super().__init__()
        self.colour = colour
        self.channels = _CHANNELS[colour]
        # OpenCV's tables of 255 / v and 256 / (6 d) in fixed point, zero at zero.
        numbers = torch.arange(1, 256, dtype=torch.float64)
        for name, values in (("saturation_table", 255 / numbers), ("hue_table", 256 / (6 * numbers))):
            table = torch.cat([numbers.new_zeros(1), (values * 2**_HSV_BITS).round()])
            self.register_buffer(name, table.float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Converts.

        Args:
            image: `(B, 3, H, W)` float32 RGB in [0, 1]; rounded to 8 bits first.

        Returns:
            `(B, channels, H, W)` float32 of whole numbers 0 to 255.
        """
        rgb = (image.clamp(0, 1) * 255).round()
        if self.colour == "grey":
            return _weighted(rgb, _GREY, _GREY_BITS).unsqueeze(1)
        parts = []
        if self.colour in ("hsv", "hsv_ycbcr"):
            parts.append(self._hsv(rgb))
        if self.colour in ("ycbcr", "hsv_ycbcr"):
            parts.append(_ycbcr(rgb))
        return torch.cat(parts, dim=1)

    def _hsv(self, rgb: Tensor) -> Tensor:
        red, green, blue = rgb.unbind(1)
        value = rgb.amax(1)
        difference = value - rgb.amin(1)
        saturation = _descaled(difference * self.saturation_table[value.long()], _HSV_BITS)
        sextant = torch.where(
            value == red,
            green - blue,
            torch.where(value == green, blue - red + 2 * difference, red - green + 4 * difference),
        )
        hue = _descaled(sextant * self.hue_table[difference.long()], _HSV_BITS)
        return torch.stack([torch.where(hue < 0, hue + 256, hue), saturation, value], dim=1)


def _ycbcr(rgb: Tensor) -> Tensor:
    red, _, blue = rgb.unbind(1)
    luma = _weighted(rgb, _LUMA, _YCC_BITS)
    middle = 128 * 2**_YCC_BITS
    cb = _descaled((blue - luma) * _CB + middle, _YCC_BITS)
    cr = _descaled((red - luma) * _CR + middle, _YCC_BITS)
    return torch.stack([luma, cb, cr], dim=1).clamp(0, 255)


def _weighted(rgb: Tensor, weights: tuple[int, int, int], bits: int) -> Tensor:
    red, green, blue = rgb.unbind(1)
    return _descaled(red * weights[0] + green * weights[1] + blue * weights[2], bits)


def _descaled(fixed: Tensor, bits: int) -> Tensor:
    """Fixed-point numbers to the nearest whole number, halves up."""
    return torch.floor((fixed + 2 ** (bits - 1)) / 2**bits)
