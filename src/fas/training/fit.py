"""Trains the method of an experiment in a run's folder, or goes on with a run that was stopped."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.rank_zero import rank_zero_only

from fas.errors import FasError, FasWarning
from fas.methods.base import Method
from fas.methods.checkpoint import read_checkpoint
from fas.runs.run import RUNS, Run, new_run
from fas.training.build import build_datamodule, build_method, build_trainer
from fas.training.callbacks import Progress
from fas.training.checkpoints import checkpoints
from fas.training.compose import compose_run
from fas.training.experiment import Experiment
from fas.training.loggers import finish, make_loggers


def fit(experiment: Experiment) -> Run:
    """Trains until the last epoch.

    If `experiment.run_dir` holds a run with a finished epoch, training goes on after it.

    Args:
        experiment: The config.

    Returns:
        The run's folder.

    Raises:
        FasError: Something in the config, the data or the weights is wrong, training diverges, or the run in the
            folder has another config.
    """
    quiet()
    pl.seed_everything(experiment.seed, workers=True, verbose=False)
    earlier = Run(Path(experiment.run_dir)) if experiment.run_dir else None
    resumed = read_checkpoint(earlier.final.last) if earlier is not None and earlier.final.last.is_file() else None
    if earlier is not None and resumed is not None:
        _check_same(experiment, earlier)
    method = build_method(experiment, from_checkpoint=resumed is not None)
    data = build_datamodule(experiment, method.requirements)
    with readable_errors():
        data.setup("fit")  # here, before a folder is made or a process started; Lightning's own call finds it done
        run = earlier or _new_run(experiment.experiment)
        _record(run, experiment, data.facts, resumed)
        loggers = make_loggers(experiment, run.path, resumed["global_step"] if resumed else 0)
        callbacks = [Progress(), *checkpoints(run.final.checkpoints, experiment.monitor)]
        trainer = build_trainer(experiment, run.path, loggers, callbacks)
        _announce(run, method, data.facts, resumed)
        if "dev" not in data.splits:
            message = (
                f"protocol {data.facts['protocol']} has no dev split: the last epoch is kept, and it has no threshold. "
                "`fas datasets show` names the dataset's protocols with one"
            )
            warnings.warn(FasWarning(message), stacklevel=2)
        if resumed and resumed["epoch"] + 1 >= (trainer.max_epochs or 0):
            _tell(f"all {trainer.max_epochs} epochs are done; give a larger trainer.max_epochs to go on")
        try:
            trainer.fit(method, data, ckpt_path=run.final.last if resumed else None, weights_only=True)
        except SystemExit:  # Lightning's answer to Ctrl-C, after an orderly end
            _tell(f"stopped; go on with: fas fit --resume {run.path}")
            raise
        finally:
            finish(loggers)
    if run.final.best.is_file():
        _tell(f"best     {run.final.best}\nnext     fas test --ckpt {run.path}")
    elif "dev" not in data.splits:
        _tell(f"last     {run.final.last}\nnext     fas test --ckpt {run.path}")
    else:
        message = (
            f"no epoch ended with a validation, so {run.final.best} is missing: set trainer.check_val_every_n_epoch=1"
        )
        warnings.warn(FasWarning(message), stacklevel=2)
    return run


def quiet() -> None:
    """Takes away what Lightning tells developers, and our warnings on all ranks but one."""
    if getattr(rank_zero_only, "rank", 0):
        warnings.simplefilter("ignore", FasWarning)
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*GPU available but not used.*",
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*Total length of `list` across ranks is zero.*",  # no dev split
        ".*`isinstance\\(treespec, LeafSpec\\)` is deprecated.*",
    ):
        warnings.filterwarnings("ignore", message=message)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turns errors that reach us through torch's machinery into those that they were.

    Raises:
        FasError: One was raised in a loading process, or the device's memory is used up.
    """
    try:
        yield
    except FasError as error:
        # torch packs the worker's traceback into the message of a new error of the same class.
        text = error.cause.rpartition(f"{FasError.__module__}.{FasError.__qualname__}: ")[2]
        raise FasError(text.strip()) if text != error.cause else error from None
    except torch.OutOfMemoryError as error:
        raise FasError("the device's memory is used up", remedy="give a smaller data.batch_size") from error


_tell = rank_zero_only(partial(print, flush=True))


def _new_run(experiment: str) -> Run:
    """Rank 0 makes the folder; the others write nothing, and get a name that stands for it."""
    made: Run | None = rank_zero_only(new_run)(experiment)
    return made or Run(RUNS / experiment / "of rank 0")


@rank_zero_only
def _record(run: Run, experiment: Experiment, facts: Mapping[str, Any], resumed: Any) -> None:
    run.write_config(experiment.config())
    run.write_environment({"data": dict(facts)}, resumed=resumed is not None)


def _check_same(experiment: Experiment, run: Run) -> None:
    """Refuses to go on with other settings than the run began with, but for those that may change on the way."""
    before, now = (_settled(one) for one in (compose_run(run.path), experiment))
    different = [
        f"{section}.{key} was {before[section].get(key)!r}, is {now[section].get(key)!r}"
        for section in before
        for key in sorted(before[section].keys() | now[section].keys())
        if before[section].get(key) != now[section].get(key)
    ]
    if different:
        raise FasError(
            f"the run in this folder has another config: {'; '.join(different)}",
            path=run.path,
            remedy="give run_dir=ANOTHER for a new run, or the run's own settings to go on with it",
        )


def _settled(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """What decides the result, by section; where files lie and how many processes load them does not."""
    free = {"store", "num_workers"}
    data = {key: value for key, value in experiment.data.items() if key not in free}
    data["protocol"] = str(data.get("protocol"))  # data.protocol=1 and the config's "1" are one
    top = {"seed": experiment.seed, "monitor": experiment.monitor}
    return {"model": experiment.model, "data": data, "augment": experiment.augment, "experiment": top}


def _announce(run: Run, method: Method, facts: Mapping[str, Any], resumed: Mapping[str, Any] | None) -> None:
    counts = ", ".join(f"{count} {split}" for split, count in facts["presentations"].items())
    simulated = " (simulated data)" if facts["simulated"] else ""
    fold = f", fold {facts['fold']}" if facts["fold"] else ""
    parameters = sum(parameter.numel() for parameter in method.parameters())
    _tell(f"run      {run.path}" + (f", goes on after epoch {resumed['epoch'] + 1}" if resumed else ""))
    _tell(f"data     {facts['dataset']}{simulated}, protocol {facts['protocol']}{fold}: {counts} presentations")
    _tell(f"method   {method.name}, {parameters:,} parameters")
