"""The baseline: what is trained and what is not, its two losses by hand, its score."""

import math

import pytest
import torch

from fas.methods.backbone import plain_backbone
from fas.methods.checks import random_batch, small, train_steps
from fas.methods.classifier import Classifier
from fas.methods.classifier.module import ClassifierOutputs


def outputs(*logits):
    return ClassifierOutputs(torch.zeros(len(logits), 3), torch.tensor(logits))


def test_the_default_is_as_large_as_its_readme_says():
    with torch.device("meta"):
        method = Classifier(pretrained=False)
    assert sum(one.numel() for one in method.parameters()) == 3_373_570
    assert sum(one.numel() for one in method.head.parameters()) == 2_562 == 2 * 1280 + 2


def test_cross_entropy_by_hand():
    method = small("classifier")
    # softmax(0, ln 3) = (1/4, 3/4): bona fide costs -ln 3/4, an attack -ln 1/4.
    two = outputs([0.0, math.log(3)], [0.0, math.log(3)])
    loss = method.loss(two, {"label": torch.tensor([1, 0])})["loss"]
    assert loss.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert method.score(two).tolist() == pytest.approx([0.75, 0.75])


def test_binary_cross_entropy_by_hand():
    method = small("classifier", loss="bce")
    assert method.head.out_features == 1
    one = outputs([math.log(3)], [math.log(3)])  # sigmoid(ln 3) = 3/4
    loss = method.loss(one, {"label": torch.tensor([1, 0])})["loss"]
    assert loss.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert method.score(one).tolist() == pytest.approx([0.75, 0.75])


@pytest.mark.parametrize("loss", ["cross_entropy", "bce"])
def test_label_smoothing_spreads_the_target_over_both_classes(loss):
    method = small("classifier", loss=loss, label_smoothing=0.2)
    logits = outputs([0.0, math.log(3)]) if loss == "cross_entropy" else outputs([math.log(3)])
    value = method.loss(logits, {"label": torch.tensor([1])})["loss"].item()
    assert value == pytest.approx(-(0.9 * math.log(0.75) + 0.1 * math.log(0.25)))


def test_a_frozen_backbone_does_not_move_by_one_bit():
    method = small("classifier", frozen=True)
    before = {key: one.clone() for key, one in method.state_dict().items()}
    train_steps(method, random_batch(method.requirements, size=8), 3)
    moved = {key for key, one in method.state_dict().items() if not torch.equal(one, before[key])}
    assert moved == {"head.weight", "head.bias"}
    assert not method.train().backbone.training


def test_images_are_normalised_as_the_weights_expect():
    method = small("classifier").eval()
    image = torch.rand(2, 3, 64, 64)
    torch.manual_seed(0)
    backbone, _ = plain_backbone("test_efficientnet")
    backbone.load_state_dict(method.backbone.state_dict())
    with torch.no_grad():
        expected = backbone.eval()((image - method.mean) / method.std)
        assert torch.equal(method({"rgb": image}).features, expected)
    lite0 = Classifier(pretrained=False)
    assert lite0.mean.flatten().tolist() == lite0.std.flatten().tolist() == [0.5] * 3
