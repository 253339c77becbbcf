"""Error rates of ISO/IEC 30107-3 at one threshold, the counts behind them, and the species they are taken over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fas.metrics.intervals import clopper_pearson

Level = Literal["coarse", "fine"]
"""How PAI species are distinguished: `coarse` by the part of the attack type before `/`, `fine` by all of it."""

UNNAMED_SPECIES = "unnamed"
"""The species of an attack whose attack type is empty."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of presentations that were classified wrongly.

    Attributes:
        errors: How many were wrong.
        total: Out of how many, at least 1.
    """

    errors: int
    total: int

    @property
    def value(self) -> float:
        """Errors / total, in [0, 1]."""
        return self.errors / self.total

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The exact (Clopper-Pearson) interval; see `fas.metrics.clopper_pearson`."""
        return clopper_pearson(self.errors, self.total, confidence)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Error rates at one threshold.

    Attributes:
        threshold: A presentation is accepted as bona fide if its score >= threshold.
        level: The level of the PAI species.
        attacks: Accepted attacks (the errors) by species, sorted by name.
        bona_fide: Rejected bona fide presentations (the errors).
    """

    threshold: float
    level: Level
    attacks: Mapping[str, Rate]
    bona_fide: Rate

    @property
    def apcer_by_species(self) -> dict[str, float]:
        """APCER of each PAI species: the proportion of its attack presentations classified as bona fide.

        Source: ISO/IEC 30107-3, clause 3.2 (metrics); APCER_p = 1 - (1/N_p) sum RES_i.
        """
        return {species: rate.value for species, rate in self.attacks.items()}

    @property
    def worst_species(self) -> str:
        """The species with the highest APCER; of equal ones the one with more attacks, then the first by name."""
        return max(self.attacks, key=lambda species: (self.attacks[species].value, self.attacks[species].total))

    @property
    def apcer(self) -> float:
        """APCER of the worst species at the stated level, as the standard reports it and OULU-NPU's protocol asks."""
        return self.attacks[self.worst_species].value

    @property
    def pooled_attacks(self) -> Rate:
        """Accepted attacks over all species."""
        rates = self.attacks.values()
        return Rate(sum(rate.errors for rate in rates), sum(rate.total for rate in rates))

    @property
    def apcer_pooled(self) -> float:
        """All accepted attacks / all attacks (FAR). Not the standard's APCER, though some papers call it so."""
        return self.pooled_attacks.value

    @property
    def bpcer(self) -> float:
        """The proportion of bona fide presentations classified as attacks (ISO/IEC 30107-3, clause 3.2)."""
        return self.bona_fide.value

    @property
    def acer(self) -> float:
        """(APCER + BPCER) / 2 with the worst species' APCER; common in papers, no longer in the standard."""
        return (self.apcer + self.bpcer) / 2

    @property
    def hter(self) -> float:
        """(FAR + FRR) / 2 with pooled attacks: the half total error rate."""
        return (self.apcer_pooled + self.bpcer) / 2

    @property
    def counts(self) -> dict[str, int]:
        """The counts behind the rates."""
        pooled = self.pooled_attacks
        return {
            "attacks": pooled.total,
            "attacks_accepted": pooled.errors,
            "bona_fide": self.bona_fide.total,
            "bona_fide_rejected": self.bona_fide.errors,
        }


def species_of(attack_types: Iterable[str], level: Level = "coarse") -> list[str]:
    """The PAI species of attack types such as `print/printer1` at a level; an empty type gives `unnamed`."""
    if level not in ("coarse", "fine"):
        raise ValueError(f"the level of PAI species is 'coarse' or 'fine', not {level!r}")
    names = (str(name) for name in attack_types)
    if level == "coarse":
        names = (name.split("/", 1)[0] for name in names)
    return [name or UNNAMED_SPECIES for name in names]


def species_codes(attack_types: Iterable[str], level: Level = "coarse") -> tuple[list[str], NDArray[np.intp]]:
    """The distinct PAI species of attack types, sorted, and for each attack the place of its species, `(n,)`."""
    types = np.asarray(attack_types).tolist()
    # There are few types and perhaps millions of attacks: each name is read once.
    distinct = list(set(types))
    species = species_of(distinct, level)
    names = sorted(set(species))
    place = {one: names.index(name) for one, name in zip(distinct, species, strict=True)}
    return names, np.fromiter(map(place.__getitem__, types), dtype=np.intp, count=len(types))


def checked_presentations(
    scores: ArrayLike, labels: ArrayLike, attack_types: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[Any]]:
    """Scores, labels and attack types as arrays `(n,)`, of which both classes occur and no score is nan.

    Raises:
        ValueError: They are not.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    types = np.asarray(attack_types)
    if not values.shape == truth.shape == types.shape or values.ndim != 1:
        raise ValueError(f"scores, labels and attack types differ: {values.shape}, {truth.shape}, {types.shape}")
    if np.isnan(values).any():
        raise ValueError("a score is nan; decide first what a presentation without a score means")
    attacks, bona_fide = np.count_nonzero(truth == 0), np.count_nonzero(truth == 1)
    if attacks + bona_fide != truth.size:
        raise ValueError("labels are 1 (bona fide) or 0 (attack)")
    if attacks == 0 or bona_fide == 0:
        raise ValueError("error rates need at least one bona fide presentation and one attack")
    return values, truth, types
