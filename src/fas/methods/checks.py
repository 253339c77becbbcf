"""The checks that every method must pass, ours or a user's own: run by our tests and by `fas methods check`."""

from __future__ import annotations

import inspect
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import yaml
from torch import Tensor
from torch.utils.data import DataLoader

from fas.data.batch import Batch, Requirements
from fas.labels import ATTACK, BONA_FIDE
from fas.layers import LAYERS, RGB
from fas.methods import method_class
from fas.methods.base import Method
from fas.methods.checkpoint import load_scorer, save_checkpoint
from fas.methods.fitted import FittedMethod, TrainingTable
from fas.methods.lightning import quiet_lightning
from fas.methods.scorer import Scorer
from fas.methods.sources import method_packages
from fas.resources import resource_dir

_STEPS = 40
_POINTS = 468
_RTOL, _ATOL = 1e-4, 1e-5


class CheckError(AssertionError):
    """A method failed a check."""


def checks() -> dict[str, Callable[[str], None]]:
    """Description of a check -> the function that runs it for a method, by name."""
    found = {name: function for name, function in globals().items() if name.startswith("check_")}
    return {str(function.__doc__).partition("\n")[0].rstrip("."): function for function in found.values()}


def small(name: str, **settings: object) -> Scorer:
    """The named method with its smallest sizes, the same each time."""
    torch.manual_seed(0)
    kind = method_class(name)
    return kind(**{**kind.small, **settings})


def random_batch(requirements: Requirements, size: int = 4, seed: int = 0) -> Batch:
    """A batch with exactly the required entries: bona fide and attacks alternate, and any method can tell them apart.

    Bona fide images are bright and smooth, attacks are dark with stripes; both are noisy. Targets have zeros by label.
    """
    generator = torch.Generator().manual_seed(seed)
    label = 1 - torch.arange(size) % 2
    frames = () if requirements.clip is None else (requirements.clip.length,)
    side = requirements.input_size

    def image() -> Tensor:
        noise = torch.rand(size, *frames, 3, side, side, generator=generator)
        stripes = (torch.arange(side) // 2 % 2).float().view(-1, 1)
        live = label.view(-1, *(1,) * (noise.dim() - 1))
        return 0.3 * noise + torch.where(live == BONA_FIDE, torch.tensor(0.5), 0.4 * stripes)

    def value(layer: str, side: int) -> Tensor:
        about = LAYERS[layer]
        axes = frames if about.unit == "frame" else ()
        if about.kind == "image":
            return torch.rand(size, *axes, about.channels, side, side, generator=generator)
        if about.kind == "points":
            return 2 * torch.rand(size, *axes, _POINTS, 2, generator=generator) - 1
        return torch.rand(size, *axes, about.channels, generator=generator)

    def target(layer: str, side: int) -> Tensor:
        raw = value(layer, side)
        shown = torch.tensor([int(one != LAYERS[layer].zero_for) for one in label.tolist()])
        return raw * shown.view(-1, *(1,) * (raw.dim() - 1))

    batch: dict[str, Any] = {
        "inputs": {layer: image() if layer == RGB else value(layer, side) for layer in requirements.inputs},
        "targets": {layer: target(layer, side) for layer, side in requirements.targets.items()},
        "label": label,
        "presentation": torch.arange(size),
        "frame": torch.zeros(size, dtype=torch.int64),
        "synthesised": torch.zeros(size, dtype=torch.bool),
    }
    if requirements.raw:
        batch["raw"] = {layer: value(layer, requirements.targets[layer]) for layer in requirements.raw}
    if requirements.domain is not None:
        batch["domain"] = torch.arange(size) // 2 % 2
    if requirements.partner:
        batch["partner"] = {
            "inputs": {layer: one.flip(0) for layer, one in batch["inputs"].items()},
            "targets": {layer: one.flip(0) for layer, one in batch["targets"].items()},
            "label": label.flip(0),
        }
    return batch  # type: ignore[return-value]


def train_steps(method: Method, batch: Batch, steps: int) -> pl.Trainer:
    """Trains on one batch for a few real steps under Lightning, on the CPU."""
    quiet_lightning()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            accelerator="cpu",
            max_steps=steps,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
            num_sanity_val_steps=0,
            limit_val_batches=0,
        )
        trainer.fit(method, DataLoader([batch] * steps, batch_size=None))  # type: ignore[arg-type]
    return trainer


