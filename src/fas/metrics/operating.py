"""Operating points of the literature: one rate is held at a target, another is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fas.metrics.rates import ErrorRates, Rate
from fas.metrics.species import SpeciesScores
from fas.metrics.thresholds import apcer_threshold, bpcer_threshold, pooled_apcer_threshold

Held = Literal["apcer", "apcer_pooled", "bpcer"]
"""The rate that is held: of the worst species, of all attacks pooled, or of the bona fide presentations."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A point of the error curve that papers report.

    Attributes:
        name: As in a table.
        held: The rate that is held at or below `target`.
        target: In (0, 1).
        reported: The rate at the threshold that holds it.
        complement: Report 1 - the rate, a share of right decisions.
        meaning: In words.
    """

    name: str
    held: Held
    target: float
    reported: Held
    complement: bool
    meaning: str

    def threshold(self, scores: SpeciesScores) -> float:
        """The threshold that holds the rate on these scores; see `fas.metrics.thresholds` for the rules."""
        rule = {"apcer": apcer_threshold, "apcer_pooled": pooled_apcer_threshold, "bpcer": bpcer_threshold}[self.held]
        return rule(scores, self.target)

    def value(self, rates: ErrorRates) -> float:
        """What is reported, in [0, 1]."""
        rate = float(getattr(rates, self.reported))
        return 1 - rate if self.complement else rate

    def held_rate(self, rates: ErrorRates) -> Rate:
        """The rate that is held, with its counts; of the worst species for `apcer`."""
        choices = {
            "apcer": rates.attacks[rates.worst_species],
            "apcer_pooled": rates.pooled_attacks,
            "bpcer": rates.bona_fide,
        }
        return choices[self.held]

    def resolved(self, scores: SpeciesScores) -> bool:
        """Whether there are enough presentations for one error to be within the target.

        Where there are not, the target can only be met without any error, and the point says little: a rate of 1e-4
        needs ten thousand attacks.
        """
        sizes = [attacks.size for attacks in scores.attacks.values()]
        total = {"apcer": min(sizes), "apcer_pooled": sum(sizes), "bpcer": scores.bona_fide.size}[self.held]
        return 1 / total <= self.target


def _bpcer(one_in: int) -> OperatingPoint:
    target = 1 / one_in
    return OperatingPoint(f"bpcer{one_in}", "apcer", target, "bpcer", False, f"BPCER at APCER <= {target:.0%}")


def _apcer(one_in: int) -> OperatingPoint:
    target = 1 / one_in
    return OperatingPoint(f"apcer{one_in}", "bpcer", target, "apcer", False, f"APCER at BPCER <= {target:.0%}")


def _tpr(target: float) -> OperatingPoint:
    meaning = f"1 - BPCER at pooled APCER <= {target:g}"
    return OperatingPoint(f"tpr_at_fpr_{target:g}", "apcer_pooled", target, "bpcer", True, meaning)


OPERATING_POINTS: tuple[OperatingPoint, ...] = (
    _bpcer(10),
    _bpcer(20),
    _bpcer(100),
    _apcer(10),
    _apcer(20),
    _apcer(100),
    OperatingPoint("tdr_at_fdr_0.02", "bpcer", 0.02, "apcer_pooled", True, "1 - pooled APCER at BPCER <= 2%"),
    _tpr(1e-2),
    _tpr(1e-3),
    _tpr(1e-4),
)
"""BPCER10, 20 and 100 (ISO/IEC 30107-3) and their mirror images; TDR at a false detection rate of 2 % (SSR-FCN,
arXiv:2005.14503: attacks are what is detected); TPR at FPR 1e-2, 1e-3 and 1e-4 (CASIA-SURF: bona fide is positive)."""


def operating_points(scores: SpeciesScores) -> dict[str, ErrorRates]:
    """Every operating point read off the error curve of these scores.

    The thresholds are chosen on the scores that are evaluated, as the rates of a curve always are: they say what the
    scores could do, not what a threshold from elsewhere does.

    Returns:
        Name -> the error rates at its threshold; `OperatingPoint.value` takes from them what is reported.
    """
    return {point.name: scores.rates(point.threshold(scores)) for point in OPERATING_POINTS}
