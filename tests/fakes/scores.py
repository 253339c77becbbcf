"""Score tables in the shape of OULU-NPU: subjects, phones, sessions, four fine species."""

from __future__ import annotations

from typing import Any

import numpy as np

from fas.evaluation.scores.file import ScoreTable

SPECIES = {1: "", 2: "print/printer1", 3: "print/printer2", 4: "replay/display1", 5: "replay/display2"}

PROVENANCE: dict[str, Any] = {
    "dataset": "oulu-simulated",
    "simulated": True,
    "protocol": "1",
    "fold": None,
    "experiment": "demo",
    "checkpoint": "best.ckpt",
    "seed": 0,
    "commit": "0123abc",
    "aggregation": "mean",
    "versions": {"fas": "0.1.0"},
}


def score_table(rows: list[tuple[str, str, str, int, str, int, float]], **extra: Any) -> ScoreTable:
    """A table from rows in the order of the columns."""
    types = (object, object, object, np.int64, object, np.int64, np.float64)
    columns = (np.array(column, dtype=dtype) for column, dtype in zip(zip(*rows, strict=True), types, strict=True))
    return ScoreTable(*columns, **extra)


def random_scores(seed: int = 0, frames: int = 2, separation: float = 3.0, **extra: Any) -> ScoreTable:
    """Dev subjects 21-24 and test subjects 36-39 before two phones in two sessions; scores overlap a little."""
    rng = np.random.default_rng(seed)
    rows = []
    for split, folder, subjects in (("dev", "Dev_files", range(21, 25)), ("test", "Test_files", range(36, 40))):
        for phone, session, subject, access in np.ndindex(2, 2, len(subjects), 5):
            video_id = f"{folder}/{phone + 1}_{session + 1}_{subjects[subject]:02d}_{access + 1}"
            species = SPECIES[access + 1]
            for frame in range(frames):
                logit = rng.normal(separation / 2 if not species else -separation / 2)
                score = float(1 / (1 + np.exp(-logit)))
                rows.append((video_id, f"{subjects[subject]:02d}", split, int(not species), species, 7 * frame, score))
    return score_table(rows, **extra)
