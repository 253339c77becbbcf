"""From a table of scores to the metrics of ISO/IEC 30107-3, with the threshold's origin and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fas.errors import FasError
from fas.evaluation import cautions
from fas.evaluation.intervals import Intervals, Unit, bootstrap_intervals
from fas.evaluation.scores.table import AGGREGATION, HigherIs, Presentations, ScoreTable
from fas.evaluation.threshold import DEV_EER, TEST_EER, Rule, Threshold
from fas.labels import ATTACK, BONA_FIDE
from fas.metrics import (
    OPERATING_POINTS,
    Aggregation,
    ErrorRates,
    Level,
    NonResponses,
    SpeciesScores,
    error_rates,
    failures_as_rejections,
    non_responses,
    operating_points,
    species_of,
)

CONFIDENCE = 0.95
"""The confidence of all intervals."""


@dataclass(frozen=True)
class Evaluation:
    """Metrics of the test split, counted in presentations.

    Attributes:
        threshold: The threshold of all error rates.
        aggregation: How frames became presentations.
        rates: Error rates at the chosen level of PAI species.
        fine: Error rates at the level `fine`.
        eer: The equal error rate of the **test** scores; its threshold is chosen on them, so it is optimistic.
        auc: The area under the ROC curve of the test scores, species pooled.
        operating: Operating point -> the error rates at its threshold, which is chosen on the **test** scores.
        intervals: Of every metric.
        presentations: The test presentations with a score.
        scores: Their scores by species of the chosen level, sorted.
        failures: Test presentations without any score (failures to acquire), by `bona fide` or fine PAI species. They
            are in no rate: the standard counts them apart, as non-responses.
        non_responses: Their rates, by class and species of the chosen level.
        with_failures: Error rates of all test presentations, where those without a score count as rejected.
        frames: Rows of the test split.
        frames_without_score: Those of them whose score is nan.
        warnings: Cautions for readers of the numbers.
        provenance: Of the scores file, if it has one.
        simulated: Whether the scores, or those that gave the threshold, are of simulated data; None if unknown.
        higher_is: What high scores mean in the scores file. Everything else here is in the direction high = bona fide.
    """

    threshold: Threshold
    aggregation: Aggregation
    rates: ErrorRates
    fine: ErrorRates
    eer: float
    auc: float
    operating: Mapping[str, ErrorRates]
    intervals: Intervals
    presentations: Presentations
    scores: SpeciesScores
    failures: Mapping[str, int]
    non_responses: NonResponses
    with_failures: ErrorRates
    frames: int
    frames_without_score: int
    warnings: tuple[str, ...]
    provenance: Mapping[str, Any] | None
    simulated: bool | None
    higher_is: HigherIs = "bona-fide"

    @property
    def accepted_if(self) -> str:
        """How a score of the file compares with a threshold of the file where it is accepted as bona fide."""
        return ">=" if self.higher_is == "bona-fide" else "<="

    def of_file(self, threshold: float) -> float:
        """A threshold in the direction of the scores file, as users read and give it."""
        return threshold if self.higher_is == "bona-fide" else 0.0 - threshold

    @property
    def counts(self) -> dict[str, Any]:
        """The counts behind the numbers."""
        return {
            "presentations": len(self.presentations),
            **self.rates.counts,
            "subjects": len(set(self.presentations.subject.tolist())),
            "frames": self.frames,
            "frames_without_score": self.frames_without_score,
            "failures_to_acquire": dict(self.failures),
        }


def evaluate_scores(
    table: ScoreTable,
    dev: ScoreTable | None = None,
    *,
    threshold: str | float = DEV_EER,
    level: Level = "coarse",
    aggregation: Aggregation = AGGREGATION,
    unit: Unit = "subjects",
    replicates: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Evaluates the rows of split `test`.

    Args:
        table: Scores with rows of split `test`, and of split `dev` for the threshold.
        dev: Where to take the rows of split `dev` from instead.
        threshold: A rule of `fas.evaluation.threshold.Rule`, or a finite number (also as text) in the direction of the
            file: a presentation is accepted as bona fide if its score is >= the number, or <= the number where high
            scores of the file mean attack.
        level: The level of PAI species over which APCER is the maximum.
        aggregation: How frames become presentations.
        unit: What the bootstrap of the intervals draws. Presentations are drawn instead of subjects that have no names.
        replicates: Bootstrap replicates, at least 1.
        seed: Seed of the bootstrap.

    Raises:
        FasError: A split that is needed has no rows, no bona fide or no attack presentation with a score, or the
            threshold is neither a known rule nor a number.
    """
    rule = Rule.parse(threshold)
    if rule.name == "fixed" and table.higher_is == "attack":
        rule = replace(rule, number=0.0 - rule.number)
    everything = table.presentations(aggregation)
    test = everything.where(everything.split == "test")
    scored = _with_score(test, "test", table)
    scores = _by_species(scored, level)
    curve = scores.curve()

    development, dev_scores, source = None, None, _source(table)
    if rule.split == "dev":
        dev_table = table if dev is None else dev
        presentations = everything if dev is None else dev.presentations(aggregation)
        development = _with_score(presentations.where(presentations.split == "dev"), "dev", dev_table)
        dev_scores, source = _by_species(development, level), _source(dev_table)
    chosen = rule.threshold(scores if rule.name == TEST_EER else dev_scores, source)

    rates, points = scores.rates(chosen.value), operating_points(scores)
    fine = error_rates(scored.score, scored.label, scored.attack_type, chosen.value, "fine")
    unnamed = bool(np.any(scored.subject == ""))
    intervals = bootstrap_intervals(
        scored,
        _values(rates, curve.eer(), curve.auc(), points),
        chosen.value,
        level,
        unit="presentations" if unnamed else unit,
        replicates=replicates,
        seed=seed,
        confidence=CONFIDENCE,
    )
    failures = _failures(test)
    rows = table.split == "test"
    return Evaluation(
        threshold=chosen,
        aggregation=aggregation,
        rates=rates,
        fine=fine,
        eer=curve.eer(),
        auc=curve.auc(),
        operating=points,
        intervals=intervals,
        presentations=scored,
        scores=scores,
        failures=failures,
        non_responses=non_responses(test.score, test.label, test.attack_type, level),
        with_failures=error_rates(
            failures_as_rejections(test.score), test.label, test.attack_type, chosen.value, level
        ),
        frames=int(np.count_nonzero(rows)),
        frames_without_score=int(np.count_nonzero(np.isnan(table.score[rows]))),
        warnings=(
            *cautions.shared_subjects(
                everything, test, development if dev is None or _one_dataset(table, dev) else None
            ),
            *cautions.absent(table),
            *cautions.without_scores(failures, fine),
            *cautions.direction(table, curve.auc(), None if dev_scores is None else dev_scores.curve().auc()),
            *cautions.few_units(intervals, unnamed and unit == "subjects"),
        ),
        provenance=table.provenance,
        simulated=_any_simulated([table] if dev is None else [table, dev]),
        higher_is=table.higher_is,
    )


