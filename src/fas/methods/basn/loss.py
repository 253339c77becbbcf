"""The loss of BASN: equations 3 to 5."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def squared_l1(predicted: Tensor, target: Tensor) -> Tensor:
    """The batch mean of the squared L1 norm of the difference of two maps: equations 3 (depth) and 4 (reflection).

    The norm is the sum of absolute differences over all values of a map. Its square grows with the square of their
    number, so a weight in equation 5 belongs to one size of map.

    Args:
        predicted: `(B, C, h, w)`.
        target: `(B, C, h, w)`.

    Returns:
        Scalar float32.
    """
    # float32, since the square of a whole map's sum overflows half precision.
    return (predicted.float() - target).abs().flatten(1).sum(dim=1).square().mean()


def weighted_sum(parts: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The total loss, lambda_1 L_cls + lambda_2 L_depth + lambda_3 L_ref: equation 5.

    Args:
        parts: Scalars by name. An ablation without a branch has no such part.
        weights: The lambdas by these names; others are not read.
    """
    return sum((weights[name] * part for name, part in parts.items()), start=next(iter(parts.values())).new_zeros(()))
