"""Rates with their intervals, in tables that a reader compares: overall, by species, by condition of capture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.evaluation.report.formatting import count, limits, percent
from fas.labels import BONA_FIDE
from fas.metrics import Level, Rate, species_of
from fas.metrics.clustered import rate_interval


@dataclass(frozen=True)
class Row:
    """One number with its interval.

    Attributes:
        name: Of what.
        value: In [0, 1].
        lower: Lower limit of the interval; nan where no replicate of the bootstrap has the metric.
        upper: Upper limit.
        counts: Errors of a total; empty where it is not a single rate.
        note: More about the name; may be empty.
        share: Written in percent.
        strong: One of the numbers to look at first.
    """

    name: str
    value: float
    lower: float
    upper: float
    counts: str = ""
    note: str = ""
    share: bool = True
    strong: bool = False

    @property
    def value_text(self) -> str:
        """The value as written."""
        return percent(self.value) if self.share else f"{self.value:.4f}"

    @property
    def interval_text(self) -> str:
        """The interval as written."""
        if self.share or math.isnan(self.lower):
            return limits(self.lower, self.upper)
        return f"{self.lower:.4f} to {self.upper:.4f}"


@dataclass(frozen=True)
class RateTable:
    """Groups of rows that are drawn on one scale.

    Attributes:
        title: What tells the rows apart.
        groups: Name of a group (may be empty) -> its rows.
    """

    title: str
    groups: Mapping[str, Sequence[Row]]

    @property
    def limit(self) -> float:
        """The end of all range bars: the first of a few round shares that holds every interval."""
        shares = [row for rows in self.groups.values() for row in rows if row.share]
        highest = max(row.value if math.isnan(row.upper) else row.upper for row in shares)
        return next((limit for limit in (0.05, 0.1, 0.2, 0.5) if highest <= limit), 1.0)


def overall(evaluation: Evaluation) -> RateTable:
    """The metrics of the test split, with the intervals of the bootstrap."""
    rates, intervals = evaluation.rates, evaluation.intervals.of
    worst = f"attacks of the worst {rates.level} species ({rates.worst_species}) accepted"

    def row(name: str, metric: str, value: float, rate: Rate | None, note: str, *, strong: bool = False) -> Row:
        interval = intervals[metric]
        counts = "" if rate is None else count(rate)
        return Row(name, value, interval.lower, interval.upper, counts, note, metric != "auc", strong)

    rows = [
        row("APCER", "apcer", rates.apcer, rates.attacks[rates.worst_species], worst, strong=True),
        row("BPCER", "bpcer", rates.bpcer, rates.bona_fide, "bona fide rejected", strong=True),
        row("ACER", "acer", rates.acer, None, "(APCER + BPCER) / 2", strong=True),
        row("APCER pooled", "apcer_pooled", rates.apcer_pooled, rates.pooled_attacks, "not the standard's APCER"),
        row("HTER", "hter", rates.hter, None, "(APCER pooled + BPCER) / 2"),
        row("EER on test", "eer", evaluation.eer, None, "threshold chosen on the test scores: optimistic"),
        row("AUC", "auc", evaluation.auc, None, "attacks pooled, no threshold"),
    ]
    return RateTable("rate", {"": rows})


def by_species(evaluation: Evaluation) -> RateTable:
    """BPCER, the coarse species where they group others, and the fine ones."""
    presentations = evaluation.presentations
    everyone = np.ones(len(presentations), dtype=bool)
    groups = {"BPCER": [_row("bona fide", evaluation, presentations.label == BONA_FIDE)]}
    levels: dict[str, Level] = {"APCER, coarse species": "coarse", "APCER, fine species": "fine"}
    if species_of(presentations.attack_type.tolist(), "coarse") == species_of(
        presentations.attack_type.tolist(), "fine"
    ):
        levels = {"APCER": "fine"}
    for group, level in levels.items():
        masks = _species(evaluation, everyone, level)
        groups[group] = [_row(name, evaluation, mask) for name, mask in masks.items()]
    return RateTable("species", groups)


def by_attribute(
    evaluation: Evaluation, name: str, values: Mapping[str, NDArray[np.bool_]], meanings: Mapping[str, str]
) -> RateTable:
    """BPCER and the APCER of each coarse species, side by side for every value of an attribute.

    Args:
        evaluation: What is split.
        name: The attribute, such as `phone`.
        values: Value -> which of the presentations have it; see `fas.evaluation.report.conditions.by_condition`.
        meanings: Value -> its meaning, where that is known.
    """
    groups: dict[str, list[Row]] = {}
    for value, here in values.items():
        masks = {"BPCER": here & (evaluation.presentations.label == BONA_FIDE)}
        masks |= {f"APCER {species}": mask for species, mask in _species(evaluation, here, "coarse").items()}
        for group, mask in masks.items():
            if mask.any():
                row = _row(f"{name} {value}", evaluation, mask, meanings.get(value, ""))
                groups.setdefault(group, []).append(row)
    return RateTable(name, dict(sorted(groups.items(), key=lambda item: (item[0] != "BPCER", item[0]))))


def _species(evaluation: Evaluation, here: NDArray[np.bool_], level: Level) -> dict[str, NDArray[np.bool_]]:
    """Which presentations are of each species that occurs among some."""
    presentations = evaluation.presentations
    species = np.array(species_of(presentations.attack_type.tolist(), level), dtype=object)
    attacks = here & (presentations.label != BONA_FIDE)
    return {name: attacks & (species == name) for name in sorted(set(species[attacks].tolist()))}


def _row(name: str, evaluation: Evaluation, mask: NDArray[np.bool_], note: str = "") -> Row:
    """The error rate of some presentations of one class, with an interval made as those of the metrics."""
    here, made = evaluation.presentations.where(mask), evaluation.intervals
    wrong = (here.score >= evaluation.threshold.value) != (here.label == BONA_FIDE)
    rate = Rate(int(np.count_nonzero(wrong)), wrong.size)
    clusters = here.subject if made.unit == "subjects" else here.video_id
    lower, upper = rate_interval(
        wrong, clusters.astype(str), confidence=CONFIDENCE, replicates=made.replicates, seed=made.seed
    )
    return Row(name, rate.value, lower, upper, count(rate), note)


def range_bar(row: Row, limit: float) -> Markup:
    """A bar from 0 to `limit` with the interval and the value."""
    limits = (row.value, row.value) if math.isnan(row.lower) else (row.lower, row.upper)
    start, end, value = (300 * min(share / limit, 1) for share in (*limits, row.value))
    # Only numbers are put into it.
    return Markup(  # noqa: S704
        '<svg viewBox="-5 0 310 12" class="range" aria-hidden="true"><line x1="0" y1="6" x2="300" y2="6" class="rail"/>'
        f'<line x1="{start:.1f}" y1="6" x2="{end:.1f}" y2="6" class="interval"/>'
        f'<circle cx="{value:.1f}" cy="6" r="4.5"/></svg>'
    )
