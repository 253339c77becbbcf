"""The same presentations as two systems scored them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fas.errors import FasError
from fas.evaluation.scores.file import read_scores
from fas.evaluation.scores.table import Presentations, ScoreTable
from fas.runs.content import scored_run

_FACTS = ("subject", "label", "attack_type")
_NAMED = 5
"""How many differing presentations a message names."""


def read_side(path: Path) -> ScoreTable:
    """The scores of one side: a run's folder, or a scores file.

    Raises:
        FasError: As `fas.runs.content.scored_run` and `fas.evaluation.scores.file.read_scores`.
    """
    return read_scores(scored_run(path).scores if path.is_dir() else path)


def paired_presentations(a: ScoreTable, b: ScoreTable) -> tuple[Presentations, Presentations]:
    """The test presentations of two systems, both in the order of A.

    Raises:
        FasError: The scores are of different datasets or list different presentations, or one presentation has another
            subject, label or attack type in one than in the other.
    """
    _check_datasets(a, b)
    of_a, of_b = (
        presentations.where(presentations.split == "test") for presentations in (a.presentations(), b.presentations())
    )
    places = {name: place for place, name in enumerate(of_b.video_id.tolist())}
    only_a = [name for name in of_a.video_id.tolist() if name not in places]
    only_b = sorted(places.keys() - set(of_a.video_id.tolist()))
    if only_a or only_b:
        raise FasError(
            f"the test presentations differ: {_list(only_a)} only in A; {_list(only_b)} only in B",
            path=b.path,
            remedy="score both systems on the same protocol and fold",
        )
    of_b = of_b.where(np.array([places[name] for name in of_a.video_id.tolist()], dtype=np.intp))
    for fact in _FACTS:
        unlike = np.flatnonzero(getattr(of_a, fact) != getattr(of_b, fact))
        if unlike.size:
            here_a, here_b = (str(getattr(one, fact)[unlike[0]]) for one in (of_a, of_b))
            raise FasError(
                f"the {fact} of {unlike.size} presentation(s) differs: {of_a.video_id[unlike[0]]} has {here_a!r} in A "
                f"and {here_b!r} in B",
                path=b.path,
            )
    return of_a, of_b


def _check_datasets(a: ScoreTable, b: ScoreTable) -> None:
    names = [None if one.provenance is None else one.provenance.get("dataset") for one in (a, b)]
    if None not in names and names[0] != names[1]:
        raise FasError(
            f"the scores are of different datasets: {names[0]} and {names[1]}",
            path=b.path,
            remedy="score both systems on the same data",
        )


def _list(names: list[str]) -> str:
    if not names:
        return "none"
    return f"{len(names)} ({', '.join(names[:_NAMED])}{', ...' if len(names) > _NAMED else ''})"
