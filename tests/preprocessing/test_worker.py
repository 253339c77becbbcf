from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from fas.datasets.presentation import Presentation
from fas.errors import FasWarning
from fas.preprocessing.decode import FrameSelection
from fas.preprocessing.plan import Task
from fas.preprocessing.settings import FaceSettings, LayerSettings
from fas.preprocessing.worker import Outcome, Worker, WorkerSettings
from fas.store.store import Store


def test_our_warnings_become_notes_and_those_of_others_stay_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(self: Worker, task: Task) -> Outcome:
        warnings.warn(FasWarning("39 of 40 announced frames decode"), stacklevel=1)
        warnings.warn("overflow encountered", RuntimeWarning, stacklevel=1)
        return Outcome(task, 39, 39)

    monkeypatch.setattr(Worker, "_acquire", work)
    faces = FaceSettings(FrameSelection(), 96, 0.1, "none", "png", "mediapipe")
    store = Store.create(tmp_path, "toy", {}, {})
    worker = Worker(WorkerSettings(store.path, faces, LayerSettings(())))
    task = Task(Presentation("a", "a.avi", "01", "train", 1, ""), tmp_path / "a.avi", True, ())
    with pytest.warns(RuntimeWarning, match="overflow encountered") as shown:
        outcome = worker.work(task)
    assert len(shown) == 1
    assert outcome.notes == ("39 of 40 announced frames decode",)
