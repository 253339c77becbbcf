"""Small run folders with scores whose error rates are whole numbers of presentations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fas.datasets.dataset_name import DatasetName
from fas.evaluation.scores.datasets import Datasets
from fas.evaluation.scores.file import ScoreTable, write_scores
from fas.evaluation.tables.results import Data
from tests.fakes.scores import PROVENANCE, score_table


def counted_scores(
    accepted_prints: int, accepted_replays: int, rejected: int, *, of: int = 10, prefix: str = "", **extra: Any
) -> ScoreTable:
    """`of` bona fide, print and replay presentations in test with so many errors at 0.5; a dev split with EER 0 there.

    Presentation k of each kind is of subject k. Scores are 0.9 where accepted and 0.1 where rejected; the dev split has
    one bona fide at 0.9 and one attack at 0.1, so that the dev EER threshold is 0.5.
    """
    rows = [("dev-1", "d", "dev", 1, "", 0, 0.9), ("dev-2", "d", "dev", 0, "print", 0, 0.1)]
    for kind, wrong, right_score in (
        ("", rejected, 0.9),
        ("print", accepted_prints, 0.1),
        ("replay", accepted_replays, 0.1),
    ):
        for k in range(of):
            score = 1 - right_score if k < wrong else right_score
            rows.append((f"{prefix}{kind or 'live'}-{k}", f"s{k}", "test", int(not kind), kind, 0, score))
    return score_table(rows, **extra)


def make_run(
    folder: Path,
    scores: ScoreTable,
    *,
    config: dict[str, Any] | None = None,
    name: str = "scores.csv",
    **provenance: Any,
) -> Path:
    """A run's folder with scores, their provenance (of real OULU-NPU unless said otherwise) and a config."""
    facts = {**PROVENANCE, "dataset": "oulu", "simulated": False, "recipe_hash": "abc", "method": "demo", **provenance}
    write_scores(folder / name, scores, facts)
    if config is not None:
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


def data(protocol: str, *recipes: str) -> Data:
    """Real data of one or several datasets."""
    return Data(Datasets(tuple(map(DatasetName, recipes))), protocol)
