"""What a method receives: the one type that data loading and methods share."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from torch import Tensor


class Batch(TypedDict):
    """A batch of frames. A layer is there exactly when the method's requirements name it."""

    image: Tensor  # (B, 3, H, W) float32 in [0, 1], RGB
    label: Tensor  # (B,) int64: 1 bona fide, 0 attack
    presentation: Tensor  # (B,) int64: row of the DataModule's table `presentations`
    frame: Tensor  # (B,) int64: frame number within the presentation
    depth: NotRequired[Tensor]  # (B, 1, h, w) float32 in [0, 1], 1 nearest, 0 outside the face; zeros for an attack
    reflection: NotRequired[Tensor]  # (B, 3, h, w) float32 in [0, 1], RGB; zeros for a bona fide face
