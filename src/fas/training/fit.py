"""Fits the stages of an experiment in a run's folder, or resumes a run that was stopped."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.rank_zero import rank_zero_only

from fas.command import fas_command
from fas.data.datamodule import FasDataModule
from fas.errors import FasError, FasWarning
from fas.methods.base import Method
from fas.methods.checkpoint import DATA_KEY, read_checkpoint, save_checkpoint
from fas.methods.dev import evaluate_dev
from fas.methods.fitted import FittedMethod, TrainingTable
from fas.methods.lightning import quiet_lightning
from fas.methods.scorer import Scorer
from fas.runs.run import Run, StageFolder, new_run
from fas.training.build import build_datamodule, build_evaluator, build_scorer, build_trainer, check_settings
from fas.training.callbacks import Progress
from fas.training.checkpoints import checkpoints
from fas.training.compose import compose_run
from fas.training.experiment import Experiment
from fas.training.loggers import finish, make_loggers
from fas.training.scoring import Extracting, Scoring, columns
from fas.training.stages import stage_experiments

_RUN = "FAS_RUN"
"""Environment variable with the run's folder, for the processes that Lightning starts."""


def fit(experiment: Experiment) -> Run:
    """Fits every stage of an experiment, each from the best checkpoint of the previous one.

    If `experiment.run_dir` holds a run, finished stages do not change, and the one that was stopped is resumed
    after its last finished epoch.

    Args:
        experiment: The config.

    Returns:
        The run's folder.

    Raises:
        FasError: Something in the config, the data or the weights is wrong, training diverges, or the run in the
            folder has another config.
    """
    quiet()
    stages = stage_experiments(experiment)
    earlier = Run(Path(experiment.run_dir)) if experiment.run_dir else None
    resumed = earlier is not None and any(
        stage.last.is_file() or stage.best.is_file() for stage in earlier.stage_folders(_names(stages))
    )
    if earlier is not None and resumed:
        first = compose_run(earlier.path)
        _check_same(experiment, first, earlier.path)
        # The folder may be moved before it is resumed again, so its config does not learn its path here.
        experiment = replace(experiment, run_dir=first.run_dir)
    for stage in stages.values():
        check_settings(stage)  # of all, since a mistake in the last would be found after days
    fitting = _Fitting(experiment, earlier, resumed=resumed)
    for place, (name, stage) in enumerate(stages.items()):
        fitting.start_stage(name, place, len(stages))
        fitting.fit_stage(stage)
    return fitting.end()


def _names(stages: Mapping[str, Experiment]) -> tuple[str, ...]:
    return tuple(name for name in stages if name)


