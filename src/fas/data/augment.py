"""Augmentation: transforms of albumentations, named in the config, applied alike to crops, maps and points."""

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

from fas.data.batch import TransformSettings
from fas.errors import FasError
from fas.layers import LAYERS

Image = NDArray[np.uint8]
Points = NDArray[np.float32]


class Augmentation:
    """A chain of albumentations transforms for the frames of one sample, with their maps and points.

    Geometric transforms move crops, maps and points together, with one draw for all frames of a clip. Transforms of
    colour and noise touch the crops alone, since the maps are handed over as masks; they too are drawn once for a clip.
    Draws come from torch's generator, which the data loader seeds for every worker.

    Args:
        transforms: The transforms in their order, each as `{ClassName: {argument: value}}`. The class must be one of
            albumentations' own transforms.
        layers: The names of the maps and points that are passed with the crops.

    Raises:
        FasError: An unknown transform or argument, or a value that albumentations rejects.
    """

    def __init__(self, transforms: TransformSettings, layers: Sequence[str] = ()) -> None:
        albumentations = _import_albumentations()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Got processor for keypoints, but no transform")
            self._compose = self._chain(albumentations, transforms, layers)

    @staticmethod
    def _chain(albumentations: Any, transforms: TransformSettings, layers: Sequence[str]) -> Any:
        points = any(LAYERS[one].kind == "points" for one in layers)
        return albumentations.Compose(
            [_make_transform(albumentations, entry) for entry in transforms],
            additional_targets=dict.fromkeys((one for one in layers if LAYERS[one].kind == "image"), "masks"),
            keypoint_params=albumentations.KeypointParams(format="xy", remove_invisible=False) if points else None,
        )

    def __call__(
        self, images: Sequence[Image], maps: Mapping[str, Sequence[Image]], points: Mapping[str, Sequence[Points]]
    ) -> tuple[list[Image], dict[str, list[Image]], dict[str, list[Points]]]:
        """Transforms one sample.

        Args:
            images: The crops of its T frames, `(H, W, 3)` RGB, all of one size.
            maps: Layer -> T maps of the same faces, `(h, w)` or `(h, w, 3)`, of any size; they are brought to the
                crops' size.
            points: Layer -> T arrays `(N, D)`, whose first two columns are x and y in pixels of the crops.

        Returns:
            The new crops and maps, all of one size, which a crop or a resize changes; and the points in
            pixels of the new crops.

        Raises:
            FasError: The chain fails, or turns the crops into anything other than 8-bit RGB images.
        """
        height, width = images[0].shape[:2]
        resized = {
            layer: np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in values])
            for layer, values in maps.items()
        }
        flat = [one[:, :2] for values in points.values() for one in values]
        further = {"keypoints": np.concatenate(flat)} if flat else {}
        self._compose.set_random_seed(int(torch.randint(2**31, ())))
        try:
            done = self._compose(images=np.stack(images), **further, **resized)
        except Exception as error:  # albumentations' own errors have no narrower base class
            raise FasError(
                f"the augmentation fails on a crop of {width} x {height}: {_reason(error)}",
                remedy="check the sizes and arguments in augment.transforms",
            ) from error
        crops = done["images"]
        if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[3] != 3:
            raise FasError(
                "the augmentation does not return 8-bit RGB images",
                remedy="leave out transforms that normalise or convert; the method does that",
            )
        places = np.cumsum([len(one) for one in flat])[:-1]
        moved = iter(np.split(np.asarray(done["keypoints"], np.float32), places) if flat else ())
        return (
            list(crops),
            {layer: list(done[layer]) for layer in maps},
            {layer: [np.hstack([next(moved), one[:, 2:]]) for one in values] for layer, values in points.items()},
        )


def _import_albumentations() -> Any:
    # Without this its import looks for a newer version online and waits up to two seconds.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations  # takes a second, and most experiments do not need it

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
            # It only warns about an unknown argument, and then ignores it.
            warnings.filterwarnings("error", message=".*not valid for transform.*", category=UserWarning)
            return transform(**(arguments or {}))
    except (TypeError, ValueError, UserWarning) as error:
        raise FasError(
            f"augment.transforms: {name} rejects its arguments: {_reason(error)}",
            remedy=f"see albumentations.{name} for its arguments",
        ) from error


def _reason(error: Exception) -> str:
    """The error in one line; those of pydantic, which albumentations checks with, span several."""
    origin = error.__context__
    if not isinstance(origin, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in origin.errors())
