"""A run's folder, `runs/<experiment>/<time>/`: the names of its files, and writing its config and environment.

config.yaml        the resolved config
environment.json   command, versions, commit, data
checkpoints/       best.ckpt (by the dev split) and last.ckpt
metrics.csv        what was logged
scores.csv         scores of the dev and test splits, with scores.json (their provenance)
evaluation.json    the metrics of scores.csv
stages/<stage>/    checkpoints/ and metrics.csv of each stage before the last, where an experiment has several
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from fas.errors import FasError
from fas.files import write_text
from fas.runs.environment import command_line, environment

RUNS = Path("runs")
"""The folder of all runs, in the current directory."""


@dataclass(frozen=True)
class StageFolder:
    """The files of one stage of a run.

    Attributes:
        name: The stage's name; empty in a run without stages.
        path: The folder: the run's own for the last stage, so that a run without stages has no further folders.
    """

    name: str
    path: Path

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The checkpoint with the best dev metric."""
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        """The checkpoint of the last finished epoch, from which training resumes."""
        return self.checkpoints / "last.ckpt"

    @property
    def metrics(self) -> Path:
        """The logged metrics, step by step."""
        return self.path / "metrics.csv"

    @property
    def wandb_id(self) -> Path:
        """The identifier at Weights & Biases."""
        return self.path / "wandb_id.txt"


@dataclass(frozen=True)
class Run:
    """A run's folder.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def environment(self) -> Path:
        """Versions, command and data of the run."""
        return self.path / "environment.json"

    @property
    def scores(self) -> Path:
        """The scores of the dev and test splits."""
        return self.path / "scores.csv"

    @property
    def evaluation(self) -> Path:
        """The metrics of the scores."""
        return self.path / "evaluation.json"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.path / "report.html"

    def other_scores(self) -> list[Path]:
        """The scores of other data or checkpoints, `scores_*.csv`, sorted."""
        return sorted(self.path.glob("scores_*.csv"))

    def stage_folders(self, names: tuple[str, ...] = ()) -> tuple[StageFolder, ...]:
        """The folders of the stages, in order.

        Args:
            names: The stages' names; none for a run without stages.
        """
        if not names:
            return (StageFolder("", self.path),)
        earlier = tuple(StageFolder(name, self.path / "stages" / name) for name in names[:-1])
        return (*earlier, StageFolder(names[-1], self.path))

    @property
    def final(self) -> StageFolder:
        """The folder of the last stage, whose checkpoint represents the run."""
        return StageFolder("", self.path)

    @property
    def chosen(self) -> Path:
        """The checkpoint that represents the run: the best on dev, or the last if the protocol has no dev split."""
        return self.final.last if self._without_dev() else self.final.best

    def _without_dev(self) -> bool:
        if self.final.best.is_file() or not self.environment.is_file():
            return False
        data = json.loads(self.environment.read_text(encoding="utf-8")).get("data", {})
        return "dev" not in data.get("presentations", {"dev": 0})

    def write_config(self, config: Mapping[str, Any], *, resumed: bool = False) -> None:
        """Writes the resolved config.

        Args:
            config: The config.
            resumed: The run was resumed; the first line of the file, with the command that began it, stays.

        Raises:
            FasError: The folder is not writable.
        """
        first = f"# The resolved config of: {command_line()}"
        if resumed and self.config.is_file():
            first = self.config.read_text(encoding="utf-8").partition("\n")[0]
        write_text(self.config, f"{first}\n{yaml.safe_dump(dict(config), sort_keys=False)}")

    def write_environment(self, facts: Mapping[str, Any], *, resumed: bool = False) -> None:
        """Writes the environment of the run.

        Args:
            facts: Further facts, such as those of the data.
            resumed: The run was resumed; this record is added to that of its start.

        Raises:
            FasError: The folder is not writable.
        """
        record = {"started": datetime.now().astimezone().isoformat(timespec="seconds"), **environment(), **facts}
        if resumed and self.environment.is_file():
            first = json.loads(self.environment.read_text(encoding="utf-8"))
            record = {**first, "resumed": [*first.get("resumed", []), record]}
        write_text(self.environment, json.dumps(record, indent=2) + "\n")


def new_run(experiment: str) -> Run:
    """Creates `runs/<experiment>/<time>/`; a number is added if several runs start within one second.

    Raises:
        FasError: The folder cannot be created.
    """
    name = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    for number in count(1):
        path = RUNS / experiment / (name if number == 1 else f"{name}_{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise FasError(f"the run's folder cannot be created: {error.strerror}", path=path) from error
        break
    return Run(path)


def find_checkpoint(path: Path) -> tuple[Run, Path]:
    """The run and the checkpoint that a path refers to.

    Args:
        path: A run's folder, which means its chosen checkpoint, or a checkpoint in one.

    Raises:
        FasError: There is no such file, or it is not inside a run's folder.
    """
    if path.is_dir():
        run = Run(path)
        if not run.config.is_file():
            raise FasError("not a run: it has no config.yaml", path=path, remedy="give a folder made by `fas fit`")
        if not run.chosen.is_file():
            raise FasError("the run has no best checkpoint yet", path=run.chosen, remedy="wait for its first dev epoch")
        return run, run.chosen
    if not path.is_file():
        raise FasError("there is no such run or checkpoint", path=path, remedy="give a folder made by `fas fit`")
    # RUN/checkpoints/best.ckpt, or RUN/stages/STAGE/checkpoints/best.ckpt
    for folder in path.absolute().parents[1:4:2]:
        if (folder / "config.yaml").is_file():
            return Run(folder), path
    raise FasError(
        "the checkpoint is outside a run's folder, so its data and protocol are not known",
        path=path,
        remedy="give RUN/checkpoints/best.ckpt in the folder that `fas fit` created",
    )