def fit_features(method: FittedMethod, batch: Batch, seed: int = 0) -> dict[str, Any]:
    """Fits a fitted method to one batch in which each sample has its own subject."""
    method.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        features = method.extract(batch["inputs"]).double().numpy()
        labels = batch["label"].numpy()
        subjects = np.array([f"s{number}" for number in range(len(labels))], dtype=object)
        species = np.where(labels == ATTACK, "print", "").astype(object)
        return method.fit(features, TrainingTable(labels, batch["presentation"].numpy(), subjects, species), seed)


def _trained(name: str, steps: int = 2) -> tuple[Scorer, Batch]:
    return _trained_class(method_class(name), name, steps)


@cache
def _trained_class(kind: type[Scorer], name: str, steps: int) -> tuple[Scorer, Batch]:
    scorer = small(name)
    batch = random_batch(scorer.requirements, size=16 if isinstance(scorer, FittedMethod) else 8)
    if isinstance(scorer, Method):
        train_steps(scorer, batch, steps)
    elif isinstance(scorer, FittedMethod):
        fit_features(scorer, batch)
    return scorer.eval(), batch


def _require(condition: object, message: str) -> None:
    if not condition:
        raise CheckError(message)


def check_name(name: str) -> None:
    """The class is a scorer named after its folder."""
    kind = method_class(name)
    _require(issubclass(kind, Scorer), f"{kind.__name__} does not derive from Method or FittedMethod")
    _require(kind.name == name, f"{kind.__name__}.name is {kind.name!r}")


def check_readme(name: str) -> None:
    """README.md in its folder has a section on deviations from the paper."""
    path = method_packages()[name.partition("/")[0]].folder / "README.md"
    _require(path.is_file(), f"there is no {path}")
    _require("deviations" in path.read_text(encoding="utf-8").lower(), f"{path} has no section on deviations")


def check_config(name: str) -> None:
    """conf/model lists exactly its hyper-parameters with their defaults."""
    path = config_file(name)
    _require(path.is_file(), f"there is no {path}")
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    _require(settings.pop("name", None) == name, f"{path} does not say name: {name}")
    parameters = inspect.signature(method_class(name)).parameters
    odd = sorted(settings.keys() ^ parameters.keys())
    _require(not odd, f"{path} and the class differ in {', '.join(odd)}")
    for key, value in settings.items():
        default = parameters[key].default
        default = list(default) if isinstance(default, tuple) else default
        _require(value == default, f"{key} is {value!r} in {path}, {default!r} in the class")


def config_file(name: str) -> Path:
    """The file of a method in `conf/model`."""
    package = method_packages()[name.partition("/")[0]]
    conf = resource_dir("conf") if package.origin == "fas" else package.folder.parent / "conf"
    return conf / "model" / f"{name}.yaml"


def check_gradients(name: str) -> None:
    """Every parameter that is trained gets a gradient (DDP waits for each)."""
    method = small(name)
    if not isinstance(method, Method):
        return
    if method.automatic_optimization:
        batch = random_batch(method.requirements)
        method.loss(method(batch["inputs"]), batch)["loss"].backward()  # type: ignore[no-untyped-call]
        named = [(key, one) for key, one in method.named_parameters() if one.requires_grad]
        without = [key for key, one in named if one.grad is None or not one.grad.any()]
        _require(not without, f"no gradient for {', '.join(without)}")


def check_loss(name: str) -> None:
    """The loss consists of finite, named scalars."""
    method = small(name)
    if not isinstance(method, Method):
        return
    batch = random_batch(method.requirements)
    parts = method.loss(method(batch["inputs"]), batch)
    wrong = [part for part, value in parts.items() if value.shape != () or not value.isfinite()]
    _require(parts and not wrong, f"not a finite scalar: {', '.join(wrong)}")
    if method.automatic_optimization:
        _require("loss" in parts and parts["loss"].requires_grad, "there is no part `loss` with a gradient")


