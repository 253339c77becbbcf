"""Scores in memory: one row per frame, and one row per presentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.metrics import Aggregation, presentation_scores

COLUMNS = ("video_id", "subject", "split", "label", "attack_type", "frame", "score")
"""The columns of a scores file, in the order in which they are written."""

HigherIs = Literal["bona-fide", "attack"]
"""The class that high scores of a file mean. In memory they always mean bona fide."""

AGGREGATION: Aggregation = "mean"
"""How frames become presentations by default; see `fas.metrics.presentation_scores`."""


@dataclass(frozen=True)
class Presentations:
    """One row per presentation, in the order of first appearance.

    Attributes:
        video_id: str `(m,)`, unique.
        subject: str `(m,)`; empty where a foreign file names none.
        split: str `(m,)`: train, dev or test.
        label: int64 `(m,)`: 1 = bona fide, 0 = attack.
        attack_type: str `(m,)` such as `print/printer1`; empty for bona fide.
        score: float64 `(m,)`: of the frames that have one, by the aggregation; nan if none has (failure to acquire).
    """

    video_id: NDArray[Any]
    subject: NDArray[Any]
    split: NDArray[Any]
    label: NDArray[np.int64]
    attack_type: NDArray[Any]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.video_id)

    def where(self, mask: NDArray[np.bool_]) -> Presentations:
        """The rows where the boolean mask `(m,)` is true."""
        return Presentations(*(getattr(self, field.name)[mask] for field in fields(self)))


@dataclass(frozen=True)
class ScoreTable:
    """One row per frame.

    Attributes:
        video_id: str `(n,)`: the presentation's identifier.
        subject: str `(n,)`; empty where a foreign file names none.
        split: str `(n,)`: train, dev or test, as the protocol uses the presentation.
        label: int64 `(n,)`: 1 = bona fide, 0 = attack.
        attack_type: str `(n,)` such as `print/printer1`; empty for bona fide.
        frame: int64 `(n,)`: the frame's number in its video, from 0.
        score: float64 `(n,)`: liveness, higher = more likely bona fide; nan for a frame without a score. A presentation
            of which no frame could be scored has one row with nan, so that it is counted.
        path: The file that it was read from, for messages.
        provenance: Of that file, if it has one; see `fas.evaluation.scores.provenance`.
        higher_is: What high scores mean in that file. If `attack`, `score` here is the negative of the file's, and
            thresholds given as numbers, or shown to the user, are negated too.
    """

    video_id: NDArray[Any]
    subject: NDArray[Any]
    split: NDArray[Any]
    label: NDArray[np.int64]
    attack_type: NDArray[Any]
    frame: NDArray[np.int64]
    score: NDArray[np.float64]
    path: Path | None = None
    provenance: Mapping[str, Any] | None = None
    higher_is: HigherIs = "bona-fide"

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in COLUMNS}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"the columns have different lengths: {lengths}")

    def __len__(self) -> int:
        return len(self.video_id)

    def presentations(self, aggregation: Aggregation = AGGREGATION) -> Presentations:
        """The score of each presentation from its frames that have one; see `fas.metrics.presentation_scores`.

        Raises:
            FasError: A presentation has scores of both +inf and -inf.
        """
        codes_of: dict[str, int] = {}
        codes = np.fromiter((codes_of.setdefault(name, len(codes_of)) for name in self.video_id.tolist()), np.int64)
        # Codes are given in order of appearance, so the first rows ascend like them.
        first = np.unique(codes, return_index=True)[1]
        try:
            _, score = presentation_scores(codes, self.score, aggregation, self.frame)
        except ValueError as error:
            raise FasError(f"the frames have no {aggregation}: {error}", path=self.path) from None
        return Presentations(
            video_id=self.video_id[first],
            subject=self.subject[first],
            split=self.split[first],
            label=self.label[first],
            attack_type=self.attack_type[first],
            score=score,
        )
