"""What a method requires and what it receives: the types that data loading and methods share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

from torch import Tensor

from fas.layers import RGB

Sampling = Literal["balanced", "all", "per_domain", "per_species"]
"""How the frames (or clips) of an epoch are drawn.

`balanced`: as many bona fide as attacks. `per_domain`: as many of each class of each domain. `per_species`: as many
bona fide as of each coarse PAI species. In these three the larger groups are drawn again in every epoch. `all`: every
training frame once.
"""

TransformSettings = Sequence[Mapping[str, Mapping[str, Any] | None]]
"""Transforms of albumentations as a list of `{ClassName: {argument: value}}`, as YAML writes it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A number of equally spaced frames of one presentation, without a gap.

    Attributes:
        length: Number of frames.
        step: Distance between consecutive frames of the clip, in frames of the video.
    """

    length: int
    step: int = 1

    def __post_init__(self) -> None:
        if self.length < 1 or self.step < 1:
            raise ValueError(f"a clip needs a length and a step of at least 1, not {self.length} and {self.step}")


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a method needs of a batch; the DataModule provides exactly this.

    Attributes:
        input_size: Side of the square input image in pixels.
        inputs: Layers that `forward` receives, at test time too.
        targets: Layers that only the loss sees -> side of the map in pixels (not read for layers that are not images).
        clip: The frames of one sample; None for single frames.
        crop_scale: Side of the centre crop that the network sees, in sides of the tight face box, at test time too:
            1 is the face itself. None uses the stored crop as it is.
        domain: What a domain is: `dataset`, or an attribute of presentations such as `session`; None for a method
            without domains.
        partner: Whether each training sample has a second one of the opposite label, drawn from the whole training
            set.
        raw: Targets that are also wanted without the rule that makes them zeros for one label.
        sampling: How an epoch is drawn, as in the paper; `data.sampling` overrides it.
        augmentation: That of the training samples, as in the paper; `augment.transforms` overrides it.
    """

    input_size: int
    inputs: tuple[str, ...] = (RGB,)
    targets: Mapping[str, int] = field(default_factory=dict)
    clip: Clip | None = None
    crop_scale: float | None = None
    domain: str | None = None
    partner: bool = False
    raw: tuple[str, ...] = ()
    sampling: Sampling = "balanced"
    augmentation: TransformSettings = ()

    def __post_init__(self) -> None:
        if not set(self.raw) <= set(self.targets):
            raise ValueError(f"raw targets {self.raw} are not among the targets {tuple(self.targets)}")

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that are read in training, each once."""
        return tuple(dict.fromkeys((*self.inputs, *self.targets)))


class Sample(TypedDict):
    """The entries of a partner; tensors as in `Batch`."""

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]
    label: Tensor


class Batch(TypedDict):
    """A batch of frames, or of clips: then inputs and targets have an axis T after B.

    A layer is present exactly if the method's requirements name it. Images are float32 RGB in [0, 1], maps float32 in
    [0, 1] with zeros by the rule of `fas.layers`, points float32 x and y in [-1, 1] over the input (-1 and 1 being the
    outer edges of its first and last pixels, as `grid_sample` with `align_corners=False` has them).
    """

    inputs: dict[str, Tensor]  # rgb: (B, 3, H, W) or (B, T, 3, H, W); mesh: (B, 468, 2) or (B, T, 468, 2)
    targets: dict[str, Tensor]  # depth: (B, 1, h, w) or (B, T, 1, h, w); reflection: 3 channels
    label: Tensor  # (B,) int64: 1 bona fide, 0 attack
    presentation: Tensor  # (B,) int64: row of the DataModule's table `presentations`
    frame: Tensor  # (B,) int64: frame number within the presentation; of a clip the first
    synthesised: Tensor  # (B,) bool: an augmentation made this sample an attack; never in dev or test
    raw: NotRequired[dict[str, Tensor]]  # as targets, without zeros by label
    domain: NotRequired[Tensor]  # (B,) int64: place in the DataModule's `domains`; -1 for one that is not trained on
    partner: NotRequired[Sample]  # training only: samples of the opposite label, in the order of the batch
