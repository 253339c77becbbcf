"""BASN as a method: hyper-parameters, loss, score and maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional

from fas.data.batch import Batch, Requirements
from fas.layers import RGB
from fas.methods.base import Method
from fas.methods.basn.loss import squared_l1, weighted_sum
from fas.methods.basn.network import BRANCHES, MAP_STRIDE, Auxiliary, BasnNetwork, BasnOutputs, Fusion


class Basn(Method):
    """Bipartite auxiliary supervision network (Kim et al., ICCV workshops 2019).

    Args:
        input_size: Side of the input in pixels, a multiple of 32 (section 4.2).
        backbone: A model of timm with features at strides 2, 4, 8 and 16 (section 3.2).
        pretrained: Start from timm's ImageNet weights of the backbone (section 3.2).
        backbone_weights: Path of a file with initial weights to load instead, for machines without network.
        auxiliary: Which maps supervise: `both` (models C and D of Table 1), `depth` (A), `reflection` (B), `none`
            (baseline).
        fusion: How depth and reflection features are combined: `subtract` (model D) or `add` (model C).
        afe_channels: Kernels of an auxiliary branch's layers before its last. The paper gives them only in figure 3.
        fusion_channels: Kernels of the layers of enrichment and classifier. The paper gives them only in figure 3.
        cls_weight: lambda_1 of equation 5.
        depth_weight: lambda_2 of equation 5, for maps of 32 x 32. See `squared_l1` for other sizes.
        reflection_weight: lambda_3 of equation 5, for maps of 32 x 32.
        lr: Constant learning rate of Adam (section 4.2).
    """

    name: ClassVar[str] = "basn"
    starting_point: ClassVar[Mapping[str, object]] = {"pretrained": False, "backbone_weights": None}
    small: ClassVar[Mapping[str, object]] = {
        "input_size": 64,
        "backbone": "test_efficientnet",
        "pretrained": False,
        "afe_channels": (8, 12, 8),
        "fusion_channels": 8,
        "lr": 1e-2,
    }

    def __init__(
        self,
        *,
        input_size: int = 256,
        backbone: str = "vgg16.tv_in1k",
        pretrained: bool = True,
        backbone_weights: str | None = None,
        auxiliary: Auxiliary = "both",
        fusion: Fusion = "subtract",
        afe_channels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (128, 196, 128),
        fusion_channels: PositiveInt = 128,
        cls_weight: NonNegativeFloat = 10.0,
        depth_weight: NonNegativeFloat = 5e-5,
        reflection_weight: NonNegativeFloat = 5e-5,
        lr: PositiveFloat = 5e-5,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        map_size = input_size // MAP_STRIDE
        self.requirements = Requirements(
            input_size=input_size,
            targets=dict.fromkeys(BRANCHES[auxiliary], map_size),
            sampling="balanced",  # section 4.1
            augmentation=(),  # section 4.2: none
        )
        self.network = BasnNetwork(
            input_size=input_size,
            backbone=backbone,
            pretrained=pretrained,
            backbone_weights=backbone_weights,
            auxiliary=auxiliary,
            fusion=fusion,
            afe_channels=afe_channels,
            fusion_channels=fusion_channels,
        )
        self.lr = lr
        self._weights = {"cls": cls_weight, "depth": depth_weight, "reflection": reflection_weight}

    def forward(self, inputs: Mapping[str, Tensor]) -> BasnOutputs:
        """Runs the network on `rgb`, `(B, 3, input_size, input_size)` in [0, 1]."""
        outputs: BasnOutputs = self.network(inputs[RGB])
        return outputs

    def loss(self, outputs: BasnOutputs, batch: Batch) -> dict[str, Tensor]:
        """Equation 5 as `loss`, and its parts before weighting: `cls`, `depth`, `reflection`."""
        parts = {"cls": functional.cross_entropy(outputs.logits, batch["label"])}
        parts |= {name: squared_l1(predicted, batch["targets"][name]) for name, predicted in outputs.maps.items()}
        return {"loss": weighted_sum(parts, self._weights), **parts}

    def score(self, outputs: BasnOutputs) -> Tensor:
        """The softmax probability of the class bona fide: `(B,)`."""
        return outputs.logits.float().softmax(dim=1)[:, 1]

    def maps(self, outputs: BasnOutputs) -> dict[str, Tensor]:
        """Predicted `depth` and `reflection`, clipped at 1, since a ReLU is not bounded above."""
        return {name: predicted.clamp(max=1) for name, predicted in outputs.maps.items()}

    def features(self, outputs: BasnOutputs) -> dict[str, Tensor]:
        """The means over their places of `depth`, `reflection` and `enriched` (figure 4)."""
        return {name: one.mean(dim=(2, 3)) for name, one in outputs.features.items()}

    def configure_optimizers(self) -> Any:
        """Adam with a constant learning rate (section 4.2)."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)
