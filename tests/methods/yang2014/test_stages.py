"""Both stages by the real commands on a small store: fit, test, resume."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
import torch
import yaml
from sklearn.metrics import roc_auc_score

from fas.cli.main import main
from fas.methods.yang2014 import Yang2014, Yang2014Cnn
from fas.resources import resource_dir
from tests.fakes.store import make_store

TINY = (
    "data=oulu_simulated",
    "logger=csv",
    "model.channels=[4,8,8,8,8]",
    "model.hidden=16",
    "model.c=[0.01,1]",
    "data.batch_size=8",
    "data.num_workers=0",
    "stages.cnn.model.lr=0.01",
    "stages.cnn.trainer.max_epochs=4",
    "trainer.accelerator=cpu",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    make_store(root, frames=4, layers=(), recipe={"size": 64, "margin": 0.8})
    return root


@pytest.fixture(scope="module")
def finished(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of both stages."""
    run = tmp_path_factory.mktemp("finished") / "run"
    with pytest.MonkeyPatch.context() as patch:
        fas(patch, store, "fit", "--exp", "yang2014", *TINY, f"run_dir={run}")
    return run


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


def test_svm_stands_on_the_weights_of_the_best_cnn_to_the_bit(finished):
    cnn = weights(finished / "stages/cnn/checkpoints/best.ckpt")
    svm = weights(finished / "checkpoints/best.ckpt")
    assert cnn.keys() == {name for name in svm if name.startswith("network.")}
    assert all(torch.equal(svm[name], value) for name, value in cnn.items())
    assert cnn["network.seen"] == 16 and cnn["network.mean"].min() > 0  # 2 x 4 frames of either class
    assert svm["svm.decision.weight"].shape == (16,) and svm["svm.decision.weight"].any()


def test_scores_tell_the_classes_apart(finished, store, monkeypatch, capsys):
    fas(monkeypatch, store, "test", finished)
    assert "SIMULATED" in capsys.readouterr().out
    with (finished / "scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    assert len(rows) == 40
    auc = roc_auc_score([int(row["label"]) for row in rows], [float(row["score"]) for row in rows])
    assert auc > 0.8


def test_a_finished_run_is_left_as_it_is(finished, store, monkeypatch, capsys):
    before, config = contents(finished), yaml.safe_load((finished / "config.yaml").read_text())
    fas(monkeypatch, store, "fit", finished)
    assert "fitted already" in capsys.readouterr().out
    assert contents(finished) == before
    assert yaml.safe_load((finished / "config.yaml").read_text()) == config


def test_a_run_stopped_between_the_stages_resumes_in_the_second(finished, store, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"

    def stop(*_: object) -> None:
        raise ConnectionAbortedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Yang2014, "fit", stop)
        with pytest.raises(ConnectionAbortedError):
            fas(patch, store, "fit", "--exp", "yang2014", *TINY, f"run_dir={run}")
    cnn = contents(run / "stages/cnn")
    assert not (run / "checkpoints").exists()
    capsys.readouterr()

    fas(monkeypatch, store, "fit", run)
    out = capsys.readouterr().out
    assert "resumed after epoch 4" in out and "epoch 5" not in out and "stage svm (2 of 2)" in out
    assert contents(run / "stages/cnn") == cnn
    resumed, uninterrupted = (weights(one / "checkpoints/best.ckpt") for one in (run, finished))
    assert all(torch.equal(resumed[name], value) for name, value in uninterrupted.items())


def test_three_frames_pass_through_both_stages(store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    fas(monkeypatch, store, "fit", "--exp", "yang2014/t3", *TINY, "model.scale=2.6", f"run_dir={run}")
    for checkpoint in ("stages/cnn/checkpoints/best.ckpt", "checkpoints/best.ckpt"):
        content = torch.load(run / checkpoint, weights_only=True)
        assert content["hyper_parameters"]["frames"] == 3 and content["hyper_parameters"]["scale"] == 2.6
        assert content["state_dict"]["network.convolutions.0.weight"].shape == (4, 9, 11, 11)


def test_without_its_cnn_the_svm_is_refused(store, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        fas(monkeypatch, store, "fit", "--exp", "yang2014/cnn", "model=yang2014", "data=oulu_simulated")
    assert stop.value.code == 2
    assert "'yang2014' starts from a trained 'yang2014/cnn'" in capsys.readouterr().err


def test_experiments_are_the_five_scales_the_clip_and_the_baseline():
    folder = resource_dir("experiments") / "yang2014"
    models = {path.stem: yaml.safe_load(path.read_text()).get("model") for path in folder.glob("*.yaml")}
    assert models == {
        **{f"s{place}": {"scale": scale} for place, scale in enumerate((1.0, 1.4, 1.8, 2.2, 2.6), start=1)},
        "t3": {"frames": 3},
        "replay_attack": {"scale": 2.6},
        "cnn": None,
    }


def test_shared_hyper_parameters_have_the_same_defaults_in_both_stages():
    conf = resource_dir("conf") / "model"
    svm, cnn = (yaml.safe_load((conf / f"{name}.yaml").read_text()) for name in (Yang2014.name, Yang2014Cnn.name))
    experiment = yaml.safe_load((resource_dir("experiments") / "yang2014.yaml").read_text())
    own = experiment["stages"]["cnn"]["model"]
    assert cnn == {**{key: svm[key] for key in ("scale", "frames", "channels", "hidden", "groups")}, **own}
