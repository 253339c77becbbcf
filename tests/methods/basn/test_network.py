"""Colour channels, shapes at every stage, the fusion."""

import colorsys

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from fas.errors import FasError
from fas.methods.basn.network import BasnNetwork, rgb_to_hsv

SMALL = {
    "input_size": 64,
    "backbone": "test_efficientnet",
    "pretrained": False,
    "backbone_weights": None,
    "auxiliary": "both",
    "fusion": "subtract",
    "afe_channels": (8, 12, 8),
    "fusion_channels": 8,
}


def small_network(**settings: object) -> BasnNetwork:
    torch.manual_seed(0)
    return BasnNetwork(**{**SMALL, **settings})


def shapes_seen(network: nn.Module, names: list[str], image: torch.Tensor) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs of named modules in one forward pass."""
    seen: dict[str, tuple[int, ...]] = {}
    for name in names:
        module = network.get_submodule(name)
        module.register_forward_pre_hook(lambda _, inputs, name=name: seen.update({name: tuple(inputs[0].shape)}))
    with torch.no_grad():
        network(image)
    return seen


class TestHsv:
    def test_agrees_with_colorsys(self):
        levels = np.linspace(0, 1, 6)
        colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
        expected = np.array([colorsys.rgb_to_hsv(*colour) for colour in colours])
        image = torch.from_numpy(colours.T.reshape(1, 3, -1, 1))
        np.testing.assert_allclose(rgb_to_hsv(image)[0, :, :, 0].T, expected, atol=1e-12)

    def test_agrees_with_opencv(self):
        pixels = np.random.default_rng(0).random((16, 16, 3), dtype=np.float32)
        expected = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV) / [360, 1, 1]
        found = rgb_to_hsv(torch.from_numpy(pixels).permute(2, 0, 1)[None])
        np.testing.assert_allclose(found[0].permute(1, 2, 0), expected, atol=1e-5)

    @pytest.mark.parametrize("colour", [(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (1, 0, 0), (0.3, 0.3, 0.1)])
    def test_gradient_is_finite_where_channels_are_equal(self, colour):
        image = torch.tensor(colour, dtype=torch.float32).view(1, 3, 1, 1).requires_grad_()
        rgb_to_hsv(image).sum().backward()
        assert image.grad.isfinite().all()


class TestShapes:
    def test_paper(self):
        """Every size that the text of section 3.2 and figure 3 give, for VGG-16 at 256 x 256."""
        network = small_network(input_size=256, backbone="vgg16", afe_channels=(128, 196, 128), fusion_channels=128)
        stages = ["backbone", "branches.depth", "branches.reflection.to_map", "enrich_backbone", "enrich_auxiliary"]
        last = f"classifier.{len(network.classifier) - 1}"
        seen = shapes_seen(network, [*stages, "classifier", last], torch.rand(1, 3, 256, 256))
        assert seen == {
            "backbone": (1, 3, 256, 256),
            "branches.depth": (1, 128 + 256 + 512, 64, 64),
            "branches.reflection.to_map": (1, 128, 32, 32),
            "enrich_backbone": (1, 128 + 256 + 512 + 512, 16, 16),
            "enrich_auxiliary": (1, 128, 32, 32),
            "classifier": (1, 128, 16, 16),
            last: (1, 128, 8, 8),
        }
        kernels = [one.kernel_size for one in network.classifier if isinstance(one, nn.Conv2d)]
        assert kernels[-2:] == [(1, 1), (8, 8)]

    @pytest.mark.parametrize("size", [32, 64, 96, 128])
    def test_grids_follow_the_input(self, size):
        outputs = small_network(input_size=size)(torch.rand(2, 3, size, size))
        assert outputs.logits.shape == (2, 2)
        assert outputs.maps["depth"].shape == (2, 1, size // 8, size // 8)
        assert outputs.maps["reflection"].shape == (2, 3, size // 8, size // 8)

    @pytest.mark.parametrize("size", [0, 16, 100])
    def test_other_sizes_are_refused(self, size):
        with pytest.raises(FasError, match="multiple of 32"):
            small_network(input_size=size)

    def test_image_of_another_size_is_refused(self):
        with pytest.raises(ValueError, match="not \\(B, 3, 64, 64\\)"):
            small_network()(torch.rand(1, 3, 96, 96))

    @pytest.mark.parametrize(
        ("auxiliary", "maps"),
        [("both", ["depth", "reflection"]), ("depth", ["depth"]), ("reflection", ["reflection"]), ("none", [])],
    )
    def test_ablations_have_the_maps_that_supervise_them(self, auxiliary, maps):
        network = small_network(auxiliary=auxiliary)
        assert list(network(torch.rand(2, 3, 64, 64)).maps) == maps
        assert hasattr(network, "enrich_auxiliary") == bool(maps)


class TestEnrichment:
    @pytest.mark.parametrize(("fusion", "sign"), [("subtract", -1), ("add", 1)])
    def test_reflection_features_are_fused_into_depth_features(self, fusion, sign):
        network = small_network(fusion=fusion).eval()
        found: dict[str, torch.Tensor] = {}
        for name in ("branches.depth.features", "branches.reflection.features"):
            module = network.get_submodule(name)
            module.register_forward_hook(lambda _, inputs, output, name=name: found.update({name: output}))
        network.enrich_auxiliary.register_forward_pre_hook(lambda _, inputs: found.update(fused=inputs[0]))
        with torch.no_grad():
            network(torch.rand(2, 3, 64, 64))
        depth, reflection = found["branches.depth.features"], found["branches.reflection.features"]
        assert reflection.abs().sum() > 0
        assert torch.equal(found["fused"], depth + sign * reflection)

    def test_has_no_activation(self):
        network = small_network()
        kinds = {type(one) for part in (network.enrich_auxiliary, network.enrich_backbone) for one in part}
        assert kinds == {nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d}

    def test_classifier_sees_negative_values(self):
        network = small_network()
        network.classifier.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        seen: list[torch.Tensor] = []
        network(torch.rand(2, 3, 64, 64))
        assert seen[0].min() < -1


def test_weights_start_from_he_initialisation():
    network = small_network(afe_channels=(64, 64, 64))
    weight = network.branches["depth"].features[3].weight  # the second convolution: 64 channels in, 3 x 3
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    assert not network.six_to_three.bias.any()
