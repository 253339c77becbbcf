"""Failures to acquire: presentations without a score, counted apart or as rejections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fas.metrics.rates import Level, Rate, species_codes


@dataclass(frozen=True, slots=True)
class NonResponses:
    """How many presentations have no score (the "errors" of each rate).

    Source: ISO/IEC 30107-3, the attack and the bona fide presentation non-response rates (APNRR, BPNRR).

    Attributes:
        bona_fide: BPNRR, or None if there is no bona fide presentation.
        attacks: APNRR by species, sorted by name.
    """

    bona_fide: Rate | None
    attacks: Mapping[str, Rate]

    @property
    def pooled(self) -> Rate:
        """The failure-to-acquire rate of all presentations."""
        rates = [*self.attacks.values(), *([self.bona_fide] if self.bona_fide else [])]
        return Rate(sum(rate.errors for rate in rates), sum(rate.total for rate in rates))


def non_responses(
    scores: ArrayLike, labels: ArrayLike, attack_types: ArrayLike, level: Level = "coarse"
) -> NonResponses:
    """Counts the presentations whose score is nan.

    Args:
        scores: `(n,)`, n >= 1; nan = no score.
        labels: `(n,)`, 1 = bona fide, 0 = attack.
        attack_types: `(n,)` strings; those of bona fide presentations are not read.
        level: The level of PAI species.
    """
    failed, is_attack = np.isnan(np.asarray(scores, dtype=np.float64)), np.asarray(labels) == 0
    names, codes = species_codes(np.asarray(attack_types)[is_attack], level)
    totals = np.bincount(codes, minlength=len(names))
    errors = np.bincount(codes[failed[is_attack]], minlength=len(names))
    bona_fide = int(np.count_nonzero(~is_attack))
    return NonResponses(
        Rate(int(np.count_nonzero(failed & ~is_attack)), bona_fide) if bona_fide else None,
        {name: Rate(int(error), int(total)) for name, error, total in zip(names, errors, totals, strict=True)},
    )


def failures_as_rejections(scores: ArrayLike) -> NDArray[np.float64]:
    """Scores with -inf for nan: a presentation without a score is never accepted.

    Error rates of the result count a failure to acquire as an error if it is bona fide, and as a right decision if it
    is an attack. This is what a door does that stays closed. bob.pad.base scales with one failure rate for both classes
    instead; here each class and species has its own.
    """
    values = np.asarray(scores, dtype=np.float64)
    return np.where(np.isnan(values), -np.inf, values)