class _Fitting:
    """One run of `fas fit`: its state and its folder, which is created once the first stage passed its checks."""

    def __init__(self, experiment: Experiment, run: Run | None, *, resumed: bool) -> None:
        self._experiment = experiment
        self._run = run
        self._recorded = False
        self._resumed = resumed
        self._place, self._count, self._name = 0, 1, ""
        self._data: FasDataModule | None = None

    def start_stage(self, name: str, place: int, count: int) -> None:
        """Sets the current stage."""
        self._name, self._place, self._count = name, place, count
        if place and self._run is not None:
            self._run = _agreed(self._run)  # rank 0 may still be fitting the stage before

    def fit_stage(self, stage: Experiment) -> None:
        """Fits one stage, resumes it, or skips it if it is finished."""
        folders = self._folders()
        if begun := [one for one in folders[self._place + 1 :] if one.last.is_file() or one.best.is_file()]:
            # More epochs of this one would be of no effect: the next one has started from it.
            _tell(f"\nstage    {self._name}: finished, since stage {begun[0].name} has begun")
            return
        pl.seed_everything(stage.seed, workers=True, verbose=False)
        found = folders[self._place] if folders else None
        resumed = read_checkpoint(found.last) if found is not None and found.last.is_file() else None
        scorer = build_scorer(stage, from_checkpoint=resumed is not None)
        if self._place and resumed is None:
            self._start_from(scorer, folders[self._place - 1])
        data = build_datamodule(stage, scorer.requirements)
        with readable_errors():
            data.setup("fit")  # before a folder is created or a process started; Lightning's call then does nothing
            self._data = data
            folder = self._record(data)
            self._announce(scorer, data.facts, resumed)
            if isinstance(scorer, FittedMethod):
                _fit_features(scorer, stage, data, folder)
            elif isinstance(scorer, Method):
                self._train(scorer, stage, data, folder, resumed)
            else:
                raise FasError(f"method {scorer.name!r} can be used, but not trained")

    def end(self) -> Run:
        """Prints the results and the next command."""
        run, data = self._run, self._data
        assert run is not None and data is not None
        final = run.final
        following = fas_command("test", str(run.path))
        if final.best.is_file():
            _tell(f"best     {final.best}\nnext     {following}")
        elif "dev" not in data.splits:
            _tell(f"last     {final.last}\nnext     {following}")
        else:
            message = (
                f"no epoch ended with a validation, so {final.best} is missing: set trainer.check_val_every_n_epoch=1"
            )
            warnings.warn(FasWarning(message), stacklevel=2)
        return run

    def _folders(self) -> tuple[StageFolder, ...]:
        """The stages' folders; none before the run has one."""
        return () if self._run is None else self._run.stage_folders(tuple(self._experiment.stages))

    def _record(self, data: FasDataModule) -> StageFolder:
        """Creates the run's folder and writes config and environment, once."""
        if self._run is None:
            self._run = _new_run(self._experiment.experiment)
        if not self._recorded:
            _write_record(self._run, self._experiment, data.facts, self._resumed)
            self._recorded = True
        return self._folders()[self._place]

    def _start_from(self, scorer: Scorer, before: StageFolder) -> None:
        checkpoint = before.best if before.best.is_file() else before.last
        new, left = scorer.start_from(read_checkpoint(checkpoint)["state_dict"])
        _tell(f"\nstage    {self._name}: starts from {checkpoint}")
        for what, names in (("new here", new), ("left out", left)):
            if names:
                modules = dict.fromkeys(name.rpartition(".")[0] or name for name in names)
                _tell(f"         {what}: {', '.join(modules)}")

    def _announce(self, scorer: Scorer, facts: Mapping[str, Any], resumed: Mapping[str, Any] | None) -> None:
        assert self._run is not None
        counts = ", ".join(f"{count} {split}" for split, count in facts["presentations"].items())
        simulated = " (simulated data)" if facts["simulated"] else ""
        fold = f", fold {facts['fold']}" if facts["fold"] else ""
        stage = f", stage {self._name} ({self._place + 1} of {self._count})" if self._name else ""
        after = f", resumed after epoch {resumed['epoch'] + 1}" if resumed and "epoch" in resumed else ""
        parameters = sum(parameter.numel() for parameter in scorer.parameters())
        _tell(f"run      {self._run.path}{stage}{after}")
        _tell(f"data     {facts['dataset']}{simulated}, protocol {facts['protocol']}{fold}: {counts} presentations")
        _tell(f"method   {scorer.name}, {parameters:,} parameters")

    def _train(
        self,
        method: Method,
        stage: Experiment,
        data: FasDataModule,
        folder: StageFolder,
        resumed: Mapping[str, Any] | None,
    ) -> None:
        assert self._run is not None
        steps = resumed["global_step"] if resumed else 0
        loggers = make_loggers(stage, self._run, folder, steps)
        callbacks = [Progress(), *checkpoints(folder.checkpoints, stage.monitor)]
        trainer = build_trainer(stage, folder.path, loggers, callbacks)
        if "dev" not in data.splits:
            message = (
                f"protocol {data.facts['protocol']} has no dev split: the last epoch is kept, without a threshold. "
                "`fas datasets show` lists the dataset's protocols"
            )
            warnings.warn(FasWarning(message), stacklevel=2)
        if resumed and resumed["epoch"] + 1 >= (trainer.max_epochs or 0):
            _tell(f"all {trainer.max_epochs} epochs are done; set a larger trainer.max_epochs to continue")
        try:
            trainer.fit(method, data, ckpt_path=folder.last if resumed else None, weights_only=True)
        except SystemExit:  # Lightning's answer to Ctrl-C, after an orderly end
            _tell(f"stopped; resume with: {fas_command('fit', str(self._run.path))}")
            raise
        finally:
            finish(loggers)


