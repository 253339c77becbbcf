"""Backbones from timm that return feature maps or one pooled vector, with or without pretrained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub import constants, get_session, try_to_load_from_cache
from timm.models import load_state_dict
from torch import Tensor, nn

from fas.errors import FasError, first_line
from fas.weights.fetching import model_file
from fas.weights.table import EFFICIENTNET_LITE0

PACKAGED = dict.fromkeys(("tf_efficientnet_lite0", "tf_efficientnet_lite0.in1k"), EFFICIENTNET_LITE0)
"""Backbone -> its ImageNet weights in the table of `fas models`, which do not need timm's hub."""

_OTHER_WEIGHTS = "load a file with model.backbone_weights=PATH, or train without: model.pretrained=false"


def feature_backbone(
    name: str, strides: Sequence[int], *, pretrained: bool = False, weights: str | None = None
) -> tuple[nn.Module, list[int]]:
    """A backbone that returns one feature map for each stride and holds no layer beyond the last of them.

    Args:
        name: A model of timm, with or without the tag of its weights: `vgg16.tv_in1k`, `resnet18`.
        strides: Input pixels per pixel of the feature map, ascending.
        pretrained: Start from ImageNet weights: those of `fas models` for the names in `PACKAGED`, else timm's, which
            huggingface_hub keeps in its cache.
        weights: Path of a file to load instead: a state dict of the whole model, as timm or
            torchvision give it out, in safetensors or PyTorch format.

    Returns:
        A module that maps `(B, 3, H, W)` to a list of `(B, C_i, H / stride_i, W / stride_i)`, and the C_i.

    Raises:
        FasError: timm has no such model, the model has no features at these strides, or its weights cannot be obtained.
    """
    _check_name(name)
    # The getter drops the layers after the last feature; timm's other ways keep them in some models.
    features = {"features_only": True, "feature_cls": "getter"}
    try:
        with torch.device("meta"):
            reductions = timm.create_model(name, **features).feature_info.reduction()
    except (
        AssertionError,
        AttributeError,
        KeyError,
        RuntimeError,
        TypeError,
    ):  # no features from this model
        reductions = []
    if not set(strides) <= set(reductions):
        raise FasError(
            f"backbone {name!r} has features at strides {reductions}; the method needs {list(strides)}",
            remedy="choose a convolutional backbone such as vgg16.tv_in1k, resnet18 or mobilenetv3_small_050",
        )
    indices = tuple(reductions.index(stride) for stride in strides)
    net = _create(name, pretrained=pretrained, weights=weights, out_indices=indices, **features)
    _fill(net.model, name, pretrained=pretrained, weights=weights)
    return net, net.feature_info.channels()


def plain_backbone(name: str, *, pretrained: bool = False, weights: str | None = None) -> tuple[nn.Module, int]:
    """A backbone without its classifier, which returns one pooled vector for each image.

    Args:
        name: As for `feature_backbone`; any model of timm.
        pretrained: As for `feature_backbone`.
        weights: As for `feature_backbone`.

    Returns:
        A module that maps `(B, 3, H, W)` to `(B, D)`, the input of timm's classifier, and D.

    Raises:
        FasError: timm has no such model, or its weights cannot be obtained.
    """
    _check_name(name)
    net = _create(name, pretrained=pretrained, weights=weights, num_classes=0)
    _fill(net, name, pretrained=pretrained, weights=weights)
    return net, int(net.head_hidden_size)  # num_features is the width before the head, which some models widen


def backbone_normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The input normalisation of a pretrained backbone: mean and standard deviation of red, green and blue in [0, 1].

    The network expects an image in [0, 1] as `(image - mean) / std`.

    Args:
        name: As for `feature_backbone`; the tag matters, since weights of one model differ in what they expect.

    Raises:
        FasError: timm has no such model.
    """
    _check_name(name)
    settings = timm.get_pretrained_cfg(name)
    return tuple(settings.mean), tuple(settings.std)


def _check_name(name: str) -> None:
    """Rejects models that timm does not know, and names that would download, such as hf-hub:..."""
    if not timm.is_model(name):
        raise FasError(f"timm has no model {name!r}", remedy="timm.list_models() lists the names")
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        model, _, tag = name.partition(".")
        cause = f"timm has no weights {tag!r} of the model {model!r}"
        raise FasError(cause, remedy=f"timm.list_pretrained('{model}.*') lists the names") from error


def _create(name: str, *, pretrained: bool, weights: str | None, **settings: Any) -> Any:
    """Creates a model of timm, with the weights of timm's hub if requested."""
    fetch = pretrained and weights is None and name not in PACKAGED
    try:
        if fetch:
            _check_hub(name)
        return timm.create_model(name, pretrained=fetch, **settings)
    except (OSError, RuntimeError) as error:  # what huggingface_hub and timm raise
        cause = f"the pretrained weights of {name!r} cannot be fetched: {first_line(error)}"
        raise FasError(cause, remedy=_OTHER_WEIGHTS) from error


def _fill(net: nn.Module, name: str, *, pretrained: bool, weights: str | None) -> None:
    """Loads the weights of a file or of `PACKAGED` if requested; a classifier in them may be left out."""
    if weights is not None:
        path = Path(weights)
        state = _read_state(path)
    elif pretrained and name in PACKAGED:
        path = model_file(PACKAGED[name])
        state = _named_as_in_timm(_read_state(path), name, path)
    else:
        return
    try:
        # The file must have every weight of the network, so that none stays random without an error.
        net.load_state_dict({key: state[key] for key in net.state_dict() if key in state})
    except RuntimeError as error:  # missing, or of another shape; the message says which
        raise _other_model(name, str(error), path) from error


def _check_hub(name: str) -> None:
    """Checks once whether the hub can be reached, if it is needed; huggingface_hub itself tries for 49 seconds."""
    repository = timm.get_pretrained_cfg(name).hf_hub_id
    files = ("model.safetensors", "pytorch_model.bin")
    if not repository or any(isinstance(try_to_load_from_cache(repository, file), str) for file in files):
        return
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # its versions use different HTTP clients, each with its own errors
        raise ConnectionError(f"{constants.ENDPOINT} cannot be reached: {error}") from error


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        state = load_state_dict(str(path), weights_only=True)
        if not isinstance(state, Mapping):
            raise TypeError("not a state dict")
    except OSError as error:
        raise FasError(f"the weights cannot be read: {error.strerror or 'no such file'}", path=path) from error
    except Exception as error:  # on other bytes the readers can fail in any way
        raise FasError(
            "the file is damaged, or not a state dict", path=path, remedy="give it in safetensors or PyTorch format"
        ) from error
    return dict(state)


def _named_as_in_timm(state: dict[str, Tensor], name: str, path: Path) -> dict[str, Tensor]:
    """Renames the tensors of a file to timm's names, if it has all of them in timm's order under other names."""
    with torch.device("meta"):
        expected = timm.create_model(name).state_dict()
    given, wanted = [tuple(one.shape) for one in state.values()], [tuple(one.shape) for one in expected.values()]
    if given != wanted:
        differing = [key for key, one, other in zip(expected, given, wanted, strict=False) if one != other]
        reason = f"{differing[0]} differs in shape" if differing else f"{len(given)} tensors, expected {len(wanted)}"
        raise _other_model(name, reason, path)
    return dict(zip(expected, state.values(), strict=True))


def _other_model(name: str, reason: str, path: Path) -> FasError:
    return FasError(
        f"the weights are not those of {name!r}: {reason}", path=path, remedy="give the weights of the same model"
    )
