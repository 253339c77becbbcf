"""Creates objects from a config. A config holds only data: it never names a class or function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger

from fas.data.batch import Requirements, TransformSettings
from fas.data.datamodule import FasDataModule
from fas.errors import FasError
from fas.methods import method_class
from fas.methods.scorer import Scorer
from fas.training.arguments import check_arguments
from fas.training.callbacks import Progress
from fas.training.checkpoints import WholeFiles
from fas.training.experiment import Experiment
from fas.training.stages import check_model

_TRAINER_GIVEN = (
    "logger",
    "callbacks",
    "default_root_dir",
    "enable_progress_bar",
    "enable_model_summary",
    "enable_checkpointing",
    "enable_autolog_hparams",
    "use_distributed_sampler",
    "num_sanity_val_steps",
    "barebones",
    "plugins",
    "model_registry",
)


def build_scorer(experiment: Experiment, *, from_checkpoint: bool = False) -> Scorer:
    """The method of an experiment or a stage with its hyper-parameters.

    Args:
        experiment: The config.
        from_checkpoint: Weights come from a checkpoint, so no initial weights are fetched.

    Raises:
        FasError: The method or a hyper-parameter is unknown, a value does not fit, or weights are not available.
    """
    arguments = check_model(experiment.model, "model")
    kind = method_class(str(experiment.model["name"]))
    return kind(**{**arguments, **(kind.starting_point if from_checkpoint else {})})


def check_settings(experiment: Experiment) -> None:
    """Checks the keys and values of all sections of an experiment or a stage, before anything is built.

    Raises:
        FasError: A key is unknown, or a value does not fit.
    """
    check_model(experiment.model, "model")
    _data_arguments(experiment)
    _trainer_arguments(experiment)


def _data_arguments(experiment: Experiment) -> dict[str, Any]:
    data = check_arguments(FasDataModule, experiment.data, "data", ("requirements", "transforms", "seed"))
    return {**data, **check_arguments(_augment_section, experiment.augment, "augment")}


def _trainer_arguments(experiment: Experiment) -> dict[str, Any]:
    return check_arguments(pl.Trainer, experiment.trainer, "trainer", _TRAINER_GIVEN)


def _augment_section(*, transforms: TransformSettings | None) -> None:
    """The section `augment`."""


def build_datamodule(experiment: Experiment, requirements: Requirements) -> FasDataModule:
    """The data of an experiment, as a method requires it.

    Raises:
        FasError: A key is unknown, a value does not fit, or an augmentation is unknown.
    """
    return FasDataModule(**_data_arguments(experiment), requirements=requirements, seed=experiment.seed)


def build_trainer(
    experiment: Experiment, run: Path, loggers: Sequence[Logger], callbacks: Sequence[Callback]
) -> pl.Trainer:
    """Lightning's Trainer for a fit.

    Args:
        experiment: The config.
        run: The run's folder.
        loggers: The loggers.
        callbacks: The callbacks of the training.

    Raises:
        FasError: An argument is unknown, or Lightning rejects a value.
    """
    arguments = _trainer_arguments(experiment)
    if (arguments.get("max_epochs") or 0) < 1:
        raise FasError("trainer.max_epochs must be at least 1", remedy="give trainer.max_epochs=...")
    return _trainer(
        **arguments,
        default_root_dir=run,
        logger=list(loggers),
        callbacks=list(callbacks),
        plugins=[WholeFiles()],
        enable_autolog_hparams=False,
        use_distributed_sampler=False,  # the DataModule's samplers know their rank
        num_sanity_val_steps=0,  # a few dev batches cannot give a threshold
    )


def build_evaluator(experiment: Experiment, what: str = "score") -> pl.Trainer:
    """Lightning's Trainer for scoring: one device of the experiment's kind, in the precision of the training.

    Args:
        experiment: The config.
        what: Text of the progress bar.

    Raises:
        FasError: Lightning rejects the kind or the precision.
    """
    arguments = _trainer_arguments(experiment)
    kept = {key: arguments[key] for key in ("accelerator", "precision") if key in arguments}
    return _trainer(**kept, devices=1, logger=False, callbacks=[Progress(what)], enable_checkpointing=False)


def _trainer(**arguments: Any) -> pl.Trainer:
    try:
        return pl.Trainer(**arguments, enable_progress_bar=False, enable_model_summary=False)
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise FasError(
            f"Lightning rejects the trainer's settings: {' '.join(str(error).split())}",
            remedy="change trainer.accelerator, trainer.devices, trainer.strategy or the setting that it names",
        ) from error
