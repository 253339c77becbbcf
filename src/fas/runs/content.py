"""The content of a run's folder, as evaluation and report read it."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fas.errors import FasError
from fas.runs.run import Run

MAKE_SCORES = "run `fas test` on this run first"

Curves = dict[str, list[tuple[float, float]]]
"""Logged metric such as `train/loss` -> its (step, value) pairs. A stage's name is in front: `cnn/train/loss`."""


@dataclass(frozen=True)
class RunContent:
    """The content of a run's folder apart from its scores. All of it may be missing: a report needs only scores.

    Attributes:
        path: The folder.
        config: The text of `config.yaml`, the resolved config.
        environment: The content of `environment.json`.
        curves: From `metrics.csv` of every stage; the steps of a stage follow those of the previous one.
    """

    path: Path
    config: str | None
    environment: dict[str, Any] | None
    curves: Curves


def scored_run(path: Path) -> Run:
    """The run of a folder that has scores.

    Raises:
        FasError: There is no such folder, or it has no scores.
    """
    run = Run(path)
    if not path.is_dir():
        raise FasError("there is no such run", path=path, remedy="give a folder made by `fas fit`")
    if not run.scores.is_file():
        raise FasError("the run has no scores.csv", path=path, remedy=MAKE_SCORES)
    return run


def read_content(run: Run) -> RunContent:
    """Reads a run's folder.

    Raises:
        FasError: One of its files is damaged.
    """
    config = _text(run.config)
    return RunContent(run.path, config, _environment(run.environment), _curves(run, config))


def _text(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FasError(f"cannot read the file: {error}", path=path) from None


def _environment(path: Path) -> dict[str, Any] | None:
    text = _text(path)
    if text is None:
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise FasError(f"not JSON: {error}", path=path) from None
    if not isinstance(content, dict):
        raise FasError("not a JSON object", path=path)
    return content


def _stage_names(config: str | None) -> tuple[str, ...]:
    try:
        content = yaml.safe_load(config or "")
    except yaml.YAMLError:
        return ()  # the code that needs the config reports the damage
    stages = content.get("stages") if isinstance(content, dict) else None
    return tuple(map(str, stages)) if isinstance(stages, dict) else ()


def _curves(run: Run, config: str | None) -> Curves:
    curves: Curves = {}
    first = 0.0
    for stage in run.stage_folders(_stage_names(config)):
        of_stage = _read_curves(stage.metrics)
        prefix = f"{stage.name}/" if stage.name else ""
        for metric, points in of_stage.items():
            curves[prefix + metric] = [(first + step, value) for step, value in points]
        first += 1 + max((step for points in of_stage.values() for step, _ in points), default=-1.0)
    return curves


def _read_curves(path: Path) -> Curves:
    """Lightning's CSV log: a column `step`, and a value where a metric was logged at that step."""
    text = _text(path)
    if text is None:
        return {}
    curves: Curves = {}
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames is None or "step" not in reader.fieldnames:
        raise FasError("the log of training has no column step", path=path)
    for row in reader:
        try:
            values = {name: float(value) for name, value in row.items() if value}
        except (TypeError, ValueError):
            raise FasError(f"line {reader.line_num}: a value is not a number", path=path) from None
        step = values.pop("step", math.nan)
        values.pop("epoch", None)
        for name, value in values.items():
            if math.isfinite(step) and math.isfinite(value):
                curves.setdefault(name, []).append((step, value))
    return curves
