"""Scores the dev and test splits of a run with its checkpoint, and evaluates the scores."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fas.data.datamodule import FasDataModule
from fas.errors import FasError
from fas.evaluation.as_json import write_evaluation
from fas.evaluation.evaluate import Evaluation, evaluate_scores
from fas.evaluation.scores.file import read_scores, write_scores
from fas.evaluation.scores.table import AGGREGATION, ScoreTable
from fas.methods.checkpoint import load_scorer
from fas.runs.environment import commit, versions
from fas.runs.run import Run, find_checkpoint
from fas.training.build import build_datamodule, build_evaluator
from fas.training.compose import compose_run
from fas.training.experiment import Experiment
from fas.training.fit import quiet, readable_errors
from fas.training.scoring import Scoring, columns
from fas.training.stages import stage_experiments


def score_run(path: Path, overrides: Sequence[str] = (), out: Path | None = None) -> Path:
    """Scores the frames or clips of the dev and test splits, and writes them with their provenance.

    A presentation that preprocessing could not acquire, or that has no whole clip, gets one row without a score, so
    that it is counted.

    Args:
        path: A run's folder, for its chosen checkpoint, or a checkpoint in it, also of one of its stages.
        overrides: Changes to the run's config, such as another dataset or protocol.
        out: The scores file; None uses scores.csv in the run's folder; its name includes the checkpoint if it is
            not the chosen one, and the data if it is not the run's own.

    Returns:
        The scores file.

    Raises:
        FasError: The checkpoint is damaged or belongs to another method, or the data does not exist.
    """
    quiet()
    run, checkpoint = find_checkpoint(path)
    experiment = stage_of(run, checkpoint, compose_run(run.path, overrides))
    scorer = load_scorer(checkpoint, expected=experiment.model.get("name"))
    data = build_datamodule(experiment, scorer.requirements)
    with readable_errors():
        data.setup("predict")
        scored = columns(build_evaluator(experiment).predict(Scoring(scorer), data))
    scores = out or run.path / _scores_name(run, checkpoint, experiment)
    write_scores(scores, _table(data, scored), _provenance(run, checkpoint, experiment, data, scorer.threshold))
    return scores


def stage_of(run: Run, checkpoint: Path, experiment: Experiment) -> Experiment:
    """The config of the stage that a checkpoint of a run belongs to.

    Raises:
        FasError: The run's config has no such stage.
    """
    stages = stage_experiments(experiment)
    folders = run.stage_folders(tuple(name for name in stages if name))
    for folder, stage in zip(folders, stages.values(), strict=True):
        if checkpoint.resolve().parent == folder.checkpoints.resolve():
            return stage
    raise FasError(
        "the run's config has no stage with this checkpoint", path=checkpoint, remedy=f"stages: {', '.join(stages)}"
    )


def evaluate_run(run: Run, checkpoint: Path, scores: Path) -> Evaluation | None:
    """The metrics of a run's scores, written next to them.

    The threshold comes from the dev split of the run's training data, scored by the same checkpoint. If
    other data is scored first, these scores do not exist yet, and the threshold comes from the other data's dev split.

    Args:
        run: The run.
        checkpoint: The checkpoint that produced the scores.
        scores: The scores file.

    Returns:
        None where neither has a dev split.

    Raises:
        FasError: A split lacks a class.
    """
    table = read_scores(scores)
    trained_on = run.path / _scores_name(run, checkpoint, stage_of(run, checkpoint, compose_run(run.path)))
    own = read_scores(trained_on) if trained_on.is_file() else table
    if not np.any(table.split == "dev") and not np.any(own.split == "dev"):
        return None
    evaluation = evaluate_scores(table, None if _data_of(own) == _data_of(table) else own)
    write_evaluation(
        scores.with_name("evaluation.json" if scores == run.scores else f"{scores.stem}.evaluation.json"), evaluation
    )
    return evaluation


def _data_of(table: ScoreTable) -> list[Any]:
    return [(table.provenance or {}).get(key) for key in ("dataset", "protocol", "fold")]


def _table(data: FasDataModule, scored: dict[str, Any]) -> ScoreTable:
    """The scored samples, and a row without a score for every presentation that has none."""
    codes, frames, scores = (scored[name] for name in ("presentation", "frame", "score"))
    split_of = {code: split for split in data.scored_splits for code in data.splits[split].codes.tolist()}
    clipless = np.concatenate([data.without_sample(split) for split in data.scored_splits])
    lost = [(split, one) for split in data.scored_splits for one in data.splits[split].not_acquired]
    stored = np.concatenate([codes, clipless]).astype(np.int64)
    facts = {
        name: [*data.presentations[name][stored].tolist(), *(getattr(one, name) for _, one in lost)]
        for name in ("video_id", "subject", "attack_type", "label")
    }
    split = [*(split_of[code] for code in stored.tolist()), *(split for split, _ in lost)]
    without = len(clipless) + len(lost)
    return ScoreTable(
        video_id=np.array(facts["video_id"], dtype=object),
        subject=np.array(facts["subject"], dtype=object),
        split=np.array(split, dtype=object),
        label=np.array(facts["label"], dtype=np.int64),
        attack_type=np.array(facts["attack_type"], dtype=object),
        frame=np.concatenate([frames.astype(np.int64), np.zeros(without, np.int64)]),
        score=np.concatenate([scores.astype(np.float64), np.full(without, np.nan)]),
    )


def _scores_name(run: Run, checkpoint: Path, experiment: Experiment) -> str:
    """scores.csv for the run's chosen checkpoint and own data; otherwise a name that includes which."""
    own, wanted = (
        {key: str(one.data.get(key) or "") for key in ("dataset", "protocol", "fold")}
        for one in (stage_of(run, checkpoint, compose_run(run.path)), experiment)
    )
    parts = [run.scores.stem]
    if checkpoint.resolve() != run.chosen.resolve():
        stage = checkpoint.resolve().parent.parent
        parts += [stage.name] if stage != run.path.resolve() else []
        parts.append(checkpoint.stem)
    if own != wanted:
        parts += [wanted["dataset"]] if wanted["dataset"] else []
        # A protocol across datasets may be given as a file.
        protocol = Path(wanted["protocol"]).name.removesuffix(".yaml").removesuffix(".yml")
        parts += [f"protocol{protocol}"] if protocol else []
        parts += [f"fold{wanted['fold']}"] if wanted["fold"] else []
    return "_".join(parts) + ".csv"


def _provenance(
    run: Run, checkpoint: Path, experiment: Experiment, data: FasDataModule, threshold: float
) -> dict[str, Any]:
    training = {}
    if run.environment.is_file():
        environment = json.loads(run.environment.read_text(encoding="utf-8"))
        training = {key: environment[key] for key in ("command", "commit", "versions")}
    return {
        **data.facts,
        "experiment": experiment.experiment,
        "method": experiment.model["name"],
        "checkpoint": str(checkpoint),
        # None before the first validation, as in last.ckpt of a run that validates every few epochs.
        "dev_threshold": None
        if math.isnan(threshold)
        else {"value": threshold, "rule": "dev-eer at the checkpoint's epoch"},
        "aggregation": AGGREGATION,
        "seed": experiment.seed,
        "commit": commit(),
        "versions": versions(),
        "training": training,
    }
