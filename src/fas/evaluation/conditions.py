"""Error rates by condition of capture, such as phone or session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fas.datasets.presentation import BONA_FIDE
from fas.evaluation.evaluate import Evaluation
from fas.metrics import Rate, species_of

_MOST_VALUES = 24
"""An attribute with more values, such as a subject or a take, is no condition worth a table."""


@dataclass(frozen=True)
class Condition:
    """Errors where an attribute has one value.

    Attributes:
        value: The attribute's value.
        bona_fide: Rejected bona fide presentations, or None if there is none.
        attacks: Accepted attacks by coarse species; a species that does not occur is absent.
    """

    value: str
    bona_fide: Rate | None
    attacks: Mapping[str, Rate]


def by_condition(
    evaluation: Evaluation, attributes: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[Condition, ...]]:
    """Splits the judged presentations by each of their attributes.

    Left out are attributes with one value, with very many, and those that tell bona fide from attack by themselves
    (an access type), since they are no condition of capture.

    Args:
        evaluation: What to split.
        attributes: video_id -> attribute -> value. Presentations that it lacks are left out.

    Returns:
        Attribute -> its values, sorted.
    """
    judged = evaluation.judged
    known = [attributes.get(str(video_id), {}) for video_id in judged.video_id]
    tables = {}
    for name in sorted({name for one in known for name in one}):
        values = np.array([one.get(name, "") for one in known], dtype=object)
        choices = sorted({value for value in values if value})
        of_bona_fide, of_attacks = (
            set(values[mask]) - {""} for mask in (judged.label == BONA_FIDE, judged.label != BONA_FIDE)
        )
        if 2 <= len(choices) <= _MOST_VALUES and of_bona_fide & of_attacks:
            tables[name] = tuple(_condition(evaluation, choice, values == choice) for choice in choices)
    return tables


def _condition(evaluation: Evaluation, value: str, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Condition:
    here = evaluation.judged.where(mask)
    accepted = here.score >= evaluation.threshold.value
    is_attack = here.label != BONA_FIDE
    species = np.array(species_of(here.attack_type.tolist(), "coarse"), dtype=object)
    return Condition(
        value=value,
        bona_fide=_rate(~accepted[~is_attack]),
        attacks={
            name: rate
            for name in sorted(set(species[is_attack]))
            if (rate := _rate(accepted[is_attack & (species == name)]))
        },
    )


def _rate(wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Rate | None:
    return Rate(int(np.count_nonzero(wrong)), wrong.size) if wrong.size else None
