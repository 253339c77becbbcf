"""Provides files of weights: fetched on first use, checked by hash, moved into place atomically."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fas.errors import FasError
from fas.paths import models_dir
from fas.weights.sources import SourceError, file_hash
from fas.weights.table import MODELS, ModelFile


def model_state(name: str) -> str:
    """`present`, `absent` or `damaged`: the state of a file in the folder of models."""
    path = models_dir() / name
    if not path.is_file():
        return "absent"
    return "present" if file_hash(path) == MODELS[name].sha256 else "damaged"


def model_file(name: str, folder: Path | None = None) -> Path:
    """The path of a file of weights, ready to be loaded.

    Args:
        name: A key of `MODELS`.
        folder: A folder that the user gave. The file must be in it under its name. Its hash is not checked, because a
            user may bring their own weights; the hash goes into the identity of what loads the file.

    Returns:
        The file in `folder`, else the file in the folder of models, fetched if it is absent.

    Raises:
        FasError: The given folder has no such file; or the hash of the file in the folder of models differs from the
            table; or it is absent and no source has it.
    """
    if folder is not None:
        path = folder / name
        if not path.is_file():
            remedy = f"put {name} there, or leave --weights out to fetch it"
            raise FasError(f"the folder of weights has no {name}", path=folder, remedy=remedy)
        return path
    path = models_dir() / name
    if not path.exists():
        return fetch_model(name)
    _check(path, MODELS[name])
    return path


def fetch_model(name: str) -> Path:
    """Fetches a file into the folder of models, unless the right one is there.

    Safe to run in many processes at once: each downloads into a folder of its own and moves a complete, checked file
    into place.

    Args:
        name: A key of `MODELS`.

    Raises:
        FasError: The name is unknown; no source gave the file with the right hash; or it cannot be written.
    """
    if name not in MODELS:
        raise FasError(f"there is no model file {name!r}", remedy=f"choose one of: {', '.join(MODELS)}")
    model = MODELS[name]
    target = models_dir() / name
    if target.is_file() and file_hash(target) == model.sha256:
        return target
    reasons = []
    for source in model.sources:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Next to the target: within one file system the move is atomic.
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
                path = source.get(Path(folder))
                found = file_hash(path)
                if found == model.sha256:
                    return path.replace(target)
                reasons.append(f"{source}: SHA-256 is {found}")
        except SourceError as error:
            reasons.append(f"{source}: {error}")
        except OSError as error:
            remedy = "free space on this disk, or set FAS_HOME to a folder on another one"
            raise FasError(f"cannot write {name}: {error}", path=target, remedy=remedy) from error
    raise FasError(
        "\n    ".join([f"cannot fetch {name}:", *reasons]),
        path=target,
        remedy=f"download the file with SHA-256 {model.sha256} on another machine and put it at this path",
    )


def _check(path: Path, model: ModelFile) -> None:
    found = file_hash(path)
    if found != model.sha256:
        raise FasError(
            f"{path.name} is damaged, or another file: its SHA-256 is {found}, expected {model.sha256}",
            path=path,
            remedy=f"fas models fetch {path.name}",
        )
