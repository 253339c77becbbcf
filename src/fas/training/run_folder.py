"""A run's folder: runs/<experiment>/<time>/ with the config, the environment, checkpoints, metrics and scores."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any

import yaml

import fas
from fas.errors import FasError
from fas.evaluation.files import write_text
from fas.training.compose import CONFIG_FILE
from fas.training.experiment import Experiment

RUNS = Path("runs")
"""The folder of all runs, in the current directory."""

_PACKAGES = ("torch", "torchvision", "pytorch-lightning", "timm", "albumentations", "opencv-python-headless", "numpy")


@dataclass(frozen=True)
class RunFolder:
    """The names in a run's folder.

    Attributes:
        path: The folder.
    """

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
        """The checkpoint of the last finished epoch, from which a run is continued."""
        return self.checkpoints / "last.ckpt"

    @property
    def chosen(self) -> Path:
        """The checkpoint that stands for the run: the best on dev, or the last where the protocol has no dev split."""
        return self.last if self._without_dev() else self.best

    def _without_dev(self) -> bool:
        if self.best.is_file() or not self.environment.is_file():
            return False
        data = json.loads(self.environment.read_text(encoding="utf-8")).get("data", {})
        return "dev" not in data.get("presentations", {"dev": 0})

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.path / CONFIG_FILE

    @property
    def environment(self) -> Path:
        """Versions, command and data of the run."""
        return self.path / "environment.json"

    @property
    def scores(self) -> Path:
        """The scores of the dev and test splits."""
        return self.path / "scores.csv"

    def write_config(self, experiment: Experiment) -> None:
        """Writes the resolved config.

        Raises:
            FasError: The folder is not writable.
        """
        text = yaml.safe_dump(experiment.config(), sort_keys=False)
        write_text(self.config, f"# The resolved config of: {shlex.join(_command())}\n{text}")

    def write_environment(self, facts: Mapping[str, Any], *, continued: bool = False) -> None:
        """Writes what the run depends on beside its config.

        Args:
            facts: Further facts, say on the data.
            continued: The run goes on; the record of its start stays, and this one is added to it.

        Raises:
            FasError: The folder is not writable.
        """
        record = {"started": datetime.now().astimezone().isoformat(timespec="seconds"), **environment(), **facts}
        if continued and self.environment.is_file():
            first = json.loads(self.environment.read_text(encoding="utf-8"))
            record = {**first, "continued": [*first.get("continued", []), record]}
        write_text(self.environment, json.dumps(record, indent=2) + "\n")


def new_run_folder(experiment: str) -> RunFolder:
    """Makes `runs/<experiment>/<time>/`; a number is added if runs begin within one second.

    Raises:
        FasError: The folder cannot be made.
    """
    name = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    for number in count(1):
        path = RUNS / experiment / (name if number == 1 else f"{name}_{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise FasError(f"the run's folder cannot be made: {error.strerror}", path=path) from error
        break
    return RunFolder(path)


def find_checkpoint(path: Path) -> tuple[RunFolder, Path]:
    """The run and the checkpoint that a path stands for.

    Args:
        path: A run's folder, which stands for its chosen checkpoint, or a checkpoint in one.

    Raises:
        FasError: There is no such file, or it lies in no run's folder.
    """
    if path.is_dir():
        run = RunFolder(path)
        if not run.chosen.is_file():
            raise FasError("the run has no best checkpoint yet", path=run.best, remedy="wait for its first dev epoch")
        return run, run.chosen
    if not path.is_file():
        raise FasError("there is no such run or checkpoint", path=path, remedy="give a folder that `fas fit` made")
    run = RunFolder(path.absolute().parent.parent)
    if not run.config.is_file():
        raise FasError(
            "the checkpoint lies outside a run's folder, so its data and protocol are not known",
            path=path,
            remedy="give RUN/checkpoints/best.ckpt in the folder that `fas fit` made",
        )
    return run, path


def environment() -> dict[str, Any]:
    """What a run depends on beside its config: command, versions, git commit, machine."""
    import torch  # the rest of this module is for commands that must answer at once

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "command": shlex.join(_command()),
        "commit": commit(),
        "versions": versions(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "devices": devices,
    }


def versions() -> dict[str, str]:
    """Versions of Python, of fas and of the packages that results depend on."""
    found = {"python": platform.python_version(), "fas": fas.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # another build of it, such as opencv-python
            continue
    return found


def commit() -> str | None:
    """The git commit of the checkout that fas runs from, with `+` if files were changed since; None for a wheel."""
    checkout = Path(fas.__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        head = _git(checkout, "rev-parse", "HEAD")
        return head + ("+" if _git(checkout, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _command() -> list[str]:
    return ["fas", *sys.argv[1:]]