def _simulated(table: ScoreTable) -> bool | None:
    return None if table.provenance is None else bool(table.provenance["simulated"])


def _any_simulated(tables: Sequence[ScoreTable]) -> bool | None:
    marks = [_simulated(table) for table in tables]
    if True in marks:
        return True
    return None if None in marks else False


def _source(table: ScoreTable) -> str:
    return "" if table.path is None else f" in {table.path.name}{' (simulated)' if _simulated(table) else ''}"


def _with_score(presentations: Presentations, split: str, table: ScoreTable) -> Presentations:
    scored = presentations.where(~np.isnan(presentations.score))
    for label, name in ((BONA_FIDE, "bona fide presentation"), (ATTACK, "attack")):
        if not np.any(scored.label == label):
            raise FasError(
                f"the {split} split has no {name} with a score ({len(presentations)} presentations in all)",
                path=table.path,
                remedy=f"give --threshold NUMBER or --threshold {TEST_EER}; `fas evaluate` also takes a second scores "
                "file, with the dev rows"
                if split == "dev"
                else None,
            )
    return scored


def _by_species(presentations: Presentations, level: Level) -> SpeciesScores:
    return SpeciesScores.from_presentations(presentations.score, presentations.label, presentations.attack_type, level)


def _values(rates: ErrorRates, eer: float, auc: float, points: Mapping[str, ErrorRates]) -> dict[str, float]:
    """Every metric by the names of `fas.metrics.metric_replicates`."""
    names = ("apcer", "apcer_pooled", "bpcer", "acer", "hter")
    return {
        **{name: getattr(rates, name) for name in names},
        "eer": eer,
        "auc": auc,
        **{f"apcer/{name}": value for name, value in rates.apcer_by_species.items()},
        **{point.name: point.value(points[point.name]) for point in OPERATING_POINTS},
    }


def _failures(test: Presentations) -> dict[str, int]:
    unscored = test.where(np.isnan(test.score))
    species = species_of(unscored.attack_type.tolist(), "fine")
    counted = Counter(
        "bona fide" if label == BONA_FIDE else name for label, name in zip(unscored.label, species, strict=True)
    )
    return dict(sorted(counted.items()))


def _one_dataset(table: ScoreTable, dev: ScoreTable) -> bool:
    """Whether equal subject names may mean the same person; True where it is not known."""
    names = [None if one.provenance is None else one.provenance.get("dataset") for one in (table, dev)]
    return None in names or names[0] == names[1]
