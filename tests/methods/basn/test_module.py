"""BASN as a method: the ablations of Table 1, requirements, score."""

import math

import pytest
import torch
import yaml

from fas.data.batch import Requirements
from fas.methods.basn import Basn
from fas.methods.basn.network import BasnOutputs
from fas.methods.checks import random_batch, small
from fas.resources import resource_dir

TABLE_1 = {
    "baseline": {"auxiliary": "none"},
    "model_a": {"auxiliary": "depth"},
    "model_b": {"auxiliary": "reflection"},
    "model_c": {"auxiliary": "both", "fusion": "add"},
    "model_d": {"auxiliary": "both", "fusion": "subtract"},
}


def test_table_1_has_an_experiment_for_each_model():
    folder = resource_dir("experiments") / "basn"
    found = {name: yaml.safe_load((folder / f"{name}.yaml").read_text())["model"] for name in TABLE_1}
    assert found == TABLE_1


@pytest.mark.parametrize("settings", TABLE_1.values(), ids=TABLE_1.keys())
def test_every_parameter_of_an_ablation_gets_a_gradient(settings):
    method = small("basn", **settings)
    batch = random_batch(method.requirements)
    parts = method.loss(method(batch["inputs"]), batch)
    parts["loss"].backward()
    assert all(one.grad is not None and one.grad.any() for one in method.parameters())
    assert parts.keys() == {"loss", "cls", *method.requirements.targets}


@pytest.mark.parametrize(
    ("auxiliary", "layers"),
    [("both", ("depth", "reflection")), ("depth", ("depth",)), ("reflection", ("reflection",)), ("none", ())],
)
def test_asks_for_no_layer_that_it_does_not_read(auxiliary, layers):
    method = small("basn", auxiliary=auxiliary)
    assert method.requirements == Requirements(input_size=64, targets=dict.fromkeys(layers, 8))


def test_defaults_are_the_paper():
    method = Basn(pretrained=False)
    assert method.requirements == Requirements(input_size=256, targets={"depth": 32, "reflection": 32})
    optimizer = method.configure_optimizers()
    assert type(optimizer) is torch.optim.Adam
    assert [group["lr"] for group in optimizer.param_groups] == [5e-5]


def test_loss_weighs_its_parts():
    method = small("basn", cls_weight=2.0, depth_weight=3.0, reflection_weight=5.0)
    batch = random_batch(method.requirements)
    parts = method.loss(method(batch["inputs"]), batch)
    expected = 2 * parts["cls"] + 3 * parts["depth"] + 5 * parts["reflection"]
    torch.testing.assert_close(parts["loss"], expected)


def test_score_is_the_softmax_of_bona_fide():
    # softmax(0, ln 3) = (1/4, 3/4)
    logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
    score = small("basn").score(BasnOutputs(logits, {}, {}))
    assert score.tolist() == pytest.approx([0.75, 0.5])


def test_maps_are_cut_off_at_1():
    outputs = BasnOutputs(torch.zeros(1, 2), {"depth": torch.tensor([0.0, 0.5, 1.5]).view(1, 1, 1, 3)}, {})
    assert small("basn").maps(outputs)["depth"].flatten().tolist() == [0.0, 0.5, 1.0]


def test_features_are_means_over_the_image():
    one = torch.tensor([[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]])
    features = small("basn").features(BasnOutputs(torch.zeros(1, 2), {}, {"depth": one[None]}))
    assert features["depth"].tolist() == [[3.0, 1.0]]


@pytest.mark.parametrize(("auxiliary", "names"), [("both", ["depth", "reflection"]), ("none", [])])
def test_features_of_every_branch_and_of_the_enrichment(auxiliary, names):
    method = small("basn", auxiliary=auxiliary).eval()
    with torch.no_grad():
        outputs = method(random_batch(method.requirements)["inputs"])
    assert list(method.features(outputs)) == [*names, "enriched"]
    # The classifier reads the enriched features, so they decide the score.
    assert torch.equal(method.network.classifier(outputs.features["enriched"]).flatten(1), outputs.logits)
    for name in names:
        assert torch.equal(method.network.branches[name].to_map(outputs.features[name]), outputs.maps[name])
