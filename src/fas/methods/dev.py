"""The threshold from the scores of the dev split, and the errors at it, counted in presentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.labels import ATTACK, BONA_FIDE
from fas.metrics import ErrorCurve, error_rates, presentation_scores


class DevResult(NamedTuple):
    """The dev split as the current weights score it.

    Attributes:
        threshold: The threshold of the equal error rate.
        eer: The equal error rate, species pooled.
        acer: The ACER at the threshold, with the APCER of the worst coarse species.
        auc: Area under the ROC curve, species pooled.
    """

    threshold: float
    eer: float
    acer: float
    auc: float


def evaluate_dev(
    scores: NDArray[np.floating],
    presentations: NDArray[np.integer],
    frames: NDArray[np.integer],
    table: Mapping[str, NDArray[Any]],
) -> DevResult:
    """Threshold and errors of the dev split.

    Args:
        scores: `(N,)` of frames or clips, N > 0.
        presentations: `(N,)` presentation codes.
        frames: `(N,)` frame numbers; a frame that occurs twice counts once.
        table: Columns `label` and `attack_type`, one entry per presentation code.

    Raises:
        FasError: A score is not finite, or a class is missing.
    """
    if not np.isfinite(scores).all():
        raise FasError("training diverged: the dev split's scores are not finite", remedy="lower the learning rate")
    once = first_of_each_frame(presentations, frames)
    codes, means = presentation_scores(presentations[once], scores[once])
    labels, species = np.asarray(table["label"])[codes], np.asarray(table["attack_type"])[codes]
    attacks, bona_fide = means[labels == ATTACK], means[labels == BONA_FIDE]
    if len(attacks) == 0 or len(bona_fide) == 0:
        raise FasError(
            f"the dev split has {len(bona_fide)} bona fide and {len(attacks)} attack presentations",
            remedy="both are needed to find a threshold; check the protocol and the limits on validation batches",
        )
    curve = ErrorCurve.from_scores(attacks, bona_fide)
    threshold = curve.eer_threshold()
    return DevResult(threshold, curve.eer(), error_rates(means, labels, species, threshold).acer, curve.auc())


def first_of_each_frame(presentation: NDArray[np.integer], frame: NDArray[np.integer]) -> NDArray[np.intp]:
    """Positions that hold every frame once.

    With several processes a sampler may repeat samples until every rank has as many; repetitions must not count.

    Args:
        presentation: `(N,)` integer codes, N > 0.
        frame: `(N,)` frame numbers.

    Returns:
        At most N positions, ordered by presentation and frame.
    """
    order = np.lexsort((frame, presentation))
    repeated = (np.diff(presentation[order]) == 0) & (np.diff(frame[order]) == 0)
    positions: NDArray[np.intp] = order[np.append(True, ~repeated)]
    return positions
