"""Checkpoints: what is not one is refused with one message, and no code in it ever runs."""

import huggingface_hub.constants
import pytest
import torch

from fas.errors import FasError
from fas.methods.basn import Basn
from fas.methods.checkpoint import load_scorer, read_checkpoint


@pytest.fixture
def method():
    return Basn(**Basn.small)


def content_of(method):
    checkpoint = {"state_dict": method.state_dict(), "hyper_parameters": dict(method.hparams)}
    method.on_save_checkpoint(checkpoint)
    return checkpoint


@pytest.fixture
def checkpoint(method, tmp_path):
    """Writes a checkpoint after a change."""

    def write(**changes):
        path = tmp_path / "a.ckpt"
        torch.save({**content_of(method), **changes}, path)
        return path

    return write


def check(path, message, **expected):
    with pytest.raises(FasError, match=message) as caught:
        load_scorer(path, **expected)
    assert caught.value.path == path
    assert caught.value.remedy


def test_missing(tmp_path):
    check(tmp_path / "none.ckpt", "cannot be read: No such file")


def test_a_folder(tmp_path):
    check(tmp_path, "cannot be read: Is a directory")


@pytest.mark.parametrize("content", [b"", b"\x80\x02.", b"a text file\n" * 100])
def test_not_a_checkpoint(tmp_path, content):
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    check(path, "not a checkpoint")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_cut_off(checkpoint, share):
    path = checkpoint()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    check(path, "damaged or truncated")


class Bomb:
    def __reduce__(self):
        return print, ("boom",)


def test_code_does_not_run(checkpoint, capsys):
    check(checkpoint(hyper_parameters={"a": Bomb()}), "holds code")
    assert "boom" not in capsys.readouterr().out


def test_weights_alone(method, tmp_path):
    torch.save(method.state_dict(), tmp_path / "a.ckpt")
    check(tmp_path / "a.ckpt", "not a checkpoint of fas")


def test_of_another_method(checkpoint):
    check(checkpoint(), "to method 'basn', not 'pdle'", expected="pdle")


@pytest.mark.parametrize("name", ["gone", "os", "../basn", 3, None])
def test_of_an_unknown_method(checkpoint, name):
    check(checkpoint(fas_method=name), "not known here")


def test_unknown_hyper_parameter(checkpoint, method):
    check(checkpoint(hyper_parameters={**method.hparams, "momentum": 0.9}), "no hyper-parameter 'momentum'")


def test_weights_of_another_size(checkpoint, method):
    check(checkpoint(hyper_parameters={**method.hparams, "fusion_channels": 16}), "do not fit")


@pytest.mark.parametrize("changes", [{"fusion": "divide"}, {"afe_channels": 3}, {"backbone": "vgg61"}])
def test_value_that_the_method_does_not_take(checkpoint, method, changes):
    with pytest.raises(FasError):
        load_scorer(checkpoint(hyper_parameters={**method.hparams, **changes}))


@pytest.mark.parametrize("key", ["state_dict", "hyper_parameters"])
def test_part_of_another_kind(checkpoint, key):
    check(checkpoint(**{key: 3}), "not a checkpoint of fas")


def test_missing_weights(checkpoint, method):
    state = method.state_dict()
    del state["network.six_to_three.weight"]
    check(checkpoint(state_dict=state), "do not fit")


def test_missing_threshold(method, tmp_path):
    content = content_of(method)
    del content["fas_threshold"]
    torch.save(content, tmp_path / "a.ckpt")
    check(tmp_path / "a.ckpt", "do not fit")


def test_needs_no_download_and_no_weights_file(checkpoint, method, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    path = checkpoint(hyper_parameters={**method.hparams, "pretrained": True, "backbone_weights": "/gone.pth"})
    assert load_scorer(path).state_dict().keys() == method.state_dict().keys()


def test_resuming_with_another_method_is_refused(method, checkpoint):
    content = read_checkpoint(checkpoint(fas_method="pdle"))
    with pytest.raises(FasError, match="to method 'pdle', not 'basn'"):
        method.on_load_checkpoint(content)
