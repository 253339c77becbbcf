"""What every method must do. Methods are found by their folders, so a new one is tested without a line here."""

import inspect

import pytest
import pytorch_lightning as pl
import torch
import yaml
from torch.utils.data import DataLoader

import fas.methods
from fas.errors import FasError
from fas.methods import known_methods, method_class
from fas.methods.base import Method
from fas.methods.checkpoint import load_method
from fas.resources import resource_dir
from tests.fakes.batches import CHANNELS, random_batch, small_method

every_method = pytest.mark.parametrize("name", known_methods())


def one_step(method: Method, folder) -> pl.Trainer:
    """Trains one real step under Lightning."""
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    batches = DataLoader([random_batch(method.requirements)], batch_size=None)
    trainer.fit(method, batches)
    return trainer


def test_basn_is_found():
    assert "basn" in known_methods()


def test_a_package_without_a_folder_is_no_method():
    with pytest.raises(FasError, match=r"unknown method 'os'(.|\n)*basn"):
        method_class("os")


@every_method
def test_class_is_named_after_its_folder(name):
    assert issubclass(method_class(name), Method)
    assert method_class(name).name == name


@every_method
def test_folder_explains_itself(name):
    [root] = fas.methods.__path__
    assert "deviations" in (resource_dir("conf").parent / root / name / "README.md").read_text().lower()


@every_method
def test_conf_lists_exactly_the_hyper_parameters(name):
    settings = yaml.safe_load((resource_dir("conf") / "model" / f"{name}.yaml").read_text())
    assert settings.pop("name") == name
    parameters = inspect.signature(method_class(name)).parameters
    assert settings.keys() == parameters.keys()
    for key, value in settings.items():
        default = parameters[key].default
        assert value == (list(default) if isinstance(default, tuple) else default), f"{key}: conf and code differ"


@every_method
def test_every_parameter_gets_a_gradient(name):
    method = small_method(name)
    batch = random_batch(method.requirements)
    method.loss(method(batch["image"]), batch)["loss"].backward()
    # DDP waits for the gradient of every parameter.
    without = [key for key, one in method.named_parameters() if one.grad is None or not one.grad.any()]
    assert not without


@every_method
def test_loss_is_a_finite_scalar_in_named_parts(name):
    method = small_method(name)
    batch = random_batch(method.requirements)
    parts = method.loss(method(batch["image"]), batch)
    assert parts["loss"].requires_grad
    assert all(value.shape == () and value.isfinite() for value in parts.values())


@every_method
def test_a_step_of_training_changes_the_weights_and_logs_the_parts(name, tmp_path):
    method = small_method(name)
    before = {key: one.detach().clone() for key, one in method.named_parameters()}
    trainer = one_step(method, tmp_path)
    assert all(not torch.equal(one, before[key]) for key, one in method.named_parameters())
    assert "train/loss" in trainer.callback_metrics


@every_method
def test_checkpoint_gives_back_the_same_method(name, tmp_path):
    method = small_method(name)
    trainer = one_step(method, tmp_path)
    method.threshold = 0.1
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    loaded = load_method(tmp_path / "a.ckpt", expected=name)

    assert type(loaded) is type(method)
    assert loaded.requirements == method.requirements
    assert loaded.threshold == 0.1
    assert not loaded.training
    image = random_batch(method.requirements)["image"]
    assert torch.equal(loaded.score(loaded(image)), method.eval().score(method(image)))


@every_method
def test_score_is_a_share_and_does_not_depend_on_the_rest_of_the_batch(name):
    method = small_method(name).eval()
    image = random_batch(method.requirements, size=6)["image"]
    with torch.no_grad():
        score = method.score(method(image))
        alone = method.score(method(image[2:3]))
    assert score.shape == (6,)
    assert ((score >= 0) & (score <= 1)).all()
    torch.testing.assert_close(score[2:3], alone)


@every_method
def test_bona_fide_scores_higher_once_the_method_has_learnt_it(name):
    method = small_method(name)
    batch = random_batch(method.requirements, size=8)
    bright = batch["label"].view(-1, 1, 1, 1)
    batch["image"] = 0.4 * batch["image"] + 0.6 * bright
    optimizer = method.configure_optimizers()
    for _ in range(30):
        optimizer.zero_grad()
        method.loss(method(batch["image"]), batch)["loss"].backward()
        optimizer.step()
    score = method.score(method(batch["image"]))
    assert score[batch["label"] == 1].min() > score[batch["label"] == 0].max()


@every_method
def test_maps_are_in_range_and_of_a_known_layer(name):
    method = small_method(name).eval()
    image = random_batch(method.requirements, size=3)["image"]
    with torch.no_grad():
        maps = method.maps(method(image))
    for layer, one in maps.items():
        assert one.shape[:2] == (3, CHANNELS[layer])
        assert one.shape[2] == one.shape[3]
        assert ((one >= 0) & (one <= 1)).all()


@every_method
def test_features_are_one_finite_vector_a_face(name):
    method = small_method(name).eval()
    image = random_batch(method.requirements, size=3)["image"]
    with torch.no_grad():
        features = method.features(method(image))
    for one in features.values():
        assert one.shape[0] == 3
        assert one.dim() == 2
        assert one.isfinite().all()
