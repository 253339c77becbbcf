"""What a method asks for and what it receives: the types that data loading and methods share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from torch import Tensor


@dataclass(frozen=True)
class Requirements:
    """What a method needs of a batch; the DataModule provides exactly this.

    Attributes:
        layers: Stored layers beside `rgb`, such as `depth`.
        input_size: Side of the square input image in pixels.
        map_size: Side of the square target maps in pixels.
    """

    layers: tuple[str, ...]
    input_size: int
    map_size: int


class Batch(TypedDict):
    """A batch of frames. A layer is there exactly when the method's requirements name it."""

    image: Tensor  # (B, 3, H, W) float32 in [0, 1], RGB
    label: Tensor  # (B,) int64: 1 bona fide, 0 attack
    presentation: Tensor  # (B,) int64: row of the DataModule's table `presentations`
    frame: Tensor  # (B,) int64: frame number within the presentation
    depth: NotRequired[Tensor]  # (B, 1, h, w) float32 in [0, 1], 1 nearest, 0 outside the face; zeros for an attack
    reflection: NotRequired[Tensor]  # (B, 3, h, w) float32 in [0, 1], RGB; zeros for a bona fide face
