"""Backbones from timm as lists of feature maps, with or without weights to start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import timm
import torch
from huggingface_hub import constants, get_session, try_to_load_from_cache
from timm.models import load_state_dict
from torch import nn

from fas.errors import FasError


def feature_backbone(
    name: str, strides: Sequence[int], *, pretrained: bool = False, weights: str | None = None
) -> tuple[nn.Module, list[int]]:
    """A backbone that returns one feature map for each stride and holds no layer beyond the last of them.

    Args:
        name: A model of timm, with or without the tag of its weights: `vgg16.tv_in1k`, `resnet18`.
        strides: Input pixels per pixel of the feature map, ascending.
        pretrained: Fetch timm's weights; huggingface_hub keeps them in its cache.
        weights: Path of a file to read the weights from instead: a state dict of the whole model, as timm or
            torchvision give it out, in safetensors or PyTorch format.

    Returns:
        A module that maps `(B, 3, H, W)` to a list of `(B, C_i, H / stride_i, W / stride_i)`, and the C_i.

    Raises:
        FasError: timm has no such model, the model has no features at these strides, or its weights cannot be had.
    """
    if not timm.is_model(name):  # also keeps out names that stand for a download, such as hf-hub:...
        raise FasError(f"timm has no model {name!r}", remedy="timm.list_models() gives the names")
    # The getter drops what comes after the last feature; timm's other ways leave it in some models.
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
    ):  # models of which timm gives no features
        reductions = []
    if not set(strides) <= set(reductions):
        raise FasError(
            f"backbone {name!r} has features at strides {reductions}; needed are {list(strides)}",
            remedy="choose a convolutional backbone such as vgg16.tv_in1k, resnet18 or mobilenetv3_small_050",
        )
    indices = tuple(reductions.index(stride) for stride in strides)
    fetch = pretrained and weights is None
    try:
        if fetch:
            _check_hub(name)
        net = timm.create_model(name, **features, out_indices=indices, pretrained=fetch)
    except (OSError, RuntimeError) as error:  # what huggingface_hub and timm raise
        reason = str(error).partition("\n")[0]
        raise FasError(
            f"the pretrained weights of {name!r} cannot be fetched: {reason}",
            remedy="read them from a file with model.backbone_weights=PATH, or do without: model.pretrained=false",
        ) from error
    if weights is not None:
        _read_weights(net.model, name, Path(weights))
    return net, net.feature_info.channels()


def _check_hub(name: str) -> None:
    """Asks once whether the hub is there, unless it is not needed; huggingface_hub itself tries for 49 seconds."""
    repository = timm.get_pretrained_cfg(name).hf_hub_id
    files = ("model.safetensors", "pytorch_model.bin")
    if not repository or any(isinstance(try_to_load_from_cache(repository, file), str) for file in files):
        return
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # its versions stand on different clients, each with errors of its own
        raise ConnectionError(f"{constants.ENDPOINT} cannot be reached: {error}") from error


def _read_weights(net: nn.Module, name: str, path: Path) -> None:
    """Reads all that the features need. A classifier in the file is left out; nothing stays random in silence."""
    try:
        state = load_state_dict(str(path), weights_only=True)
        given = {key: state[key] for key in net.state_dict() if key in state}
    except OSError as error:
        raise FasError(f"the weights cannot be read: {error.strerror or 'no such file'}", path=path) from error
    except Exception as error:  # on other bytes the readers fail in every way there is
        raise FasError(
            "the file is damaged, or no state dict", path=path, remedy="give it in safetensors or PyTorch format"
        ) from error
    try:
        net.load_state_dict(given)
    except RuntimeError as error:  # missing, or of another shape; the message says which
        raise FasError(
            f"the weights are not those of {name!r}: {error}", path=path, remedy="give the weights of the same model"
        ) from error
