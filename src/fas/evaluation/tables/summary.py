"""Summaries of results: one per method and data, over folds and seeds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from fas.datasets.cross import is_cross_protocol
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import folds
from fas.errors import FasError
from fas.evaluation.tables.results import Data, Fold, Result


@dataclass(frozen=True)
class Spread:
    """A metric over runs, in percent.

    Attributes:
        mean: Over folds; the runs of one fold are averaged first, so that each fold weighs the same.
        std: The sample standard deviation (n - 1) over folds; over runs if there is one fold only; None for one run.
    """

    mean: float
    std: float | None


@dataclass(frozen=True)
class Summary:
    """The results of one method on one pair of data.

    Attributes:
        method: The experiment's name, followed by the settings in which its runs differ beyond data and seed.
        trained: The data that all of them were trained on.
        tested: The data that all of them were tested on.
        simulated: Whether any of the data is simulated. Real and simulated data are never in one summary.
        results: At least one.
        expected: The folds that the protocols have; None if a dataset's recipe is not known.
    """

    method: str
    trained: Data
    tested: Data
    simulated: bool
    results: tuple[Result, ...]
    expected: tuple[Fold, ...] | None

    @property
    def by_fold(self) -> dict[Fold, list[Result]]:
        """The results of each fold, in the order of the folds."""
        found: dict[Fold, list[Result]] = {}
        for result in sorted(self.results, key=lambda one: [fold or 0 for fold in one.fold]):
            found.setdefault(result.fold, []).append(result)
        return found

    @property
    def missing(self) -> tuple[Fold, ...]:
        """The protocol's folds without a result."""
        return tuple(fold for fold in self.expected or () if fold not in self.by_fold)

    @property
    def over(self) -> str:
        """What the standard deviation is over: `folds`, `runs`, or nothing."""
        if len(self.by_fold) > 1:
            return "folds"
        return "runs" if len(self.results) > 1 else ""

    def spread(self, metric: str) -> Spread:
        """Mean and standard deviation of a metric."""
        of_folds = [[result.values[metric] for result in results] for results in self.by_fold.values()]
        values = [statistics.fmean(runs) for runs in of_folds] if len(of_folds) > 1 else of_folds[0]
        return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)

    def notes(self) -> list[str]:
        """Cautions for readers of the numbers."""
        notes = []
        if self.missing:
            names = ", ".join(fold_name(fold) for fold in self.missing)
            notes.append(f"{self.method}: no run of fold {names}; the mean is over the others")
        if self.expected is None:
            notes.append(f"{self.method}: the dataset has no recipe here, so it is not known whether folds are missing")
        for fold, results in self.by_fold.items():
            if len(results) > 1:
                where = "" if fold == (None, None) else f" of fold {fold_name(fold)}"
                seeds = [str(result.seed) for result in results]
                twice = " (a seed occurs twice: are they different runs?)" if len(set(seeds)) < len(seeds) else ""
                averaged = ", averaged before the folds are" if len(self.by_fold) > 1 else ""
                notes.append(f"{self.method}: {len(results)} runs{where}{averaged}, seeds {', '.join(seeds)}{twice}")
        if len({result.store for result in self.results}) > 1:
            notes.append(f"{self.method}: the tested faces of its runs were cut in different ways (different stores)")
        found: dict[str, list[str]] = {}
        for result in self.results:
            for warning in result.warnings:
                found.setdefault(warning, []).append(str(result.scores))
        return notes + [f"warning: {warning} ({', '.join(scores)})" for warning, scores in found.items()]


def fold_name(fold: Fold) -> str:
    """`3`, or `3 on 1` where the trained and the tested data have folds of their own; `-` without folds."""
    trained, tested = fold
    if trained == tested or None in fold:
        return str(trained or tested or "-")
    return f"{trained} on {tested}"


def summarise(results: Sequence[Result]) -> list[Summary]:
    """Groups results by method and data, sorted: within datasets first, then by data, then by method."""
    labels = _labels(results)
    groups: dict[tuple[bool, Data, Data, bool, str], list[Result]] = {}
    for result, label in zip(results, labels, strict=True):
        across = result.trained.datasets != result.tested.datasets
        key = (across, result.trained, result.tested, result.simulated, label)
        groups.setdefault(key, []).append(result)
    return [
        Summary(label, trained, tested, simulated, tuple(group), _expected(trained, tested))
        for (_, trained, tested, simulated, label), group in sorted(groups.items(), key=lambda item: item[0])
    ]


def _labels(results: Sequence[Result]) -> list[str]:
    """The experiment of each result; different overrides count as different methods."""
    configs: dict[str, list[Mapping[str, str]]] = {}
    for result in results:
        configs.setdefault(result.experiment, []).append(result.config)
    differing = {
        name: sorted({key for one in of for key in one if len({other.get(key) for other in of}) > 1})
        for name, of in configs.items()
    }
    return [
        " ".join([one.experiment, *(f"{key}={one.config.get(key, 'unset')}" for key in differing[one.experiment])])
        for one in results
    ]


def _expected(trained: Data, tested: Data) -> tuple[Fold, ...] | None:
    of_trained, of_tested = _folds(trained), _folds(tested)
    if of_trained is None or of_tested is None:
        return None
    return tuple(zip(of_trained, of_tested, strict=True) if trained == tested else product(of_trained, of_tested))


def _folds(data: Data) -> list[int | None] | None:
    """The folds of a protocol; None if the dataset has no recipe here, or its recipe has no such protocol."""
    if is_cross_protocol(data.protocol):
        return [None]
    if len(data.datasets.names) > 1:
        return None
    try:
        return list(folds(load_recipe(data.datasets.names[0].recipe), data.protocol))
    except (FasError, KeyError):
        return None
