"""The network of BASN: figure 3 and section 3.2 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from fas.errors import FasError
from fas.methods.backbone import feature_backbone

Auxiliary = Literal["both", "depth", "reflection", "none"]
Fusion = Literal["subtract", "add"]

BRANCHES: dict[Auxiliary, dict[str, int]] = {
    "both": {"depth": 1, "reflection": 3},
    "depth": {"depth": 1},
    "reflection": {"reflection": 3},
    "none": {},
}
"""Branches of the auxiliary feature extractor and the channels of their maps, in the order of the subtraction."""

MAP_STRIDE = 8
"""Input pixels per map pixel: maps of 32 x 32 at 256 x 256."""

_STRIDES = (2, 4, 8, 16)  # of VGG-16's conv2, conv3, conv4 and conv5: the blocks' outputs before pooling
_FUSE = {"subtract": torch.sub, "add": torch.add}


class BasnOutputs(NamedTuple):
    """The result of one forward pass.

    Attributes:
        logits: `(B, 2)`: attack, bona fide.
        maps: `depth` `(B, 1, h, h)` and `reflection` `(B, 3, h, h)`, if the network has these branches; h is the
            input's side / 8. Not negative, and not bounded above: the last activation is a ReLU.
        features: The features of figure 4: those before each map, `depth` and `reflection` `(B, C, h, h)`, and those
            after the enrichment, `enriched` `(B, C, h / 2, h / 2)`.
    """

    logits: Tensor
    maps: dict[str, Tensor]
    features: dict[str, Tensor]


class BasnNetwork(nn.Module):
    """Backbone, auxiliary feature extractor (AFE), feature enrichment and classifier.

    Args:
        input_size: Side of the input in pixels, a multiple of 32. The classifier's last kernel follows from it.
        backbone: A model of timm with features at strides 2, 4, 8 and 16.
        pretrained: Start from timm's weights.
        backbone_weights: Path of a file with initial weights to load instead.
        auxiliary: Branches of the AFE. Table 1's baseline has none, its models A and B have one.
        fusion: How the features of two branches are combined: `subtract` is the paper's, `add` Table 1's model C.
        afe_channels: Kernels of a branch's layers before the last, which gives the map.
        fusion_channels: Kernels of the layers of enrichment and classifier.

    Raises:
        FasError: The size is not a multiple of 32; or the backbone is not available, see `feature_backbone`.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        input_size: int,
        backbone: str,
        pretrained: bool,
        backbone_weights: str | None,
        auxiliary: Auxiliary,
        fusion: Fusion,
        afe_channels: Sequence[int],
        fusion_channels: int,
    ) -> None:
        super().__init__()
        if input_size < 32 or input_size % 32:
            raise FasError(f"BASN does not accept images of {input_size} pixels", remedy="choose a multiple of 32")
        self.input_size = input_size
        self.six_to_three = _he(nn.Conv2d(6, 3, 3, padding=1))
        self.backbone, channels = feature_backbone(backbone, _STRIDES, pretrained=pretrained, weights=backbone_weights)
        self.branches = nn.ModuleDict(
            {name: AuxiliaryBranch(sum(channels[:3]), afe_channels, out) for name, out in BRANCHES[auxiliary].items()}
        )
        self._fuse = _FUSE[fusion]
        # No activation in the enrichment, so that features keep their negative values (section 3.2).
        width = fusion_channels
        self.enrich_backbone = nn.Sequential(*_conv_bn(sum(channels), width), *_conv_bn(width, width))
        if self.branches:
            self.enrich_auxiliary = nn.Sequential(
                *_conv_bn(afe_channels[-1], width), *_conv_bn(width, width), nn.MaxPool2d(2)
            )
        self.classifier = nn.Sequential(
            *_conv_bn(width, width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            *_conv_bn(width, width, kernel=1),
            nn.ReLU(inplace=True),
            _he(nn.Conv2d(width, 2, input_size // 32)),
        )
        # RGB as ImageNet's weights expect it, HSV from [0, 1] to [-1, 1].
        for name, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            self.register_buffer(name, torch.tensor([*values, 0.5, 0.5, 0.5]).view(1, 6, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> BasnOutputs:
        """Predicts class and maps.

        Args:
            image: `(B, 3, input_size, input_size)` RGB in [0, 1].

        Raises:
            ValueError: The images have another shape.
        """
        if image.shape[1:] != (3, self.input_size, self.input_size):
            raise ValueError(f"images are {tuple(image.shape)}, not (B, 3, {self.input_size}, {self.input_size})")
        six = (torch.cat([image, rgb_to_hsv(image)], dim=1) - self.mean) / self.std
        features = self.backbone(self.six_to_three(six))
        fused = self.enrich_backbone(_concatenate(features, self.input_size // 16))
        maps, before_maps = {}, {}
        if self.branches:
            shared = _concatenate(features[:3], self.input_size // 4)
            for name, branch in self.branches.items():
                before_maps[name], maps[name] = branch(shared)
            fused = fused + self.enrich_auxiliary(reduce(self._fuse, before_maps.values()))
        return BasnOutputs(self.classifier(fused).flatten(1), maps, {**before_maps, "enriched": fused})


class AuxiliaryBranch(nn.Module):
    """One branch of the AFE: 3 x 3 convolutions with batch normalisation and ReLU, a 2 x 2 pooling before the last.

    Args:
        in_channels: Channels of the concatenated backbone features.
        channels: Kernels of the layers before the last.
        map_channels: Kernels of the last layer.
    """

    def __init__(self, in_channels: int, channels: Sequence[int], map_channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels_in, channels_out in zip([in_channels, *channels], channels, strict=False):
            layers += [*_conv_bn(channels_in, channels_out), nn.ReLU(inplace=True)]
        self.features = nn.Sequential(*layers, nn.MaxPool2d(2))
        self.to_map = nn.Sequential(*_conv_bn(channels[-1], map_channels), nn.ReLU())

    def forward(self, shared: Tensor) -> tuple[Tensor, Tensor]:
        """Computes the features for the enrichment and the map.

        Args:
            shared: `(B, in_channels, 2h, 2h)`.

        Returns:
            `(B, channels[-1], h, h)`, not negative, and the map `(B, map_channels, h, h)`, not negative.
        """
        features = self.features(shared)
        return features, self.to_map(features)


def rgb_to_hsv(image: Tensor) -> Tensor:
    """Hue (as a share of the full circle), saturation and value, as `colorsys` defines them.

    Args:
        image: `(B, 3, H, W)` RGB in [0, 1].

    Returns:
        `(B, 3, H, W)` in [0, 1]; hue is 0 where there is no colour. Gradients are finite everywhere.
    """
    red, green, blue = image.unbind(1)
    value = image.amax(1)
    chroma = value - image.amin(1)
    divisor = torch.where(chroma > 0, chroma, 1)
    sextant = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    saturation = chroma / torch.where(value > 0, value, 1)
    return torch.stack([(sextant / 6).remainder(1), saturation, value], dim=1)


def _concatenate(features: Sequence[Tensor], size: int) -> Tensor:
    """Brings feature maps to one size and stacks their channels: averages to shrink, interpolates to enlarge."""
    same = [
        functional.adaptive_avg_pool2d(one, size)
        if one.shape[-1] > size
        else functional.interpolate(one, size=(size, size), mode="bilinear", align_corners=False)
        for one in features
    ]
    return torch.cat(same, dim=1)


def _conv_bn(channels_in: int, channels_out: int, kernel: int = 3) -> tuple[nn.Module, nn.Module]:
    # The normalisation removes any bias.
    conv = _he(nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False))
    return conv, nn.BatchNorm2d(channels_out)


def _he(conv: nn.Conv2d) -> nn.Conv2d:
    """Initialises weights from N(0, 2 / fan-in) (He et al. 2015, which section 4.2 cites) and the bias with zeros."""
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
