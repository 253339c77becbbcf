"""From a table of scores to the metrics of ISO/IEC 30107-3, with the threshold's origin and the counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fas.datasets.presentation import ATTACK, BONA_FIDE
from fas.errors import FasError
from fas.evaluation.files import write_text
from fas.evaluation.table import AGGREGATION, Presentations, ScoreTable
from fas.metrics import ErrorCurve, ErrorRates, Level, Rate, error_rates, species_of

CONFIDENCE = 0.95
"""The confidence of all intervals."""

DEV_EER = "dev-eer"
"""The default threshold: where the errors on the dev split are equal."""


@dataclass(frozen=True)
class Threshold:
    """A decision threshold that says where it comes from.

    Attributes:
        value: Accept as bona fide if score >= value.
        rule: `dev-eer` or `fixed`.
        origin: The rule in words, with the counts behind it.
    """

    value: float
    rule: str
    origin: str


@dataclass(frozen=True)
class Evaluation:
    """Metrics of the test split, counted in presentations.

    Attributes:
        threshold: The threshold of all error rates.
        rates: Error rates at the chosen level of PAI species.
        fine: Error rates at the level `fine`.
        eer: The equal error rate of the **test** scores; its threshold is chosen on them, so it is optimistic.
        auc: The area under the ROC curve of the test scores, species pooled.
        judged: The test presentations with a score.
        failures: Test presentations without any score (failures to acquire), by `bona fide` or fine PAI species. They
            are in no rate: the standard counts them apart, as non-responses.
        frames: Rows of the test split.
        frames_without_score: Those of them whose score is nan.
        warnings: What a reader of the numbers must know.
        provenance: What stands beside the scores file, if anything.
        simulated: Whether the scores, or those that gave the threshold, are of simulated data; None if unknown.
    """

    threshold: Threshold
    rates: ErrorRates
    fine: ErrorRates
    eer: float
    auc: float
    judged: Presentations
    failures: Mapping[str, int]
    frames: int
    frames_without_score: int
    warnings: tuple[str, ...]
    provenance: Mapping[str, Any] | None
    simulated: bool | None

    @property
    def counts(self) -> dict[str, Any]:
        """What stands behind the numbers."""
        return {
            "presentations": len(self.judged),
            **self.rates.counts,
            "subjects": len(set(self.judged.subject.tolist())),
            "frames": self.frames,
            "frames_without_score": self.frames_without_score,
            "failures_to_acquire": dict(self.failures),
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; every rate with its errors, total and 95 % interval."""
        return {
            "split": "test",
            "simulated": self.simulated,
            "threshold": {
                # JSON has no infinity; a threshold of infinite scores is one.
                "value": self.threshold.value if math.isfinite(self.threshold.value) else str(self.threshold.value),
                "rule": self.threshold.rule,
                "origin": self.threshold.origin,
            },
            "level": self.rates.level,
            "aggregation": AGGREGATION,
            "apcer": {**_rate(self.rates.attacks[self.rates.worst_species]), "species": self.rates.worst_species},
            "apcer_by_species": {name: _rate(rate) for name, rate in self.rates.attacks.items()},
            "apcer_by_fine_species": {name: _rate(rate) for name, rate in self.fine.attacks.items()},
            "apcer_pooled": _rate(self.rates.pooled_attacks),
            "bpcer": _rate(self.rates.bona_fide),
            "acer": {"value": self.rates.acer},
            "hter": {"value": self.rates.hter},
            "eer": {"value": self.eer, "computed_on": "test", "optimistic": True},
            "auc": {"value": self.auc},
            "counts": self.counts,
            "interval": {"method": "Clopper-Pearson", "confidence": CONFIDENCE, "unit": "presentation"},
            "warnings": list(self.warnings),
            "provenance": None if self.provenance is None else dict(self.provenance),
        }

    def write(self, path: Path) -> None:
        """Writes `to_json` to a file, as a whole or not at all."""
        write_text(path, json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")


def evaluate_scores(
    table: ScoreTable,
    dev: ScoreTable | None = None,
    *,
    threshold: str | float = DEV_EER,
    level: Level = "coarse",
) -> Evaluation:
    """Judges the rows of split `test`.

    Args:
        table: Scores with rows of split `test`, and of split `dev` for the threshold.
        dev: Where to take the rows of split `dev` from instead.
        threshold: `dev-eer`, or a finite number (also as text).
        level: The level of PAI species over which APCER is the maximum.

    Raises:
        FasError: A split that is needed has no rows, no bona fide or no attack presentation with a score, or the
            threshold is neither a known rule nor a number.
    """
    everything = table.presentations()
    test = everything.where(everything.split == "test")
    judged = _with_score(test, "test", table)
    chosen, development = _threshold(threshold, table if dev is None else dev)
    curve = _curve(judged)
    rates = error_rates(judged.score, judged.label, judged.attack_type, chosen.value, level)
    fine = error_rates(judged.score, judged.label, judged.attack_type, chosen.value, "fine")
    unscored = test.where(np.isnan(test.score))
    failures = Counter(
        "bona fide" if label == BONA_FIDE else species
        for label, species in zip(unscored.label, species_of(unscored.attack_type.tolist(), "fine"), strict=True)
    )
    rows = table.split == "test"
    return Evaluation(
        threshold=chosen,
        rates=rates,
        fine=fine,
        eer=curve.eer(),
        auc=curve.auc(),
        judged=judged,
        failures=dict(sorted(failures.items())),
        frames=int(np.count_nonzero(rows)),
        frames_without_score=int(np.count_nonzero(np.isnan(table.score[rows]))),
        warnings=(
            *_shared_subjects(everything, test, development if dev is None or _one_dataset(table, dev) else None),
            *_absent(table),
            *_unjudged(failures, fine),
            *_inverted(curve.auc()),
        ),
        provenance=table.provenance,
        simulated=_any_simulated([table] if dev is None else [table, dev]),
    )


def _simulated(table: ScoreTable) -> bool | None:
    return None if table.provenance is None else bool(table.provenance["simulated"])


def _any_simulated(tables: Sequence[ScoreTable]) -> bool | None:
    marks = [_simulated(table) for table in tables]
    if True in marks:
        return True
    return None if None in marks else False


def _threshold(wanted: str | float, table: ScoreTable) -> tuple[Threshold, Presentations | None]:
    if wanted == DEV_EER:
        source = "" if table.path is None else f" in {table.path.name}{' (simulated)' if _simulated(table) else ''}"
        presentations = table.presentations()
        dev = _with_score(presentations.where(presentations.split == "dev"), "dev", table)
        curve = _curve(dev)
        attacks, bona_fide = int(np.count_nonzero(dev.label == ATTACK)), int(np.count_nonzero(dev.label == BONA_FIDE))
        origin = (
            f"EER of the dev split{source}: {100 * curve.eer():.2f} % over {bona_fide} bona fide and {attacks} attack "
            f"presentations, species pooled"
        )
        return Threshold(curve.eer_threshold(), DEV_EER, origin), dev
    try:
        value = float(wanted)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FasError(f"unknown threshold {wanted!r}", remedy=f"give {DEV_EER} or a number, such as 0.5")
    return Threshold(value, "fixed", "fixed by the user, from no data"), None


def _with_score(presentations: Presentations, split: str, table: ScoreTable) -> Presentations:
    scored = presentations.where(~np.isnan(presentations.score))
    for label, name in ((BONA_FIDE, "bona fide presentation"), (ATTACK, "attack")):
        if not np.any(scored.label == label):
            raise FasError(
                f"the {split} split has no {name} with a score ({len(presentations)} presentations in all)",
                path=table.path,
                remedy="give a dev file with rows of split dev, or --threshold NUMBER" if split == "dev" else None,
            )
    return scored


def _curve(presentations: Presentations) -> ErrorCurve:
    is_attack = presentations.label == ATTACK
    return ErrorCurve.from_scores(presentations.score[is_attack], presentations.score[~is_attack])


def _one_dataset(table: ScoreTable, dev: ScoreTable) -> bool:
    """Whether equal subject names may mean the same person; True where it is not known."""
    names = [None if one.provenance is None else one.provenance.get("dataset") for one in (table, dev)]
    return None in names or names[0] == names[1]


def _shared_subjects(everything: Presentations, test: Presentations, dev: Presentations | None) -> list[str]:
    tested = set(test.subject.tolist())
    splits = {"train": everything.where(everything.split == "train")} | ({} if dev is None else {"dev": dev})
    shared = {name: sorted(tested & set(split.subject.tolist())) for name, split in splits.items()}
    return [
        f"{len(subjects)} subject(s) are in {name} and in test ({', '.join(map(str, subjects[:5]))}"
        f"{', ...' if len(subjects) > 5 else ''}): the numbers are optimistic if they are the same people"
        for name, subjects in shared.items()
        if subjects
    ]


def _absent(table: ScoreTable) -> list[str]:
    """Presentations of the protocol that were never preprocessed, of which a scores file has no row."""
    absent = (table.provenance or {}).get("absent") or {}
    return [
        f"{absent[split]} {split} presentations of the published dataset were never preprocessed: they are in no number"
        for split in ("dev", "test")
        if absent.get(split)
    ]


def _unjudged(failures: Mapping[str, int], fine: ErrorRates) -> list[str]:
    lost = [name for name in failures if name != "bona fide" and name not in fine.attacks]
    return [f"no presentation of species {name} has a score: it is in no rate" for name in sorted(lost)]


def _inverted(auc: float) -> list[str]:
    if auc >= 0.5:
        return []
    return [f"the AUC is {auc:.3f}, worse than chance: are the scores inverted? High must mean bona fide"]


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "value": rate.value,
        "errors": rate.errors,
        "total": rate.total,
        "interval": list(rate.interval(CONFIDENCE)),
    }
