"""Augmentation: transforms of albumentations, named in the config, applied alike to a crop and its maps."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from fas.errors import FasError

TransformSettings = Sequence[Mapping[str, Mapping[str, Any] | None]]
"""A list of `{ClassName: {argument: value}}`, as YAML writes it."""


class Augmentation:
    """A chain of albumentations transforms for a crop and its maps.

    Geometric transforms move crop and maps together. Transforms of colour and noise touch the crop alone, since the
    maps are handed over as masks. Draws come from torch's generator, which the data loader seeds for every worker.

    Args:
        transforms: The transforms in their order, each as `{ClassName: {argument: value}}`. The class must be one of
            albumentations' own transforms.
        layers: The names of the maps that will come with the crops.

    Raises:
        FasError: An unknown transform or argument, or a value that albumentations refuses.
    """

    def __init__(self, transforms: TransformSettings, layers: Sequence[str] = ()) -> None:
        albumentations = _import_albumentations()
        self._compose = albumentations.Compose(
            [_make_transform(albumentations, entry) for entry in transforms],
            additional_targets=dict.fromkeys(layers, "mask"),
        )

    def __call__(
        self, image: NDArray[np.uint8], maps: Mapping[str, NDArray[np.uint8]]
    ) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.uint8]]]:
        """Transforms one sample.

        Args:
            image: The crop, `(H, W, 3)` RGB.
            maps: Maps of the same face, `(h, w)` or `(h, w, 3)`, of any size; they are brought to the crop's size.

        Returns:
            The new crop and maps, all of one size, which is another one after a crop or a resize.

        Raises:
            FasError: The chain fails, or turns the crop into something else than an 8-bit RGB image.
        """
        height, width = image.shape[:2]
        resized = {
            layer: cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR) for layer, values in maps.items()
        }
        self._compose.set_random_seed(int(torch.randint(2**31, ())))
        try:
            done = self._compose(image=image, **resized)
        except Exception as error:  # albumentations has errors of its own that derive from nothing narrower
            raise FasError(
                f"the augmentation fails on a crop of {width} x {height}: {_reason(error)}",
                remedy="check the sizes and arguments in augment.transforms",
            ) from error
        crop = done["image"]
        if not isinstance(crop, np.ndarray) or crop.dtype != np.uint8 or crop.ndim != 3 or crop.shape[2] != 3:
            raise FasError(
                "the augmentation returns something else than an 8-bit RGB image",
                remedy="leave out transforms that normalise or convert; the method does that",
            )
        return crop, {layer: done[layer] for layer in maps}


def _import_albumentations() -> Any:
    # Without this its import asks the network for a newer version and waits up to two seconds.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations  # takes a second, and most experiments do without

    return albumentations


def _make_transform(albumentations: Any, entry: Mapping[str, Mapping[str, Any] | None]) -> Any:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise FasError(
            f"an entry of augment.transforms is not a transform with its arguments: {entry!r}",
            remedy="write it as `- HorizontalFlip: {p: 0.5}`",
        )
    name, arguments = next(iter(entry.items()))
    base = albumentations.BasicTransform
    transform = getattr(albumentations, str(name), None)
    if not (isinstance(transform, type) and issubclass(transform, base) and transform is not base):
        known = [
            key
            for key, value in vars(albumentations).items()
            if isinstance(value, type) and issubclass(value, base) and value is not base
        ]
        close = difflib.get_close_matches(str(name), known)
        raise FasError(
            f"albumentations has no transform {name!r}",
            remedy=f"close: {', '.join(close)}" if close else "see its documentation for the names",
        )
    try:
        with warnings.catch_warnings():
            # It only warns of an unknown argument, and then goes on without.
            warnings.filterwarnings("error", message=".*not valid for transform.*", category=UserWarning)
            return transform(**(arguments or {}))
    except (TypeError, ValueError, UserWarning) as error:
        raise FasError(
            f"augment.transforms: {name} refuses its arguments: {_reason(error)}",
            remedy=f"see albumentations.{name} for its arguments",
        ) from error


def _reason(error: Exception) -> str:
    """The error in one line; those of pydantic, which albumentations checks with, span several."""
    origin = error.__context__
    if not isinstance(origin, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in origin.errors())
