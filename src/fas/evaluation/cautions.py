"""Cautions for readers of an evaluation, as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from fas.evaluation.intervals import FEW_UNITS, Intervals
from fas.evaluation.scores.table import Presentations, ScoreTable
from fas.metrics import ErrorRates


def shared_subjects(everything: Presentations, test: Presentations, dev: Presentations | None) -> list[str]:
    """Subjects of train or dev that are in test; subjects without a name are not compared."""
    tested = set(test.subject.tolist()) - {""}
    splits = {"train": everything.where(everything.split == "train")} | ({} if dev is None else {"dev": dev})
    shared = {name: sorted(tested & set(split.subject.tolist())) for name, split in splits.items()}
    return [
        f"{len(subjects)} subject(s) are in {name} and in test ({', '.join(map(str, subjects[:5]))}"
        f"{', ...' if len(subjects) > 5 else ''}): the numbers are optimistic if they are the same people"
        for name, subjects in shared.items()
        if subjects
    ]


def absent(table: ScoreTable) -> list[str]:
    """Presentations of the protocol that were never preprocessed, so that the scores file has no row for them."""
    missing = (table.provenance or {}).get("absent") or {}
    return [
        f"{missing[split]} {split} presentations of the published dataset were never preprocessed: "
        "they are not in any number"
        for split in ("dev", "test")
        if missing.get(split)
    ]


def without_scores(failures: Mapping[str, int], fine: ErrorRates) -> list[str]:
    """Species of which no presentation has a score."""
    lost = [name for name in failures if name != "bona fide" and name not in fine.attacks]
    return [f"no presentation of species {name} has a score: it is not in any rate" for name in sorted(lost)]


def direction(table: ScoreTable, test_auc: float, dev_auc: float | None) -> list[str]:
    """Scores that seem inverted, in all splits or in one only."""
    if dev_auc is not None and (test_auc - 0.5) * (dev_auc - 0.5) < 0:
        return [
            f"the scores run in two directions: the AUC is {dev_auc:.3f} on dev and {test_auc:.3f} on test; the "
            "threshold means nothing unless high is bona fide in both"
        ]
    if test_auc < 0.5:
        remedy = "High must mean bona fide"
        if table.higher_is == "attack":
            remedy = "Leave out --higher-is attack if high scores mean bona fide"
        elif table.provenance is None:
            remedy = "If high scores mean attack, give `fas evaluate` the option --higher-is attack"
        return [f"the AUC is {test_auc:.3f}, worse than chance: are the scores inverted? {remedy}"]
    return []


def few_units(intervals: Intervals, unnamed: bool) -> list[str]:
    """Intervals that are narrower than the data allows."""
    if unnamed:
        return [
            "the subjects are not named: the intervals treat presentations as independent, so they may be too narrow"
        ]
    if intervals.units < FEW_UNITS:
        return [f"the intervals are rough: they are based on only {intervals.units} {intervals.unit}"]
    return []
