"""The centre crop that a method requires of a stored crop, the same in training, testing and prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fas.errors import FasError

_TOLERANCE = 1e-6


def crop_share(
    recipe: Mapping[str, Any], scale: float | None, preprocess_command: Callable[..., str] | None = None
) -> float:
    """The side of the wanted centre crop as a share of the stored crop's side.

    Args:
        recipe: How the faces were cut; a stored crop is `1 + 2 margin` sides of the face box wide.
        scale: `Requirements.crop_scale`.
        preprocess_command: Gives the command that preprocesses the data with further options, for the remedy.

    Returns:
        In (0, 1]; 1 for no crop.

    Raises:
        FasError: The stored crops are smaller than what is wanted, or the recipe does not say how wide they are.
    """
    if scale is None:
        return 1.0
    if "margin" not in recipe:
        raise FasError(
            "the store does not say how much margin its crops have", remedy="preprocess again with this version"
        )
    stored = 1 + 2 * float(recipe["margin"])
    if scale > stored + _TOLERANCE:
        options = ["--margin", f"{math.ceil((scale - 1) / 2 * 1e4) / 1e4:g}"]
        if "size" in recipe:  # the face itself keeps its pixels
            options += ["--size", str(math.ceil(int(recipe["size"]) * scale / stored))]
        command = preprocess_command(*options) if preprocess_command else f"fas preprocess ... {' '.join(options)}"
        raise FasError(
            f"the method sees {scale:g} times the face box, but the stored crops have {stored:g} times",
            remedy=f"make another store with `{command}` and name it by data.recipe_hash, or choose a smaller crop "
            "scale",
        )
    return min(scale / stored, 1.0)


def centre_box(side: int, share: float) -> tuple[int, int]:
    """First and last (exclusive) pixel of the centre crop of a square of `side` pixels; at least one pixel."""
    if share >= 1:
        return 0, side
    kept = max(1, round(side * share))
    first = (side - kept) // 2
    return first, first + kept


def centre_crop(image: NDArray[Any], share: float) -> NDArray[Any]:
    """The centre of an image `(H, W, ...)`; the same array if nothing is cut."""
    if share >= 1:
        return image
    top, bottom = centre_box(image.shape[0], share)
    left, right = centre_box(image.shape[1], share)
    return image[top:bottom, left:right]
