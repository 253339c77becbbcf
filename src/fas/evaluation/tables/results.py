"""Results of the runs of one or several experiments: one per run and scored data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fas.command import fas_command
from fas.datasets.cross import is_cross_protocol, load_cross_protocol
from fas.datasets.dataset_name import DatasetName
from fas.errors import FasError
from fas.evaluation.evaluate import Evaluation, evaluate_scores
from fas.evaluation.scores.datasets import Datasets
from fas.evaluation.scores.file import ScoreTable, read_scores
from fas.labels import Split
from fas.runs.content import read_content, scored_run
from fas.runs.run import Run

METRICS = ("apcer", "bpcer", "acer", "hter", "eer", "auc")
"""The metrics that a table can show, all in percent."""

_NOT_THE_METHOD = frozenset(
    {"seed", "run_dir", "logger", "trainer.accelerator", "trainer.log_every_n_steps"}
    | {f"data.{key}" for key in ("dataset", "protocol", "fold", "recipe", "store", "recipe_hash", "num_workers")}
)
"""Keys of a config in which runs of one method may differ: each run's data, its seed, and where it ran."""


Fold = tuple[int | None, int | None]
"""The fold of the training data, and that of the tested data."""


@dataclass(frozen=True, order=True)
class Data:
    """The data that a run was trained or tested on.

    Attributes:
        datasets: One, or several of a protocol across datasets.
        protocol: Of the dataset, or across datasets; empty if the scores do not say.
    """

    datasets: Datasets
    protocol: str

    def __str__(self) -> str:
        return f"{self.datasets}, protocol {self.protocol}" if self.protocol else str(self.datasets)


@dataclass(frozen=True, kw_only=True)
class Result:
    """The metrics of one scores file of a run.

    Attributes:
        run: The run's folder.
        scores: The scores file.
        experiment: The experiment's name.
        config: The part of the config that belongs to the method: dotted key -> value as text.
        seed: None if the scores do not say.
        trained: The data that the run was trained on.
        tested: The data that was scored.
        fold: The folds of the training data and of the scored data; None for a protocol without folds.
        simulated: Whether any of the data is simulated.
        threshold: The rule of the threshold.
        store: Which store the tested faces come from, by the hash of how they were cut.
        values: Metric -> value in percent.
        warnings: Cautions for readers of the numbers.
    """

    run: Path
    scores: Path
    experiment: str
    config: Mapping[str, str]
    seed: int | None
    trained: Data
    tested: Data
    fold: Fold
    simulated: bool
    threshold: str
    store: str | None
    values: Mapping[str, float]
    warnings: tuple[str, ...]


def check_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """The metrics of these names, each once.

    Raises:
        FasError: A name is not in `METRICS`.
    """
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise FasError(f"unknown metric {unknown[0]!r}", remedy=f"name one of {', '.join(METRICS)}")
    return tuple(dict.fromkeys(names))


def read_results(runs: Sequence[Path], threshold: str) -> list[Result]:
    """Evaluates the scores in the folders of runs.

    Each run's `scores.csv` is of its own data. Every `scores_*.csv` in its folder that the same checkpoint made is of
    other data, and is evaluated at the threshold of the run's own dev split: with the dev split of the tested data the
    threshold would be tuned on that data.

    Args:
        runs: Folders that `fas test` has scored.
        threshold: See `fas.evaluation.evaluate.evaluate_scores`.

    Raises:
        FasError: A run is given twice or has no scores, or the scores have no provenance or cannot be evaluated.
    """
    seen = set()
    for run in runs:
        if run.resolve() in seen:
            raise FasError("the run is given twice", path=run, remedy="give each run once")
        seen.add(run.resolve())
    return [result for run in runs for result in _results_of(scored_run(run), threshold)]


def _results_of(run: Run, threshold: str) -> Iterator[Result]:
    own = _known(read_scores(run.scores), run)
    # Tables do not show intervals of single runs, so one replicate is enough.
    yield _result(run, own, own, evaluate_scores(own, threshold=threshold, replicates=1))
    for path in run.other_scores():
        other = _known(read_scores(path), run)
        if _checkpoint(other) == _checkpoint(own):
            yield _result(run, other, own, evaluate_scores(other, own, threshold=threshold, replicates=1))


def _known(table: ScoreTable, run: Run) -> ScoreTable:
    if table.provenance is None or Datasets.of_provenance(table.provenance) is None:
        raise FasError(
            "no provenance file says which dataset and protocol the scores are of",
            path=table.path,
            remedy=f"score the run again: {fas_command('test', str(run.path))}"
            if table.path == run.scores
            else "score that data again with `fas test`, or move the file out of the run's folder",
        )
    return table


def _fact(table: ScoreTable, key: str) -> Any:
    assert table.provenance is not None
    return table.provenance.get(key)


def _checkpoint(table: ScoreTable) -> str:
    """The file name alone, since one path may be written in several ways."""
    return Path(str(_fact(table, "checkpoint"))).name


def _result(run: Run, table: ScoreTable, own: ScoreTable, evaluation: Evaluation) -> Result:
    assert table.path is not None
    rates = evaluation.rates
    fractions = {
        "apcer": rates.apcer,
        "bpcer": rates.bpcer,
        "acer": rates.acer,
        "hter": rates.hter,
        "eer": evaluation.eer,
        "auc": evaluation.auc,
    }
    return Result(
        run=run.path,
        scores=table.path,
        experiment=str(_fact(own, "experiment") or run.path.parent.name),
        config=_config(run),
        seed=_fact(own, "seed"),
        trained=_data(own, "train"),
        tested=_data(table, "test"),
        fold=(_fact(own, "fold"), _fact(table, "fold")),
        simulated=bool(evaluation.simulated),
        threshold=evaluation.threshold.rule,
        store=_fact(table, "recipe_hash"),
        values={name: 100 * value for name, value in fractions.items()},
        warnings=evaluation.warnings,
    )


def _data(table: ScoreTable, split: Split) -> Data:
    """The data of a split. A protocol across datasets trains on other datasets than it tests on."""
    assert table.provenance is not None
    datasets, protocol = Datasets.of_provenance(table.provenance), str(_fact(table, "protocol") or "")
    assert datasets is not None
    if len(datasets.names) > 1 and is_cross_protocol(protocol):
        known = {name.recipe: name for name in datasets.names}
        parts = dict.fromkeys(part.dataset for part in getattr(load_cross_protocol(protocol), split))
        datasets = Datasets(tuple(known.get(part, DatasetName(part)) for part in parts))
    return Data(datasets, protocol)


def _config(run: Run) -> dict[str, str]:
    text = read_content(run).config
    if text is None:
        return {}
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FasError(f"the config is not YAML: {error}", path=run.config) from None
    return {
        key: value
        for key, value in _flat(content)
        if key not in _NOT_THE_METHOD and key.partition(".")[0] not in _NOT_THE_METHOD
    }


def _flat(node: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, str(node)
