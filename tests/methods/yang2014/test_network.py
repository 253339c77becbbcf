"""AlexNet for 128 pixels: sizes, response normalisation, training mean, initialisation."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fas.errors import FasError
from fas.methods.yang2014.network import AlexNet, response_norm

ALEXNET = {"channels": (96, 256, 384, 384, 256), "hidden": 4096}
SMALL = {"frames": 1, "channels": (4, 8, 6, 10, 8), "hidden": 16, "groups": 1}


def small_network(**settings: object) -> AlexNet:
    torch.manual_seed(0)
    return AlexNet(**{**SMALL, **settings}).eval()


@pytest.mark.parametrize(
    ("frames", "groups", "parameters"),
    [(1, 1, 24_735_106), (1, 2, 23_321_986), (3, 1, 24_804_802), (3, 2, 23_391_682)],
)
def test_parameters_of_alexnet(frames, groups, parameters):
    with torch.device("meta"):
        network = AlexNet(frames=frames, groups=groups, **ALEXNET)
    assert sum(one.numel() for one in network.parameters()) == parameters


def test_sizes_after_every_convolution_and_pooling():
    network, sides = small_network(), []
    for module in network.convolutions:
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):
            module.register_forward_hook(lambda _, __, out: sides.append(tuple(out.shape[1:])))
    outputs = network(torch.rand(2, 3, 128, 128))
    #                 11 x 11 / 4      3 / 2          5 x 5          3 / 2        3 x 3
    assert sides == [(4, 30, 30), (4, 14, 14), (8, 14, 14), (8, 6, 6), (6, 6, 6), (10, 6, 6), (8, 6, 6), (8, 2, 2)]
    assert [tuple(one.shape) for one in outputs] == [(2, 2), (2, 32), (2, 16)]


def test_groups_keep_the_halves_of_convolutions_2_4_and_5_apart():
    convolutions = [one for one in small_network(groups=2).convolutions if isinstance(one, nn.Conv2d)]
    assert [one.groups for one in convolutions] == [1, 2, 1, 2, 2]


def test_odd_kernels_cannot_be_halved():
    with pytest.raises(FasError, match="2 groups"):
        small_network(channels=(4, 8, 6, 9, 8), groups=2)


def test_features_are_what_the_last_layers_read():
    network = small_network()
    with torch.no_grad():
        outputs = network(torch.rand(3, 3, 128, 128))
    assert (outputs.pool5 >= 0).all() and (outputs.fc7 >= 0).all() and outputs.fc7.any()
    fc6 = functional.relu(functional.linear(outputs.pool5, network.fc6.weight, network.fc6.bias))
    fc7 = functional.relu(functional.linear(fc6, network.fc7.weight, network.fc7.bias))
    torch.testing.assert_close(outputs.fc7, fc7)
    torch.testing.assert_close(outputs.logits, functional.linear(fc7, network.fc8.weight, network.fc8.bias))


def test_half_of_both_hidden_layers_is_dropped_in_training():
    network, dropped = small_network(hidden=2000).train(), []
    network.dropout.register_forward_hook(lambda _, given, out: dropped.append((given[0] > 0) & (out == 0)))
    active = []
    network.dropout.register_forward_pre_hook(lambda _, given: active.append(given[0] > 0))
    network(torch.rand(4, 3, 128, 128))
    assert len(dropped) == 2
    for zeroed, on in zip(dropped, active, strict=True):
        assert zeroed.sum() / on.sum() == pytest.approx(0.5, abs=0.05)


def test_response_norm_is_alexnets_formula():
    # b_c = a_c / (2 + 1e-4 sum of a^2 over the channels c - 2 to c + 2)^0.75, at values where the sum matters
    a = np.random.default_rng(0).uniform(0, 200, (7, 3, 4))
    expected = np.empty_like(a)
    for channel in range(7):
        near = a[max(0, channel - 2) : channel + 3]
        expected[channel] = a[channel] / (2 + 1e-4 * np.square(near).sum(0)) ** 0.75
    torch.testing.assert_close(response_norm()(torch.from_numpy(a)[None])[0], torch.from_numpy(expected))


def test_mean_is_that_of_all_images_however_they_are_batched():
    network = small_network()
    images = torch.rand(10, 3, 128, 128)
    for batch in images.split([4, 5, 1]):
        network.add_to_mean(batch.mean(0), len(batch))
    assert network.seen == 10
    torch.testing.assert_close(network.mean, images.mean(0))


def test_mean_is_subtracted():
    network = small_network()
    image, mean = torch.rand(2, 3, 128, 128), torch.rand(3, 128, 128)
    shifted = network(image - mean).logits
    network.add_to_mean(mean, 1)
    torch.testing.assert_close(network(image).logits, shifted)
    assert "mean" in network.state_dict()


def test_initial_weights():
    # He: variance 2 / fan-in where a ReLU follows; Xavier: 2 / (fan-in + fan-out)
    network = small_network(channels=(64, 64, 64, 64, 64), hidden=1000)
    convolutions = [one for one in network.convolutions if isinstance(one, nn.Conv2d)]
    for layer in (*convolutions, network.fc6, network.fc7):
        assert layer.weight.var().item() == pytest.approx(2 / layer.weight[0].numel(), rel=0.1)
        assert not layer.bias.any()
    assert network.fc8.weight.var().item() == pytest.approx(2 / 1002, rel=0.2)


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 3, 64, 64\).*3, 128, 128"):
        small_network()(torch.rand(1, 3, 64, 64))
