"""Decision thresholds and how they are chosen."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from fas.errors import FasError
from fas.metrics import SpeciesScores, apcer_threshold, bpcer_threshold

DEV_EER = "dev-eer"
"""The default rule: where the errors on the dev split are equal."""

TEST_EER = "test-eer-optimistic"
"""The EER of the scores that are evaluated. Much of the literature across datasets reports the error at it."""

RULES = f"{DEV_EER}, dev-min-hter, dev-bpcerN, dev-apcerN (N = 10, 20, 100, ...), {TEST_EER}, or a number such as 0.5"
"""The accepted thresholds, for messages and help."""

_TARGET = re.compile(r"dev-(bpcer|apcer)([1-9]\d{0,5})")


@dataclass(frozen=True)
class Threshold:
    """A decision threshold with its origin.

    Attributes:
        value: Accept as bona fide if score >= value.
        rule: One of the rules of `Rule`, or `fixed`.
        origin: The rule in words, with the counts behind it.
    """

    value: float
    rule: str
    origin: str


@dataclass(frozen=True)
class Rule:
    """How a threshold is found.

    Attributes:
        name: `dev-eer`, `dev-min-hter`, `dev-bpcerN` (the worst species' APCER on dev is at most 1 / N), `dev-apcerN`
            (BPCER on dev is at most 1 / N), `test-eer-optimistic` or `fixed`.
        number: The threshold itself for `fixed`, N for the targets, else nan.
    """

    name: str
    number: float = math.nan

    @classmethod
    def parse(cls, wanted: str | float) -> Rule:
        """Reads a rule's name or a number.

        Raises:
            FasError: It is neither, or not finite.
        """
        if wanted in (DEV_EER, "dev-min-hter", TEST_EER):
            return cls(str(wanted))
        if match := _TARGET.fullmatch(str(wanted)):
            return cls(str(wanted), float(match[2]))
        try:
            number = float(wanted)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise FasError(f"unknown threshold {wanted!r}", remedy=f"give {RULES}")
        return cls("fixed", number)

    @property
    def split(self) -> str | None:
        """The split whose scores give the threshold."""
        return None if self.name == "fixed" else self.name.split("-", 1)[0]

    def threshold(self, scores: SpeciesScores | None, source: str) -> Threshold:
        """The threshold by this rule.

        Args:
            scores: Scores of the split that the rule needs; not read for `fixed`.
            source: The origin of the scores, printed after "of the dev split".
        """
        if scores is None:
            return Threshold(self.number, "fixed", "fixed by the user, independent of the data")
        attacks = sum(one.size for one in scores.attacks.values())
        counts = f"over {scores.bona_fide.size} bona fide and {attacks} attack presentations"
        where = f"{self.split} split{source}"
        if self.name.endswith(("eer", "optimistic")):
            curve = scores.curve()
            words = f"EER of the {where}: {100 * curve.eer():.2f} % {counts}, species pooled"
            if self.name == TEST_EER:
                words += "; chosen on the scores that are evaluated, so the error rates are optimistic"
            return Threshold(curve.eer_threshold(), self.name, words)
        if self.name == "dev-min-hter":
            curve = scores.curve()
            value = curve.min_hter_threshold()
            hter = scores.rates(value).hter
            return Threshold(
                value, self.name, f"least HTER of the {where}: {100 * hter:.2f} % {counts}, species pooled"
            )
        target = 1 / self.number
        if self.name.startswith("dev-bpcer"):
            value, held = apcer_threshold(scores, target), f"APCER of the worst {scores.level} species"
        else:
            value, held = bpcer_threshold(scores, target), "BPCER"
        return Threshold(value, self.name, f"{held} at most {100 * target:g} % on the {where}, {counts}")
