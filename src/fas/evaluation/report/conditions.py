"""Conditions of capture, such as phone or session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fas.evaluation.scores.table import Presentations
from fas.labels import BONA_FIDE

_MOST_VALUES = 24
"""An attribute with more values, such as a subject or a take, is not a condition of capture."""


def by_condition(
    presentations: Presentations, attributes: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Splits presentations by each of their attributes.

    Left out are attributes with one value, with very many, and those that tell bona fide from attack by themselves
    (an access type), since they are not conditions of capture.

    Args:
        presentations: `m` presentations.
        attributes: video_id -> attribute -> value. Presentations that it lacks are in no part.

    Returns:
        Attribute -> its values, sorted -> which presentations have it, bool `(m,)`.
    """
    known = [attributes.get(str(video_id), {}) for video_id in presentations.video_id]
    parts = {}
    for name in sorted({name for one in known for name in one}):
        values = np.array([one.get(name, "") for one in known], dtype=object)
        choices = sorted({value for value in values if value})
        of_bona_fide, of_attacks = (
            set(values[mask]) - {""} for mask in (presentations.label == BONA_FIDE, presentations.label != BONA_FIDE)
        )
        if 2 <= len(choices) <= _MOST_VALUES and of_bona_fide & of_attacks:
            parts[name] = {choice: values == choice for choice in choices}
    return parts
