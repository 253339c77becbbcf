"""Faces of a run's test presentations with target and predicted maps, for its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import default_collate

from fas.data.batch import Requirements
from fas.data.datamodule import FasDataModule
from fas.data.tensors import to_image
from fas.errors import FasError
from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report.features import Features, features_of, sampled
from fas.evaluation.report.pictures import Example, Pictures, typical, worst_mistakes
from fas.evaluation.scores.table import ScoreTable
from fas.layers import RGB
from fas.methods.checkpoint import load_scorer
from fas.methods.scorer import Scorer
from fas.runs.run import find_checkpoint
from fas.training.build import build_datamodule
from fas.training.compose import compose_run
from fas.training.score import stage_of

_BATCH = 8


def load_pictures(run: Path, table: ScoreTable, evaluation: Evaluation) -> Pictures:
    """The worst mistakes, typical faces and features of a run, predicted again with its checkpoint.

    Args:
        run: The run's folder.
        table: Its scores; a face is the middle one of the frames that were scored.
        evaluation: The evaluation of these scores.

    Raises:
        FasError: The checkpoint or the store is not there, or the store has no such frame any more.
    """
    folder, checkpoint = find_checkpoint(run)
    experiment = stage_of(folder, checkpoint, compose_run(folder.path))
    scorer = load_scorer(checkpoint, expected=experiment.model.get("name"))
    data = build_datamodule(experiment, scorer.requirements)
    return Pictures(
        mistakes=_examples(worst_mistakes(evaluation), table, evaluation, scorer, data),
        typical=_examples(typical(evaluation), table, evaluation, scorer, data),
        attributes=_attributes(data),
        features=_features(table, evaluation, scorer, data),
    )


def load_attributes(run: Path) -> dict[str, dict[str, str]]:
    """The facts of each presentation in a run's store, such as its phone, by video id; needs no checkpoint.

    Raises:
        FasError: The run's config or its store is not there.
    """
    return _attributes(build_datamodule(compose_run(run), Requirements(input_size=1)))


def _attributes(data: FasDataModule) -> dict[str, dict[str, str]]:
    presentations = data.index.presentations
    return dict(zip(presentations.video_id.tolist(), presentations.attributes, strict=True))


def _features(table: ScoreTable, evaluation: Evaluation, scorer: Scorer, data: FasDataModule) -> Features | None:
    """Features of the middle frame of an even share of the presentations; None if the method has none."""
    video_ids = sampled(evaluation)
    rows = [_row(video_id, _middle_frame(video_id, table), data) for video_id in video_ids]
    dataset = data.dataset(rows, targets=False)
    found: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(rows), _BATCH):
        samples = [dataset[position] for position in range(start, min(start + _BATCH, len(rows)))]
        with torch.inference_mode():
            for name, vectors in scorer.features(scorer(default_collate(samples)["inputs"])).items():
                found.setdefault(name, []).append(vectors.float().numpy())
        if not found:
            return None
    return features_of(evaluation, video_ids, {name: np.concatenate(parts) for name, parts in found.items()})


def _examples(
    video_ids: Sequence[str], table: ScoreTable, evaluation: Evaluation, scorer: Scorer, data: FasDataModule
) -> list[Example]:
    frames = [_middle_frame(video_id, table) for video_id in video_ids]
    rows = [_row(video_id, frame, data) for video_id, frame in zip(video_ids, frames, strict=True)]
    presentations = evaluation.presentations
    place = {video_id: position for position, video_id in enumerate(presentations.video_id.tolist())}
    return [
        Example(
            video_id=video_id,
            frame=frame,
            label=int(presentations.label[place[video_id]]),
            attack_type=str(presentations.attack_type[place[video_id]]),
            score=float(presentations.score[place[video_id]]),
            crop=crop,
            target=target,
            predicted=predicted,
        )
        for video_id, frame, (crop, target, predicted) in zip(
            video_ids, frames, _predict(rows, scorer, data), strict=True
        )
    ]


def _predict(
    rows: Sequence[int], scorer: Scorer, data: FasDataModule
) -> Iterator[tuple[NDArray[np.uint8], dict[str, NDArray[np.uint8]], dict[str, NDArray[np.uint8]]]]:
    """Input, target maps and predicted maps of rows of the index."""
    dataset = data.dataset(rows)
    clips = scorer.requirements.clip is not None
    for start in range(0, len(rows), _BATCH):
        samples = [dataset[position] for position in range(start, min(start + _BATCH, len(rows)))]
        with torch.inference_mode():
            maps = scorer.maps(scorer(default_collate(samples)["inputs"]))
        for position, sample in enumerate(samples):
            image, targets = sample["inputs"][RGB], sample["targets"]
            yield (
                to_image(image[0] if clips else image),
                {layer: to_image(targets[layer][0] if clips else targets[layer]) for layer in maps if layer in targets},
                {layer: to_image(predicted[position]) for layer, predicted in maps.items()},
            )


def _middle_frame(video_id: str, table: ScoreTable) -> int:
    frames = np.sort(table.frame[(table.video_id == video_id) & ~np.isnan(table.score)])
    return int(frames[len(frames) // 2])


def _row(video_id: str, frame: int, data: FasDataModule) -> int:
    presentations = data.index.presentations
    for code in np.flatnonzero(presentations.video_id == video_id):
        first = int(presentations.start[code])
        found = np.flatnonzero(data.index.frame[first : int(presentations.stop[code])] == frame)
        if found.size:
            return first + int(found[0])
    raise FasError(
        f"the store no longer has frame {frame} of {video_id}",
        path=data.source.path,
        remedy="score the run again with `fas test`",
    )
