"""Loads a method from its checkpoint. Nothing in a checkpoint is ever executed."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any, TypeGuard

import torch

from fas.errors import FasError
from fas.methods import known_methods, method_class
from fas.methods.base import Method

_REMEDY = "give a checkpoint that `fas fit` wrote: RUN/checkpoints/best.ckpt or last.ckpt"


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
    except Exception as error:  # on other bytes the reader fails in every way there is
        raise FasError("the checkpoint is damaged or cut off, or none at all", path=path, remedy=_REMEDY) from error
    if not _is_ours(checkpoint):
        raise FasError("the file holds weights, but is not a checkpoint of fas", path=path, remedy=_REMEDY)
    return checkpoint


def _is_ours(content: object) -> TypeGuard[dict[str, Any]]:
    return (
        isinstance(content, dict)
        and "fas_method" in content
        and all(isinstance(content.get(part), dict) for part in ("state_dict", "hyper_parameters"))
    )


def load_method(path: Path, expected: str | None = None) -> Method:
    """The method of a checkpoint with its weights and threshold, in evaluation mode, on the CPU.

    Args:
        path: A checkpoint written while training.
        expected: Refuse the checkpoint of any other method than the one of this name.

    Raises:
        FasError: See `read_checkpoint`; or the method is another or unknown, or its hyper-parameters or weights do not
            fit this version of it.
    """
    checkpoint = read_checkpoint(path)
    name, settings = checkpoint["fas_method"], checkpoint["hyper_parameters"]
    if expected is not None and name != expected:
        raise FasError(
            f"the checkpoint is of method {name!r}, not {expected!r}",
            path=path,
            remedy="give the experiment that it was trained with",
        )
    if name not in known_methods():
        raise FasError(f"the checkpoint is of method {name!r}, unknown here", path=path, remedy=_REMEDY)
    kind = method_class(name)
    unknown = sorted(settings.keys() - inspect.signature(kind).parameters.keys())
    if unknown:
        raise FasError(
            f"method {name!r} has no hyper-parameter {', '.join(map(repr, unknown))}",
            path=path,
            remedy="load it with the version of fas that wrote it",
        )
    try:
        method = kind(**{**settings, **kind.starting_point})
        method.on_load_checkpoint(checkpoint)
        method.load_state_dict(checkpoint["state_dict"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FasError(
            f"the checkpoint's hyper-parameters or weights do not fit method {name!r}",
            path=path,
            remedy="load it with the version of fas that wrote it",
        ) from error
    return method.eval()
