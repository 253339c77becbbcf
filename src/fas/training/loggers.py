"""The loggers of a fit: always metrics.csv, and Weights & Biases on request."""

from __future__ import annotations

import csv
import netrc
import os
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse
from uuid import uuid4

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers import CSVLogger, Logger, WandbLogger

from fas.errors import FasWarning
from fas.files import write_text
from fas.runs.run import Run, StageFolder
from fas.training.arguments import check_arguments
from fas.training.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class LoggerSettings:
    """The section `logger`.

    Attributes:
        wandb: The section `logger.wandb`; None for no W&B.
    """

    wandb: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class WandbSettings:
    """The section `logger.wandb`: arguments of `wandb.init`.

    Attributes:
        project: The project's name.
        entity: The account or team; None for the account's default.
        name: The run's name; None for the experiment and the name of the run's folder.
        group: The group of runs that it belongs to.
        tags: Tags to find it by.
    """

    project: str
    entity: str | None = None
    name: str | None = None
    group: str | None = None
    tags: list[str] = field(default_factory=list)


def make_loggers(experiment: Experiment, run: Run, stage: StageFolder, steps_done: int = 0) -> list[Logger]:
    """The loggers of one stage of a run.

    Args:
        experiment: The stage's config.
        run: The run.
        stage: The stage's folder.
        steps_done: Optimiser steps of the checkpoint that the stage is resumed from; rows of later steps, which will
            be logged again, are removed from metrics.csv.

    Raises:
        FasError: The section `logger` has a key or value that does not fit.
    """
    section = LoggerSettings(**check_arguments(LoggerSettings, experiment.logger, "logger"))
    loggers: list[Logger] = [_csv_logger(stage, steps_done)]
    if section.wandb is not None:
        settings = WandbSettings(**check_arguments(WandbSettings, section.wandb, "logger.wandb"))
        wandb = _wandb_logger(experiment, run, stage, settings)
        loggers += [] if wandb is None else [wandb]
    return loggers


def finish(loggers: list[Logger]) -> None:
    """Ends the processes of the loggers, so that a later stage or run starts its own."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.experiment.finish()


def _csv_logger(stage: StageFolder, steps_done: int) -> CSVLogger:
    file = stage.metrics
    rows: list[dict[str, str]] = []
    if steps_done and file.is_file():
        with file.open(encoding="utf-8", newline="") as lines:
            # A run that was killed while writing leaves a row without its last values.
            whole = [row for row in csv.DictReader(lines) if row.get("step") and None not in row.values()]
        rows = [row for row in whole if int(row["step"]) < steps_done]
    logger = CSVLogger(stage.path, name="", version="")
    _begin_with(logger, rows)
    return logger


@rank_zero_only
def _begin_with(logger: CSVLogger, rows: list[dict[str, str]]) -> None:
    with warnings.catch_warnings():
        # Lightning's logger always starts an empty file and warns about it.
        warnings.filterwarnings("ignore", message="Experiment logs directory")
        logger.experiment.metrics.extend({key: value for key, value in row.items() if value} for row in rows)
    logger.experiment.save()  # now, since the earlier file is gone


@rank_zero_only
def _wandb_logger(experiment: Experiment, run: Run, stage: StageFolder, settings: WandbSettings) -> WandbLogger | None:
    """W&B, online with credentials and offline without; None, with a warning, if it does not start."""
    mode: Literal["online", "offline"] = "online" if _has_credentials() else "offline"
    offline = os.environ.get("WANDB_MODE", mode) != "online"
    if offline:
        # Nothing may leave the machine, not even reports on W&B's own errors.
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    name = settings.name or "/".join(filter(None, (experiment.experiment, run.path.name, stage.name)))
    try:
        # Not left to Lightning's logger, which would start at the first metric and pass arguments that W&B warns about.
        started = wandb.init(
            **{**asdict(settings), "name": name, "group": settings.group or (run.path.name if stage.name else None)},
            id=_wandb_id(stage.wandb_id),
            resume="allow",
            dir=stage.path,
            mode=None if "WANDB_MODE" in os.environ else mode,
            config=experiment.config(),
            settings=wandb.Settings(silent=offline, console="off", x_disable_stats=offline),
        )
    except (wandb.Error, OSError) as error:
        message = f"W&B did not start; metrics.csv is still written: {error}"
        warnings.warn(FasWarning(message), stacklevel=2)
        return None
    if offline:
        print(
            f"W&B      offline; upload: wandb sync {started.dir.removesuffix('/files')}   switch off: logger=csv",
            flush=True,
        )
    started.define_metric("trainer/global_step")
    started.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return WandbLogger(experiment=started)


def _has_credentials() -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _wandb_id(file: Path) -> str:
    """The stage's identifier at W&B, the same when the run is resumed."""
    if not file.is_file():
        write_text(file, uuid4().hex[:8])
    return file.read_text(encoding="utf-8")
