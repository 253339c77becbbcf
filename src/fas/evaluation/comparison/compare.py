"""Two systems evaluated on the same presentations: how they differ, with intervals over the choice of subjects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.evaluation.comparison.pairing import paired_presentations
from fas.evaluation.evaluate import CONFIDENCE, Evaluation, evaluate_scores
from fas.evaluation.scores.table import Presentations, ScoreTable
from fas.labels import ATTACK, BONA_FIDE
from fas.metrics.paired import Difference, McNemar, mcnemar, paired_differences


@dataclass(frozen=True)
class Comparison:
    """Two systems on the presentations that both scored.

    Attributes:
        a: System A, evaluated by itself, with its threshold.
        b: System B.
        presentations: Those that both scored.
        differences: Metric -> A, B and their difference as fractions.
        decisions: `all`, `bona fide` and `attack` -> who was right.
        without_score: Presentations that A, B or both did not score: they are in nothing here.
        replicates: Number of bootstrap replicates.
        seed: Seed of its draws.
        simulated: Whether any of the scores are of simulated data; None if that is not known.
        warnings: Cautions for readers of the numbers.
    """

    a: Evaluation
    b: Evaluation
    presentations: Presentations
    differences: Mapping[str, Difference]
    decisions: Mapping[str, McNemar]
    without_score: Mapping[str, int]
    replicates: int
    seed: int
    simulated: bool | None
    warnings: tuple[str, ...]

    @property
    def subjects(self) -> int:
        """How many subjects the bootstrap draws from."""
        return len(set(self.presentations.subject.tolist()))

    @property
    def counts(self) -> dict[str, int]:
        """The counts behind the numbers."""
        return {
            "presentations": len(self.presentations),
            "bona_fide": int(np.count_nonzero(self.presentations.label == BONA_FIDE)),
            "attacks": int(np.count_nonzero(self.presentations.label == ATTACK)),
            "subjects": self.subjects,
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON. An interval that does not exist is null."""
        return {
            "split": "test",
            "simulated": self.simulated,
            "thresholds": {name: _threshold(one) for name, one in (("a", self.a), ("b", self.b))},
            "counts": {**self.counts, "without_score": dict(self.without_score)},
            "differences": {
                name: {
                    "a": one.a,
                    "b": one.b,
                    "difference": one.value,
                    "interval": [None if math.isnan(limit) else limit for limit in one.interval],
                    "p_value": one.p_value,
                    "replicates": one.replicates,
                }
                for name, one in self.differences.items()
            },
            "mcnemar": {
                name: {
                    "both_correct": one.both_correct,
                    "only_a_correct": one.only_a_correct,
                    "only_b_correct": one.only_b_correct,
                    "both_wrong": one.both_wrong,
                    "p_value": one.p_value,
                }
                for name, one in self.decisions.items()
            },
            "interval": {
                "method": "paired percentile bootstrap",
                "unit": "subject",
                "confidence": CONFIDENCE,
                "replicates": self.replicates,
                "seed": self.seed,
            },
            "warnings": list(self.warnings),
        }


def compare_scores(
    a: ScoreTable, b: ScoreTable, *, threshold: str | float, replicates: int = 1000, seed: int = 0
) -> Comparison:
    """Compares two systems on their test presentations, paired by `video_id`, with coarse PAI species.

    Both must list the same test presentations, with the same subject, label and attack type. A presentation that one of
    them could not score is left out of both, and counted.

    Args:
        a: Scores of system A.
        b: Scores of system B.
        threshold: Its rule; each system is evaluated at the threshold of its own dev rows. See
            `fas.evaluation.evaluate.evaluate_scores`.
        replicates: Number of bootstrap replicates, at least 1.
        seed: Seed of its draws.

    Raises:
        FasError: The two are of different datasets or presentations, a class has no presentation that both scored, or
            a threshold cannot be had.
    """
    of_a, of_b = paired_presentations(a, b)
    scored_a, scored_b = ~np.isnan(of_a.score), ~np.isnan(of_b.score)
    both = scored_a & scored_b
    for label, name in ((BONA_FIDE, "bona fide presentation"), (ATTACK, "attack")):
        if not np.any(both & (of_a.label == label)):
            raise FasError(f"no {name} of the test split has a score of both", path=b.path)
    # The intervals that matter here are of the differences: one replicate of those of each system is enough.
    evaluation_a, evaluation_b = (evaluate_scores(one, threshold=threshold, replicates=1) for one in (a, b))
    here_a, here_b = of_a.where(both), of_b.where(both)
    thresholds = evaluation_a.threshold.value, evaluation_b.threshold.value
    differences = paired_differences(
        here_a.score,
        here_b.score,
        here_a.label,
        here_a.attack_type,
        thresholds,
        # A presentation without the name of its subject counts as a separate subject.
        np.where(here_a.subject == "", here_a.video_id, here_a.subject).astype(str),
        replicates=replicates,
        seed=seed,
        confidence=CONFIDENCE,
    )
    correct_a, correct_b = (
        (one.score >= value) == (one.label == BONA_FIDE)
        for one, value in zip((here_a, here_b), thresholds, strict=True)
    )
    classes = {
        "all": np.ones(len(here_a), dtype=bool),
        "bona fide": here_a.label == BONA_FIDE,
        "attack": here_a.label == ATTACK,
    }
    return Comparison(
        a=evaluation_a,
        b=evaluation_b,
        presentations=here_a,
        differences=differences,
        decisions={name: mcnemar(correct_a[mask], correct_b[mask]) for name, mask in classes.items()},
        without_score={
            "a_only": _count(~scored_a & scored_b),
            "b_only": _count(scored_a & ~scored_b),
            "both": _count(~scored_a & ~scored_b),
        },
        replicates=replicates,
        seed=seed,
        simulated=_either_simulated(evaluation_a.simulated, evaluation_b.simulated),
        warnings=tuple(f"{sides}: {text}" for text, sides in _warnings(evaluation_a, evaluation_b).items()),
    )


def _warnings(a: Evaluation, b: Evaluation) -> dict[str, str]:
    """Each warning, with the systems that it is of."""
    both = set(a.warnings) & set(b.warnings)
    of_one = {text: name for name, one in (("A", a), ("B", b)) for text in one.warnings}
    return {text: "A and B" if text in both else name for text, name in of_one.items()}


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _either_simulated(a: bool | None, b: bool | None) -> bool | None:
    if a or b:
        return True
    return None if None in (a, b) else False


def _threshold(one: Evaluation) -> dict[str, Any]:
    value = one.threshold.value
    return {
        "value": value if math.isfinite(value) else str(value),
        "rule": one.threshold.rule,
        "origin": one.threshold.origin,
    }
