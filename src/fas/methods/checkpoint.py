"""Reads and writes checkpoints of methods. Nothing in a checkpoint is ever executed."""

from __future__ import annotations

import inspect
import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import torch

from fas.errors import FasError
from fas.files import atomic_file
from fas.methods import known_methods, method_class
from fas.methods.scorer import Scorer

_REMEDY = "give a checkpoint that `fas fit` wrote: RUN/checkpoints/best.ckpt or last.ckpt"

DATA_KEY = "FasDataModule"
"""The key of the data's description in a checkpoint (Lightning's name for the state of our DataModule)."""


def save_checkpoint(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Writes a checkpoint, completely or not at all.

    Raises:
        FasError: The system refuses, for example because the disk is full. An existing checkpoint stays.
    """
    buffer = io.BytesIO()  # torch's own writer does not raise clear errors
    torch.save(dict(checkpoint), buffer)
    with atomic_file(path) as file:
        file.write(buffer.getbuffer())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint's tensors and plain values.

    Raises:
        FasError: There is no such file, it is not one of our checkpoints, or it is damaged.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FasError(
            f"the checkpoint cannot be read: {error.strerror or error}", path=path, remedy=_REMEDY
        ) from error
    except pickle.UnpicklingError as error:
        raise FasError("not a checkpoint, or one that holds code", path=path, remedy=_REMEDY) from error
    except Exception as error:  # on other bytes the reader can fail in any way
        raise FasError("not a checkpoint, or it is damaged or truncated", path=path, remedy=_REMEDY) from error
    if not _is_ours(checkpoint):
        raise FasError("the file holds weights, but is not a checkpoint of fas", path=path, remedy=_REMEDY)
    return checkpoint


def _is_ours(content: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(content, dict)
        and "fas_method" in content
        and all(isinstance(content.get(part), dict) for part in ("state_dict", "hyper_parameters"))
    )


def load_scorer(path: Path, expected: str | None = None) -> Scorer:
    """The method of a checkpoint with its weights and threshold, in evaluation mode, on the CPU.

    Args:
        path: A checkpoint that `fas fit` wrote.
        expected: Reject checkpoints of any method but this one.

    Raises:
        FasError: See `read_checkpoint`; or the method is unknown or not `expected`, or its settings or weights do not
            fit this version of it.
    """
    checkpoint = read_checkpoint(path)
    name, settings = checkpoint["fas_method"], checkpoint["hyper_parameters"]
    version = checkpoint.get("fas_version", "an unknown version")
    if expected is not None and name != expected:
        raise FasError(
            f"the checkpoint belongs to method {name!r}, not {expected!r}",
            path=path,
            remedy="give the experiment that it was trained with",
        )
    if name not in known_methods():
        raise FasError(
            f"the checkpoint belongs to method {name!r}, which is not known here",
            path=path,
            remedy="if it is your own method, give its folder: fas --methods DIR ..., or install its package",
        )
    kind = method_class(name)
    unknown = sorted(settings.keys() - inspect.signature(kind).parameters.keys())
    if unknown:
        raise FasError(
            f"method {name!r} has no hyper-parameter {', '.join(map(repr, unknown))}",
            path=path,
            remedy=f"load it with fas {version}, which wrote it",
        )
    try:
        scorer = kind(**{**settings, **kind.starting_point})
        scorer.accept_checkpoint(checkpoint)
        scorer.load_state_dict(checkpoint["state_dict"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FasError(
            f"the checkpoint's hyper-parameters or weights do not fit method {name!r}",
            path=path,
            remedy=f"load it with fas {version}, which wrote it",
        ) from error
    return scorer.eval()
