"""Classifier as a method: backbone, linear head, loss and score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional

from fas.data.batch import Batch, Requirements
from fas.layers import RGB
from fas.methods.backbone import backbone_normalisation, plain_backbone
from fas.methods.base import Method

Loss = Literal["cross_entropy", "bce"]


class ClassifierOutputs(NamedTuple):
    """The result of one forward pass.

    Attributes:
        features: `(B, D)`, the pooled features of the backbone.
        logits: `(B, 2)` (attack, bona fide) for cross-entropy, `(B, 1)` (bona fide) for BCE.
    """

    features: Tensor
    logits: Tensor


class Classifier(Method):
    """Any backbone of timm with one linear head: the binary baseline.

    Args:
        input_size: Side of the input in pixels.
        backbone: A model of timm.
        pretrained: Start from ImageNet weights: those of `fas models` for tf_efficientnet_lite0, otherwise timm's.
        backbone_weights: Path of a file with initial weights to load instead, for machines without network.
        frozen: Train the head alone; weights and batch statistics of the backbone stay as they are.
        loss: `cross_entropy` over two classes, or `bce` on one logit.
        dropout: Share of features that are dropped before the head in training.
        label_smoothing: Share of the target that is spread evenly over both classes.
        lr: Learning rate of AdamW.
        weight_decay: Weight decay of AdamW.
    """

    name: ClassVar[str] = "classifier"
    starting_point: ClassVar[Mapping[str, object]] = {"pretrained": False, "backbone_weights": None}
    small: ClassVar[Mapping[str, object]] = {
        "input_size": 64,
        "backbone": "test_efficientnet",
        "pretrained": False,
        "lr": 1e-2,
    }

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        input_size: Annotated[int, Field(ge=32)] = 224,
        backbone: str = "tf_efficientnet_lite0",
        pretrained: bool = True,
        backbone_weights: str | None = None,
        frozen: bool = False,
        loss: Loss = "cross_entropy",
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2,
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        lr: PositiveFloat = 1e-4,
        weight_decay: NonNegativeFloat = 1e-4,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.requirements = Requirements(input_size=input_size, augmentation=({"HorizontalFlip": {"p": 0.5}},))
        self.backbone, width = plain_backbone(backbone, pretrained=pretrained, weights=backbone_weights)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, 2 if loss == "cross_entropy" else 1)
        mean, std = backbone_normalisation(backbone)
        for key, values in (("mean", mean), ("std", std)):
            self.register_buffer(key, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.frozen = frozen
        self.backbone.requires_grad_(not frozen)
        self._label_smoothing = label_smoothing
        self._lr, self._weight_decay = lr, weight_decay
        self.train()  # Lightning does not change the modes when a fit begins

    def train(self, mode: bool = True) -> Classifier:
        """Keeps a frozen backbone in evaluation mode, so that its batch statistics do not change."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, inputs: Mapping[str, Tensor]) -> ClassifierOutputs:
        """Runs the network on `rgb`, `(B, 3, input_size, input_size)` in [0, 1]."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            features = self.backbone((inputs[RGB] - self.mean) / self.std)
        return ClassifierOutputs(features, self.head(self.dropout(features)))

    def loss(self, outputs: ClassifierOutputs, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy or BCE, as `loss`."""
        logits, label = outputs.logits.float(), batch["label"]
        if logits.shape[1] == 2:
            return {"loss": functional.cross_entropy(logits, label, label_smoothing=self._label_smoothing)}
        target = label.float() * (1 - self._label_smoothing) + self._label_smoothing / 2
        return {"loss": functional.binary_cross_entropy_with_logits(logits[:, 0], target)}

    def score(self, outputs: ClassifierOutputs) -> Tensor:
        """The probability of the class bona fide: `(B,)`."""
        logits = outputs.logits.float()
        return logits.softmax(dim=1)[:, 1] if logits.shape[1] == 2 else logits[:, 0].sigmoid()

    def features(self, outputs: ClassifierOutputs) -> dict[str, Tensor]:
        """The pooled features of the backbone, as `pooled`."""
        return {"pooled": outputs.features}

    def configure_optimizers(self) -> Any:
        """AdamW with a constant learning rate for all trained weights."""
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        return torch.optim.AdamW(trained, lr=self._lr, weight_decay=self._weight_decay)