def check_step(name: str) -> None:
    """A training step changes every trained weight and logs the losses."""
    method = small(name)
    if not isinstance(method, Method):
        return
    before = {key: one.detach().clone() for key, one in method.named_parameters() if one.requires_grad}
    trainer = train_steps(method, random_batch(method.requirements), 1)
    same = [key for key, one in method.named_parameters() if key in before and torch.equal(one, before[key])]
    _require(not same, f"unchanged: {', '.join(same)}")
    logged = [key for key in trainer.callback_metrics if key.startswith("train/")]
    _require(logged and method.last_losses, "no loss was logged: training_step must call log_losses")


def check_checkpoint(name: str) -> None:
    """A checkpoint restores the same method, threshold and scores."""
    scorer, batch = _trained(name)
    scorer.threshold = 0.1
    content = {
        **scorer.describe_checkpoint(),
        "state_dict": scorer.state_dict(),
        "hyper_parameters": dict(scorer.hparams),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ckpt"
        save_checkpoint(path, content)
        loaded = load_scorer(path, expected=name)
    _require(type(loaded) is type(scorer), "another class was loaded")
    _require(loaded.requirements == scorer.requirements, "the requirements differ")
    _require(loaded.threshold == scorer.threshold, "the threshold differs")
    with torch.no_grad():
        one, other = (each.score(each(batch["inputs"])) for each in (scorer, loaded))
    _require(torch.equal(one, other), f"the scores differ: {one.tolist()} and {other.tolist()}")


def check_score(name: str) -> None:
    """A score is in [0, 1] and does not depend on the rest of the batch."""
    scorer, batch = _trained(name)
    with torch.no_grad():
        score = scorer.score(scorer(batch["inputs"]))
        alone = scorer.score(scorer({layer: one[2:3] for layer, one in batch["inputs"].items()}))
    _require(score.shape == batch["label"].shape, f"scores have shape {tuple(score.shape)}")
    _require(bool(((score >= 0) & (score <= 1)).all()), f"scores are {score.tolist()}")
    _require(torch.allclose(score[2:3], alone, _RTOL, _ATOL), f"{score[2].item()} in a batch, {alone.item()} alone")


def check_learns(name: str) -> None:
    """Bona fide samples score higher than attacks after some steps on an easy batch."""
    scorer, batch = _trained(name, _STEPS)
    with torch.no_grad():
        score = scorer.score(scorer(batch["inputs"]))
    live, attacks = score[batch["label"] == BONA_FIDE], score[batch["label"] == ATTACK]
    _require(live.min() > attacks.max(), f"bona fide {live.tolist()}, attacks {attacks.tolist()}")


def check_maps(name: str) -> None:
    """Predicted maps are in [0, 1], square, and have the channels of their layer."""
    scorer, batch = _trained(name)
    with torch.no_grad():
        maps = scorer.maps(scorer(batch["inputs"]))
    for layer, one in maps.items():
        channels = LAYERS[layer].channels if layer in LAYERS else 1
        _require(one.shape[:2] == (len(batch["label"]), channels), f"{layer} has shape {tuple(one.shape)}")
        _require(one.dim() == 4 and one.shape[2] == one.shape[3], f"{layer} has shape {tuple(one.shape)}")
        _require(bool(((one >= 0) & (one <= 1)).all()), f"{layer} leaves [0, 1]")


def check_features(name: str) -> None:
    """Features are one finite vector for each sample."""
    scorer, batch = _trained(name)
    with torch.no_grad():
        features = scorer.features(scorer(batch["inputs"]))
    for place, one in features.items():
        _require(one.dim() == 2 and len(one) == len(batch["label"]), f"{place} has shape {tuple(one.shape)}")
        _require(bool(one.isfinite().all()), f"{place} is not finite")


def run_checks(name: str) -> Iterator[tuple[str, str | None]]:
    """Runs every check for a method; yields what was checked and why it failed, if it did."""
    for what, check in checks().items():
        try:
            check(name)
        except CheckError as error:
            yield what, str(error)
        except Exception as error:  # a user's own method may fail in any way
            yield what, f"{type(error).__name__}: {error}"
        else:
            yield what, None
