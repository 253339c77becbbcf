"""Backbones: strides, nothing beyond the last feature, weights from a file, no network."""

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from fas.errors import FasError
from fas.methods.backbone import feature_backbone

STRIDES = (2, 4, 8, 16)


@pytest.mark.parametrize(
    "name", ["vgg16.tv_in1k", "resnet10t", "mobilenetv3_small_050", "lcnet_050", "test_efficientnet"]
)
def test_gives_one_map_for_each_stride_and_uses_all_it_holds(name):
    net, channels = feature_backbone(name, STRIDES)
    image = torch.rand(1, 3, 64, 64)
    features = net(image)
    assert [tuple(one.shape) for one in features] == [
        (1, count, 64 // stride, 64 // stride) for count, stride in zip(channels, STRIDES, strict=True)
    ]
    sum(one.sum() for one in features).backward()
    assert all(one.grad is not None for one in net.parameters())


def test_vgg16_gives_the_blocks_of_the_paper():
    net, channels = feature_backbone("vgg16.tv_in1k", STRIDES)
    assert channels == [128, 256, 512, 512]
    assert sum(isinstance(one, nn.Conv2d) for one in net.modules()) == 13
    assert all(one.min() >= 0 for one in net(torch.rand(1, 3, 32, 32))), "outputs after the activation"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vgg61", "timm has no model 'vgg61'"),
        ("hf-hub:timm/vgg16", "timm has no model"),
        ("test_vit", r"features at strides \[16, 16, 16\]"),
        ("hardcorenas_a", r"features at strides \[\]"),
    ],
)
def test_a_model_without_such_features_is_refused(name, message):
    with pytest.raises(FasError, match=message):
        feature_backbone(name, STRIDES)


def test_pretrained_without_network_names_both_ways_out(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(FasError) as caught:
        feature_backbone("resnet10t", STRIDES, pretrained=True)
    assert "backbone_weights=PATH" in caught.value.remedy
    assert "pretrained=false" in caught.value.remedy


def test_a_hub_that_cannot_be_reached_is_tried_once(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(FasError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        feature_backbone("resnet10t", STRIDES, pretrained=True)
    assert "Retrying" not in caplog.text


def test_weights_in_the_cache_need_no_hub(monkeypatch, tmp_path, whole_model):
    repository = tmp_path / "models--timm--test_efficientnet.r160_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    (repository / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(whole_model.state_dict(), repository / "snapshots" / ("0" * 40) / "model.safetensors")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    net, _ = feature_backbone("test_efficientnet", STRIDES, pretrained=True)
    assert torch.equal(net.model.conv_stem.weight, whole_model.conv_stem.weight)


@pytest.fixture
def whole_model():
    torch.manual_seed(1)
    return timm.create_model("test_efficientnet")


def save_torch(state, path):
    torch.save(state, path)


class TestWeightsFromAFile:
    @pytest.mark.parametrize(("save", "name"), [(save_torch, "a.pth"), (save_file, "a.safetensors")])
    def test_are_those_of_the_whole_model(self, whole_model, tmp_path, save, name):
        save(whole_model.state_dict(), tmp_path / name)
        # `pretrained` gives way to the file: nothing is fetched.
        net, _ = feature_backbone("test_efficientnet", STRIDES, pretrained=True, weights=str(tmp_path / name))
        image = torch.rand(1, 3, 64, 64)
        expected = whole_model.eval().forward_intermediates(image, indices=[0, 1, 2, 3], intermediates_only=True)
        for one, other in zip(net.eval()(image), expected, strict=True):
            torch.testing.assert_close(one, other)

    def check(self, path, message):
        with pytest.raises(FasError, match=message) as caught:
            feature_backbone("test_efficientnet", STRIDES, weights=str(path))
        assert caught.value.path == path

    def test_missing_file(self, tmp_path):
        self.check(tmp_path / "none.pth", "cannot be read")

    def test_missing_tensor(self, whole_model, tmp_path):
        state = whole_model.state_dict()
        del state["blocks.0.0.conv.weight"]
        save_file(state, tmp_path / "a.safetensors")
        self.check(tmp_path / "a.safetensors", r"not those of 'test_efficientnet'(.|\n)*blocks.0.0.conv.weight")

    def test_another_model(self, tmp_path):
        save_file(timm.create_model("test_resnet").state_dict(), tmp_path / "a.safetensors")
        self.check(tmp_path / "a.safetensors", "not those of 'test_efficientnet'")

    def test_other_shapes(self, whole_model, tmp_path):
        state = whole_model.state_dict()
        state["conv_stem.weight"] = state["conv_stem.weight"][:8].clone()
        save_file(state, tmp_path / "a.safetensors")
        self.check(tmp_path / "a.safetensors", r"not those of 'test_efficientnet'(.|\n)*size mismatch")

    @pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
    def test_cut_off(self, whole_model, tmp_path, name):
        path = tmp_path / name
        (save_file if name.endswith("s") else save_torch)(whole_model.state_dict(), path)
        path.write_bytes(path.read_bytes()[:1000])
        self.check(path, "damaged, or no state dict")

    @pytest.mark.parametrize("content", [b"", b"not weights at all"])
    @pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
    def test_something_else(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        self.check(tmp_path / name, "damaged, or no state dict")

    def test_code_is_not_run(self, tmp_path):
        torch.save(nn.Linear(1, 1), tmp_path / "a.pth")
        self.check(tmp_path / "a.pth", "damaged, or no state dict")

    def test_a_single_tensor(self, tmp_path):
        torch.save(torch.zeros(1), tmp_path / "a.pth")
        self.check(tmp_path / "a.pth", "damaged, or no state dict")
