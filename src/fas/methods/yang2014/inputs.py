"""The input of both stages: one face or three, cropped at one of the paper's five scales."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from fas.data.batch import Clip, Requirements, Sampling, TransformSettings
from fas.methods.yang2014.network import INPUT_SIZE

Frames = Literal[1, 3]
"""Frames of one sample, stacked along the channels."""

FRAME_STEP = 5
"""Distance between the three frames in frames of the video. The paper does not state it."""


def input_requirements(
    scale: float, frames: Frames, sampling: Sampling, augmentation: TransformSettings = ()
) -> Requirements:
    """Faces of 128 pixels, or clips of three.

    Args:
        scale: Side of the crop in sides of the tight face box.
        frames: Frames of one sample.
        sampling: How an epoch is drawn.
        augmentation: Of the training samples.
    """
    return Requirements(
        input_size=INPUT_SIZE,
        clip=Clip(frames, FRAME_STEP) if frames > 1 else None,
        crop_scale=scale,
        sampling=sampling,
        augmentation=augmentation,
    )


def stacked(rgb: Tensor) -> Tensor:
    """Frames next to each other along the channels, in their order: `(B, T, 3, H, W)` to `(B, 3 T, H, W)`.

    Single frames, `(B, 3, H, W)`, stay as they are.
    """
    return rgb.flatten(1, 2) if rgb.dim() == 5 else rgb
