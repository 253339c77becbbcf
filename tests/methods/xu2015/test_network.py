"""The networks of xu2015: sizes, equations, initialisation, and that a clip is scored by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional

from fas.data.batch import Clip
from fas.methods.xu2015 import Xu2015, Xu2015Cnn
from fas.methods.xu2015.network import FrameCnn, clip_lstm, last_layer


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def small(**settings: object) -> Xu2015:
    torch.manual_seed(0)
    return Xu2015(**{**Xu2015.small, **settings})


def clips(size: int, length: int = 3, side: int = 32) -> torch.Tensor:
    return torch.rand(size, length, 3, side, side, generator=torch.Generator().manual_seed(1))


def test_parameter_counts():
    assert parameters(Xu2015()) == 6_940_962
    assert parameters(Xu2015Cnn()) == 6_414_626


def test_sides_of_the_feature_maps_at_128_pixels():
    cnn = FrameCnn(input_size=128, channels=(48, 96), width=256)
    sides, image = [], torch.zeros(1, 3, 128, 128)
    for layer in cnn.convolutions:
        image = layer(image)
        sides.append(tuple(image.shape[1:3]))
    assert sides == [(48, 64), (48, 64), (48, 32), (96, 32), (96, 32), (96, 16)]
    assert cnn(torch.zeros(1, 3, 128, 128)).shape == (1, 256)


def test_shapes_of_what_both_give():
    outputs = small()({"rgb": clips(2)})
    assert outputs.logits.shape == (2, 3, 2) and outputs.features.shape == (2, 3, 16)
    frames = Xu2015Cnn(**Xu2015Cnn.small)({"rgb": clips(2)[:, 0]})
    assert frames.logits.shape == (2, 2) and frames.features.shape == (2, 16)


def test_requirements():
    needs = Xu2015().requirements
    assert (needs.clip, needs.crop_scale, needs.input_size, needs.sampling) == (Clip(10, 3), 1.8, 128, "balanced")
    assert needs.inputs == ("rgb",) and not needs.targets
    assert Xu2015(length=4, step=2, scale=2.6).requirements.clip == Clip(4, 2)
    assert Xu2015Cnn(scale=2.6).requirements.crop_scale == 2.6
    assert Xu2015Cnn().requirements.clip is None


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@torch.no_grad()
def test_logits_are_those_of_the_equations_of_an_lstm():
    method = small(dropout=0.0)
    inputs = clips(2)
    weights = {name: value.double().numpy() for name, value in method.state_dict().items()}
    frames = [method.cnn(inputs[:, place]).double().numpy() for place in range(3)]
    h, c = np.zeros((2, 16)), np.zeros((2, 16))
    expected = []
    for frame in frames:
        gates = frame @ weights["lstm.weight_ih_l0"].T + weights["lstm.bias_ih_l0"]
        gates = gates + h @ weights["lstm.weight_hh_l0"].T + weights["lstm.bias_hh_l0"]
        take, keep, new, show = np.split(gates, 4, axis=1)
        c = sigmoid(keep) * c + sigmoid(take) * np.tanh(new)
        h = sigmoid(show) * np.tanh(c)
        expected.append(h @ weights["clip_classifier.weight"].T + weights["clip_classifier.bias"])
    outputs = method({"rgb": inputs})
    np.testing.assert_allclose(outputs.logits.numpy(), np.stack(expected, axis=1), atol=1e-5)
    score = np.exp(expected[-1][:, 1]) / np.exp(expected[-1]).sum(axis=1)
    np.testing.assert_allclose(method.score(outputs).numpy(), score, atol=1e-5)
    np.testing.assert_allclose(method.features(outputs)["clip"].numpy(), h, atol=1e-5)


@torch.no_grad()
def test_features_of_a_frame_by_torchs_functions():
    cnn = FrameCnn(input_size=32, channels=(4, 6), width=8)
    image = clips(2)[:, 0]
    first, second = cnn.convolutions[0], cnn.convolutions[3]
    x = functional.max_pool2d(functional.conv2d(2 * image - 1, first.weight, first.bias, 2, 3).relu(), 2)
    x = functional.max_pool2d(functional.conv2d(x, second.weight, second.bias, 1, 2).relu(), 2)
    expected = functional.linear(x.flatten(1), cnn.fc.weight, cnn.fc.bias).relu()
    torch.testing.assert_close(cnn(image), expected)


def test_loss_after_the_last_frame_and_as_mean_over_frames():
    # Probabilities of bona fide after two frames: 1/4, 1/2 of a bona fide clip; 1/2, 1/5 of an attack.
    probability = torch.tensor([[0.25, 0.5], [0.5, 0.2]])
    logits = torch.stack([(1 - probability).log(), probability.log()], dim=2)
    batch = {"label": torch.tensor([1, 0])}
    last, mean = small(), small(loss="mean")
    outputs = last({"rgb": clips(2)})._replace(logits=logits)
    expected_last = -(np.log(0.5) + np.log(0.8)) / 2
    expected_mean = -(np.log(0.25) + np.log(0.5) + np.log(0.5) + np.log(0.8)) / 4
    assert last.loss(outputs, batch)["loss"].item() == pytest.approx(expected_last)
    assert mean.loss(outputs, batch)["loss"].item() == pytest.approx(expected_mean)
    torch.testing.assert_close(last.score(outputs), torch.tensor([0.5, 0.2]))


@torch.no_grad()
def test_a_clips_score_depends_on_no_other_clip():
    method = small().eval()
    inputs = clips(6)

    def score(of: torch.Tensor) -> torch.Tensor:
        return method.score(method({"rgb": of}))

    together = score(inputs)
    assert together.unique().numel() == 6
    alone = score(inputs[2:3])
    score(inputs.flip(0))  # would leave its mark if a state were kept
    assert torch.equal(score(inputs[2:3]), alone)
    torch.testing.assert_close(torch.cat([score(one[None]) for one in inputs]), together)


@torch.no_grad()
def test_the_order_of_frames_counts():
    method = small().eval()
    forward, backward = clips(2), clips(2).flip(1)
    assert not torch.allclose(method.score(method({"rgb": forward})), method.score(method({"rgb": backward})))


@pytest.mark.parametrize("kind", [Xu2015, Xu2015Cnn])
def test_dropout_acts_in_training_alone(kind):
    torch.manual_seed(0)
    method = kind(**kind.small)
    inputs = {"rgb": clips(2) if kind is Xu2015 else clips(2)[:, 0]}
    assert not torch.equal(method(inputs).logits, method(inputs).logits)
    method.eval()
    assert torch.equal(method(inputs).logits, method(inputs).logits)


def test_initialisation():
    torch.manual_seed(0)
    cnn = FrameCnn(input_size=128, channels=(48, 96), width=256)
    for layer, inputs in ((cnn.convolutions[0], 3 * 49), (cnn.convolutions[3], 48 * 25), (cnn.fc, 96 * 256)):
        assert layer.weight.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.05)  # He
        assert not layer.bias.any()
    lstm = clip_lstm(256, 128)
    for weight, bound in ((lstm.weight_ih_l0, (6 / (256 + 128)) ** 0.5), (lstm.weight_hh_l0, (6 / 256) ** 0.5)):
        assert weight.abs().max().item() == pytest.approx(bound, rel=0.01) and weight.abs().max() <= bound  # Xavier
    assert lstm.bias_ih_l0.tolist() == [0.0] * 128 + [1.0] * 128 + [0.0] * 256
    assert not lstm.bias_hh_l0.any()
    assert last_layer(256).weight.abs().max() <= (6 / 258) ** 0.5


def test_the_cnns_weights_are_taken_over_and_its_classifier_is_not():
    torch.manual_seed(1)
    cnn, method = Xu2015Cnn(**Xu2015Cnn.small), small()
    before = method.clip_classifier.weight.clone()
    new, left = method.start_from(cnn.state_dict())
    assert {name.partition(".")[0] for name in new} == {"lstm", "clip_classifier"}
    assert {name.partition(".")[0] for name in left} == {"frame_classifier"}
    assert all(
        torch.equal(method.state_dict()[name], value)
        for name, value in cnn.state_dict().items()
        if name in method.state_dict()
    )
    assert torch.equal(method.clip_classifier.weight, before)


@pytest.mark.parametrize("settings", [{"input_size": 60}, {"scale": 0.9}, {"dropout": 1.0}, {"loss": "first"}])
def test_values_outside_their_range_are_refused(settings):
    from fas.errors import FasError
    from fas.training.stages import check_model

    with pytest.raises((FasError, ValidationError), match=next(iter(settings))):
        check_model({"name": "xu2015", **settings}, "model")
