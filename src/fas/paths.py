"""Where things live on the user's machine: the environment variables FAS_HOME, FAS_STORE and FAS_DATA."""

from __future__ import annotations

import os
from pathlib import Path

from fas.errors import FasError


def home_dir() -> Path:
    """The folder for downloaded models and default stores: `$FAS_HOME`, by default `~/.fas`."""
    return Path(os.environ.get("FAS_HOME") or Path.home() / ".fas").expanduser()


def models_dir() -> Path:
    """The folder for downloaded weights: `$FAS_HOME/models`."""
    return home_dir() / "models"


def store_root() -> Path:
    """The folder that stores live in: `$FAS_STORE`, by default `$FAS_HOME/store`."""
    return Path(os.environ.get("FAS_STORE") or home_dir() / "store").expanduser()


def dataset_root(dataset: str, root: Path | None = None) -> Path:
    """The raw tree of a dataset: the given root, else `$FAS_DATA/<dataset>`.

    Args:
        dataset: The dataset's name, such as `oulu`.
        root: What the user gave as `--root`, if anything.

    Raises:
        FasError: Neither is given, or the folder does not exist.
    """
    if root is None:
        base = os.environ.get("FAS_DATA")
        if not base:
            raise FasError(
                f"no root folder was given for dataset {dataset!r}",
                remedy=f"give --root DIR, or set FAS_DATA to the folder that holds {dataset}/",
            )
        root = Path(base).expanduser() / dataset
    if not root.is_dir():
        raise FasError(
            f"the root folder of dataset {dataset!r} does not exist",
            path=root,
            remedy="check the path; fas does not create folders for raw data",
        )
    return root
