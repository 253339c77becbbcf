"""The files of a run's folder, as the report reads them."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fas.errors import FasError

MAKE_SCORES = "run `fas test` on this run first"


@dataclass(frozen=True)
class RunFiles:
    """What a run's folder holds beside its scores. Everything here may be missing: scores alone make a report.

    Attributes:
        path: The folder.
        config: The text of `config.yaml`, the resolved config.
        environment: The content of `environment.json`.
        curves: Logged metric such as `train/loss` -> its (step, value) pairs, from `metrics.csv`.
    """

    path: Path
    config: str | None
    environment: dict[str, Any] | None
    curves: dict[str, list[tuple[float, float]]]

    @property
    def scores(self) -> Path:
        """The scores file."""
        return self.path / "scores.csv"


def read_run(path: Path) -> RunFiles:
    """Reads a run's folder.

    Raises:
        FasError: There is no such folder, it has no scores, or one of its files is damaged.
    """
    if not path.is_dir():
        raise FasError("there is no such run", path=path, remedy="give a folder that `fas fit` made")
    if not (path / "scores.csv").is_file():
        raise FasError("the run has no scores.csv", path=path, remedy=MAKE_SCORES)
    return RunFiles(
        path=path,
        config=_text(path / "config.yaml"),
        environment=_environment(path / "environment.json"),
        curves=_curves(path / "metrics.csv"),
    )


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


def _curves(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Lightning's CSV log: a column `step`, and a value where a metric was logged at that step."""
    text = _text(path)
    if text is None:
        return {}
    curves: dict[str, list[tuple[float, float]]] = {}
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