def _fit_features(method: FittedMethod, stage: Experiment, data: FasDataModule, folder: StageFolder) -> None:
    """Collects the features of one epoch of training, fits, takes the threshold from dev, and writes the checkpoint."""
    target = folder.best if "dev" in data.splits else folder.last
    if target.is_file():
        _tell(f"fitted already: {target}")
        return
    if _rank():  # one process collects and fits
        return
    found = columns(build_evaluator(stage, "extract").predict(Extracting(method), data.train_dataloader()))
    table = data.presentations
    codes = found["presentation"]
    training = TrainingTable(found["label"], codes, table["subject"][codes], table["attack_type"][codes])
    method.cpu().train(False)
    # Popped, so that the float32 values are gone before the fit makes its own copies.
    chosen = method.fit(found.pop("features").astype(np.float64), training, stage.seed)
    _tell(f"fitted   {', '.join(f'{key} {value}' for key, value in chosen.items() if value is not None)}")
    if "dev" in data.splits:
        scored = columns(build_evaluator(stage, "score dev").predict(Scoring(method), data.val_dataloader()))
        result = evaluate_dev(scored["score"], scored["presentation"], scored["frame"], table)
        method.threshold = result.threshold
        _tell(f"dev      EER {100 * result.eer:.2f} %, ACER {100 * result.acer:.2f} %, AUC {result.auc:.4f}")
    checkpoint = {
        **method.cpu().describe_checkpoint(),
        "state_dict": method.state_dict(),
        "hyper_parameters": dict(method.hparams),
        DATA_KEY: data.state_dict(),
        "fitted": chosen,
    }
    save_checkpoint(target, checkpoint)


def quiet() -> None:
    """Hides Lightning's messages for developers, and our warnings on all ranks but one."""
    if _rank():
        warnings.simplefilter("ignore", FasWarning)
    quiet_lightning()


@contextmanager
def readable_errors() -> Iterator[None]:
    """Restores the original errors from those that torch wraps.

    Raises:
        FasError: One was raised in a loading process, or the device is out of memory.
    """
    try:
        yield
    except FasError as error:
        # torch packs the worker's traceback into the message of a new error of the same class.
        text = error.cause.rpartition(f"{FasError.__module__}.{FasError.__qualname__}: ")[2]
        raise FasError(text.strip()) if text != error.cause else error from None
    except torch.OutOfMemoryError as error:
        raise FasError("the device is out of memory", remedy="set a smaller data.batch_size") from error


def _rank() -> int:
    """This process's number among those that Lightning or a cluster started."""
    return int(getattr(rank_zero_only, "rank", 0) or 0)


_tell = rank_zero_only(partial(print, flush=True))


def _new_run(experiment: str) -> Run:
    """Rank 0 creates the folder; processes that Lightning starts find it in their environment."""
    if _RUN in os.environ and _rank():
        return Run(Path(os.environ[_RUN]))
    made: Run | None = rank_zero_only(new_run)(experiment)
    if made is None:  # a cluster started this process; rank 0 says where after the first stage
        return Run(Path("of rank 0"))
    os.environ[_RUN] = str(made.path)
    return made


def _agreed(run: Run) -> Run:
    """The run's folder as rank 0 knows it, once the processes can communicate."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return run
    path = [str(run.path)]
    torch.distributed.broadcast_object_list(path)
    return Run(Path(path[0]))


@rank_zero_only
def _write_record(run: Run, experiment: Experiment, facts: Mapping[str, Any], resumed: bool) -> None:
    run.write_config(experiment.config(), resumed=resumed)
    run.write_environment({"data": dict(facts)}, resumed=resumed)


def _check_same(experiment: Experiment, first: Experiment, path: Path) -> None:
    """Refuses to resume with other settings than the run began with, but for those that may change on the way."""
    before, now = (_settled(one) for one in (first, experiment))
    different = [
        f"{section}.{key} was {before[section].get(key)!r}, is {now[section].get(key)!r}"
        for section in before
        for key in sorted(before[section].keys() | now[section].keys())
        if before[section].get(key) != now[section].get(key)
    ]
    if different:
        raise FasError(
            f"the run in this folder has another config: {'; '.join(different)}",
            path=path,
            remedy="give run_dir=ANOTHER for a new run, or the run's own settings to resume it",
        )


def _settled(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """The settings that affect the result, by section; paths and the number of loading processes do not."""
    free = {"store", "num_workers"}
    data = {key: value for key, value in experiment.data.items() if key not in free}
    # data.protocol=1 and the config's "1" are one
    data["protocol"] = None if data.get("protocol") is None else str(data["protocol"])
    top = {"seed": experiment.seed, "monitor": experiment.monitor}
    stages = {name: {**changes, "trainer": None} for name, changes in experiment.stages.items() if changes}
    return {
        "model": experiment.model,
        "data": data,
        "augment": experiment.augment,
        "stages": {**dict.fromkeys(experiment.stages), **stages},
        "experiment": top,
    }
