"""Both stages by the real commands on a small store: fit, test, predict, resume."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml
from sklearn.metrics import roc_auc_score

from fas.cli.main import main
from fas.methods.checkpoint import load_scorer
from fas.methods.xu2015 import Xu2015, Xu2015Cnn
from fas.preprocessing.decode import FrameSelection
from fas.preprocessing.settings import FaceSettings
from fas.resources import resource_dir
from tests.fakes.faces import blank_frames, face_frames
from tests.fakes.store import make_store
from tests.fakes.video import write_video

SHARED = (
    "data=oulu_simulated",
    "logger=csv",
    "model.input_size=32",
    "model.channels=[8,8]",
    "model.width=16",
    "model.lr=0.01",
    "data.num_workers=0",
    "trainer.accelerator=cpu",
)
TINY = (
    *SHARED,
    "model.hidden=16",
    "model.length=3",
    "model.step=5",
    "data.batch_size=8",
    "stages.cnn.data.batch_size=8",
    "trainer.max_epochs=4",
)


@dataclass(frozen=True)
class Finished:
    """A run of both stages.

    Attributes:
        run: Its folder.
        said: What `fas fit` printed.
        started: The weights of the LSTM-CNN right before its first step.
    """

    run: Path
    said: str
    started: dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    recipe = FaceSettings(FrameSelection("every", 5), 64, 0.4, "none", "png", "mediapipe", "face").recipe({})
    make_store(root, frames=6, layers=(), recipe=recipe)
    return root


@pytest.fixture(scope="module")
def finished(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    run = tmp_path_factory.mktemp("finished") / "run"
    started: dict[str, torch.Tensor] = {}

    def note(self: Xu2015) -> None:
        started.update({name: value.clone() for name, value in self.state_dict().items()})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Xu2015, "on_train_start", note)
        said: list[str] = []
        patch.setattr("fas.training.fit._tell", said.append)
        fas(patch, store, "fit", "--exp", "xu2015", *TINY, f"run_dir={run}")
    return Finished(run, "\n".join(said), started)


def fas(patch: pytest.MonkeyPatch, store: Path, *arguments: object) -> None:
    patch.setenv("FAS_STORE", str(store))
    patch.setattr("sys.argv", ["fas", *map(str, arguments)])
    try:
        main()
    except SystemExit as stop:
        if stop.code:
            raise


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint, weights_only=True)["state_dict"]


def contents(run: Path) -> dict[str, str]:
    """The hash of every file but the two that note each resumption: the environment, and the config in its comment."""
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in ("environment.json", "config.yaml")
    }


def rows_of(scores: Path) -> list[dict[str, str]]:
    with scores.open() as file:
        return list(csv.DictReader(file))


def separation(rows: list[dict[str, str]]) -> float:
    """AUC over the samples of the test split."""
    chosen = [row for row in rows if row["split"] == "test"]
    return roc_auc_score([int(row["label"]) for row in chosen], [float(row["score"]) for row in chosen])


def test_the_lstm_starts_from_the_weights_of_the_best_cnn_to_the_bit(finished):
    cnn = weights(finished.run / "stages/cnn/checkpoints/best.ckpt")
    shared = [name for name in cnn if name.startswith("cnn.")]
    assert len(shared) == 6
    assert all(torch.equal(finished.started[name], cnn[name]) for name in shared)
    trained = weights(finished.run / "checkpoints/best.ckpt")
    assert not any(torch.equal(trained[name], cnn[name]) for name in shared), "it is trained end to end"


def test_what_is_new_in_the_second_stage_is_printed(finished):
    assert "new here: lstm, clip_classifier" in finished.said
    assert "left out: frame_classifier" in finished.said


def test_hyper_parameters_reach_both_stages(finished):
    for checkpoint, kind in (("stages/cnn/checkpoints/best.ckpt", Xu2015Cnn), ("checkpoints/best.ckpt", Xu2015)):
        scorer = load_scorer(finished.run / checkpoint, expected=kind.name)
        assert isinstance(scorer, kind)
        assert scorer.requirements.input_size == 32 and scorer.requirements.crop_scale == 1.8


def test_scores_of_clips_tell_the_classes_apart(finished, store, monkeypatch):
    fas(monkeypatch, store, "test", finished.run)
    rows = rows_of(finished.run / "scores.csv")
    # 0 5 10, 5 10 15, 10 15 20, 15 20 25: a start is at least three frames of the video after the one before.
    assert {row["frame"] for row in rows} == {"0", "5", "10", "15"}
    assert len(rows) == 20 * 4
    assert separation(rows) > 0.8


def test_the_first_stage_is_the_baseline_and_scores_frames(finished, store, monkeypatch):
    fas(monkeypatch, store, "test", finished.run / "stages/cnn/checkpoints/best.ckpt")
    rows = rows_of(finished.run / "scores_cnn_best.csv")
    assert {row["frame"] for row in rows} == {"0", "5", "10", "15", "20", "25"}
    assert separation(rows) > 0.8


def test_a_finished_run_is_left_as_it_is(finished, store, monkeypatch, capsys):
    before, config = contents(finished.run), yaml.safe_load((finished.run / "config.yaml").read_text())
    fas(monkeypatch, store, "fit", finished.run)
    assert "epoch 5" not in capsys.readouterr().out
    assert contents(finished.run) == before
    assert yaml.safe_load((finished.run / "config.yaml").read_text()) == config


def test_a_run_stopped_between_the_stages_resumes_in_the_second(finished, store, tmp_path, monkeypatch):
    run = tmp_path / "run"

    def stop(*_: object) -> None:
        raise ConnectionAbortedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Xu2015, "on_train_start", stop)
        with pytest.raises(ConnectionAbortedError):
            fas(patch, store, "fit", "--exp", "xu2015", *TINY, f"run_dir={run}")
    cnn = contents(run / "stages/cnn")
    assert "checkpoints/best.ckpt" in cnn and not (run / "checkpoints/best.ckpt").exists()

    fas(monkeypatch, store, "fit", run)
    assert contents(run / "stages/cnn") == cnn
    resumed, uninterrupted = (weights(one / "checkpoints/best.ckpt") for one in (run, finished.run))
    assert resumed.keys() == uninterrupted.keys()
    assert all(torch.equal(resumed[name], value) for name, value in uninterrupted.items())


@pytest.mark.parametrize(("experiment", "settings"), [("xu2015/cnn", SHARED), ("xu2015/scratch", TINY)])
def test_the_other_experiments_have_one_stage(experiment, settings, store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    kept = [one for one in settings if not one.startswith("stages.")]
    fas(monkeypatch, store, "fit", "--exp", experiment, *kept, "trainer.max_epochs=1", f"run_dir={run}")
    assert not (run / "stages").exists()
    assert load_scorer(run / "checkpoints/best.ckpt").name == experiment.removesuffix("/scratch")


def test_predict_cuts_a_video_into_the_clips_of_testing(finished, store, tmp_path, monkeypatch, capsys):
    # Twenty frames with a face but for frame 6: clips begin at 0, 3, 7 (0 5 10; 3 8 13; 7 12 17); 1 and 6 lack frame 6.
    frames = face_frames(20, step=1)
    frames[6] = blank_frames(1)[0]
    write_video(tmp_path / "face.mp4", frames)
    fas(monkeypatch, store, "predict", finished.run, tmp_path / "face.mp4", "--out", tmp_path / "out")
    said = capsys.readouterr().out
    assert "19 faces in 20 frames in 3 clips" in said
    assert len(list((tmp_path / "out").glob("*.png"))) == 1


def test_predict_names_a_video_that_is_too_short_for_a_clip(finished, store, tmp_path, monkeypatch, capsys):
    write_video(tmp_path / "short.mp4", face_frames(8, step=1))
    with pytest.raises(SystemExit) as stop:
        fas(monkeypatch, store, "predict", finished.run, tmp_path / "short.mp4", "--out", tmp_path / "out")
    assert stop.value.code == 2
    assert "no 3 frames with a face at a distance of 5 without a gap" in capsys.readouterr().err


def test_shared_hyper_parameters_have_the_same_defaults_in_both_stages():
    conf = resource_dir("conf") / "model"
    lstm, cnn = (yaml.safe_load((conf / f"{name}.yaml").read_text()) for name in (Xu2015.name, Xu2015Cnn.name))
    assert cnn.keys() < lstm.keys()
    assert {key: value for key, value in cnn.items() if key != "name"}.items() <= lstm.items()
