"""Scores by PAI species, sorted once: error rates at any threshold, and the error curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fas.metrics.curve import ErrorCurve
from fas.metrics.rates import ErrorRates, Level, Rate, checked_presentations, species_codes


@dataclass(frozen=True, slots=True)
class SpeciesScores:
    """Scores of the bona fide presentations and of each PAI species.

    Attributes:
        bona_fide: float64 `(P,)`, ascending, P >= 1.
        attacks: Species, sorted by name -> its scores, float64 `(N_p,)`, ascending, N_p >= 1.
        level: The level of the species.
    """

    bona_fide: NDArray[np.float64]
    attacks: Mapping[str, NDArray[np.float64]]
    level: Level

    @classmethod
    def from_presentations(
        cls, scores: ArrayLike, labels: ArrayLike, attack_types: ArrayLike, level: Level = "coarse"
    ) -> SpeciesScores:
        """Splits and sorts; arguments and errors as `fas.metrics.error_rates`."""
        values, truth, types = checked_presentations(scores, labels, attack_types)
        is_attack = truth == 0
        names, codes = species_codes(types[is_attack], level)
        of_attacks = values[is_attack]
        attacks = {name: np.sort(of_attacks[codes == code]) for code, name in enumerate(names)}
        return cls(np.sort(values[~is_attack]), attacks, level)

    def rates(self, threshold: float) -> ErrorRates:
        """Error rates at a threshold; see `fas.metrics.error_rates`.

        Raises:
            ValueError: The threshold is nan.
        """
        if np.isnan(threshold):
            raise ValueError("the threshold is nan")
        return ErrorRates(
            threshold=float(threshold),
            level=self.level,
            attacks={
                name: Rate(scores.size - int(np.searchsorted(scores, threshold)), scores.size)
                for name, scores in self.attacks.items()
            },
            bona_fide=Rate(int(np.searchsorted(self.bona_fide, threshold)), self.bona_fide.size),
        )

    def curve(self) -> ErrorCurve:
        """The error curve with all species pooled."""
        return ErrorCurve.from_scores(np.concatenate(list(self.attacks.values())), self.bona_fide)


def error_rates(
    scores: ArrayLike, labels: ArrayLike, attack_types: ArrayLike, threshold: float, level: Level = "coarse"
) -> ErrorRates:
    """Counts the errors of every species and of the bona fide presentations at a threshold.

    Source: ISO/IEC 30107-3, clause 3.2 (metrics); OULU-NPU's official evaluation is the default level `coarse` (species
    print and replay) with the threshold at the EER of the development set.

    Args:
        scores: `(n,)`, one per presentation, high = bona fide. Infinities are allowed.
        labels: `(n,)`, 1 = bona fide, 0 = attack.
        attack_types: `(n,)` strings such as `print/printer1`; those of bona fide presentations are not read.
        threshold: Accept as bona fide if score >= threshold.
        level: `coarse` or `fine`.

    Raises:
        ValueError: A class is empty, lengths differ, a label is neither 0 nor 1, or a score or the threshold is nan.
    """
    return SpeciesScores.from_presentations(scores, labels, attack_types, level).rates(threshold)
