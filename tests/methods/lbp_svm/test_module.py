"""LBP-SVM as a method: hyper-parameters, sizes, the fit, its checkpoint, and the real commands."""

from __future__ import annotations

import csv
import inspect
import json
import sys
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import yaml
from skimage.feature import local_binary_pattern

from fas.cli.main import main
from fas.data.batch import Requirements
from fas.errors import FasError
from fas.methods import method_class
from fas.methods.checkpoint import load_scorer, save_checkpoint
from fas.methods.fitted import TrainingTable
from fas.methods.lbp_svm import LbpSvm
from fas.metrics import ErrorCurve
from fas.resources import resource_dir
from fas.training.build import build_scorer
from fas.training.compose import compose_experiment
from fas.training.stages import stage_experiments
from tests.fakes.store import CROP, make_store


def faces(count=40, side=32, seed=0):
    """Noise; attacks have stripes. Labels in turns, eight people."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.integers(60, 180, (count, side, side, 3)) + 60 * (1 - labels)[:, None, None, None] * np.array(
        [[[1]], [[0]]] * (side // 2)
    )
    tensors = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    subjects = np.array([str(row // 5) for row in range(count)], dtype=object)
    return tensors, TrainingTable(labels, np.arange(count), subjects, np.full(count, "", dtype=object))


def fitted(**settings):
    method = LbpSvm(**{**LbpSvm.small, **settings})
    images, table = faces()
    method.fit(method.extract({"rgb": images}).numpy(), table, 0)
    return method


def test_conf_has_exactly_the_hyper_parameters_with_their_defaults():
    settings = yaml.safe_load((resource_dir("conf") / "model" / "lbp_svm.yaml").read_text())
    assert settings.pop("name") == "lbp_svm"
    parameters = inspect.signature(LbpSvm).parameters
    defaults = {name: one.default for name, one in parameters.items()}
    assert settings == {name: list(one) if isinstance(one, tuple) else one for name, one in defaults.items()}
    assert method_class("lbp_svm") is LbpSvm


def test_defaults_are_the_references():
    method = LbpSvm()
    assert method.requirements == Requirements(input_size=64, crop_scale=1.0, sampling="all")
    defaults = inspect.signature(LbpSvm).parameters
    assert defaults["c_grid"].default == tuple(2.0**power for power in range(-3, 14, 2))
    assert defaults["gamma_grid"].default == tuple(2.0**power for power in range(-15, 0, 2))
    assert not list(method.parameters())


@pytest.mark.parametrize(
    ("settings", "dimensions"),
    [
        ({}, 59),
        ({"blocks": 3}, 531),
        ({"colour": "hsv_ycbcr"}, 354),
        ({"input_size": 112, "blocks": 3, "pattern": "default"}, 2304),
        ({"points": 16, "radius": 2}, 243),
    ],
)
def test_number_of_features(settings, dimensions):
    method = LbpSvm(**settings)
    side = method.requirements.input_size
    features = method.extract({"rgb": torch.rand(2, 3, side, side)})
    assert features.shape == (2, dimensions)


def test_features_are_the_histogram_of_the_grey_image():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    given = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    got = LbpSvm(interpolation=True).extract({"rgb": given})[0]
    labels = local_binary_pattern(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 8, 1, "nri_uniform")[1:-1, 1:-1]
    expected = np.bincount(labels.astype(int).ravel(), minlength=59) / 62**2
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-15)


def test_colour_features_begin_with_hue_and_end_with_cr():
    rgb = torch.rand(2, 3, 64, 64)
    both = LbpSvm(colour="hsv_ycbcr").extract({"rgb": rgb})
    halves = [LbpSvm(colour=colour).extract({"rgb": rgb}) for colour in ("hsv", "ycbcr")]
    assert torch.equal(both, torch.cat(halves, 1))


def test_a_block_without_room_is_refused():
    with pytest.raises(FasError, match="blocks of 6 pixels are too small for patterns of radius 3"):
        LbpSvm(input_size=20, blocks=3, radius=3)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("colour", ["grey", "hsv_ycbcr"])
def test_tells_unseen_faces_apart(colour, kernel):
    method = fitted(colour=colour, kernel=kernel)
    images, table = faces(seed=1)
    score = method.score(method({"rgb": images}))
    assert score.dtype == torch.float64
    assert score[table.label == 1].min() > score[table.label == 0].max()


def test_a_sample_has_the_same_features_and_score_alone():
    method = fitted(colour="hsv_ycbcr", blocks=3)
    images, _ = faces(seed=2)
    whole, alone = method({"rgb": images}), method({"rgb": images[7:8]})
    assert torch.equal(whole.features[7:8], alone.features)
    # Matrix products of other sizes may add in another order.
    torch.testing.assert_close(whole.decision[7:8], alone.decision, rtol=0, atol=1e-12)


def test_mixed_precision_changes_nothing():
    method = fitted()
    images, _ = faces(seed=2)
    plain = method.score(method({"rgb": images}))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(method.score(method({"rgb": images})), plain)


def test_half_precision_throughout_is_refused():
    experiment = compose_experiment("lbp_svm/colour", ["trainer.precision=bf16-true"])
    with pytest.raises(FasError, match=r"precision=bf16-true would round (.|\n)*32-true"):
        stage_experiments(experiment)
    mixed = stage_experiments(replace(experiment, trainer={"precision": "bf16-mixed"}))
    assert isinstance(build_scorer(mixed[""]), LbpSvm)


def test_constant_images_neither_break_the_fit_nor_the_score():
    method = LbpSvm(**LbpSvm.small)
    flat = torch.linspace(0, 1, 10).view(10, 1, 1, 1).expand(10, 3, 32, 32)
    features = method.extract({"rgb": flat}).numpy()
    assert (features.std(0) == 0).all()  # all are the pattern of a flat image
    _, table = faces(10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        method.fit(features, table, 0)
    assert (method.svm.standardised.scale == 1).all()
    assert method.score(method({"rgb": torch.rand(2, 3, 32, 32)})).isfinite().all()


@pytest.mark.parametrize("settings", [{}, {"kernel": "linear", "colour": "hsv_ycbcr", "blocks": 3}])
def test_a_checkpoint_gives_back_the_same_scores_to_the_last_bit(tmp_path, settings):
    method = fitted(**settings)
    method.threshold = 0.25
    content = {"state_dict": method.state_dict(), "hyper_parameters": dict(method.hparams)}
    save_checkpoint(tmp_path / "a.ckpt", {**method.describe_checkpoint(), **content})
    loaded = load_scorer(tmp_path / "a.ckpt", expected="lbp_svm")
    images = {"rgb": faces(seed=3)[0]}
    assert torch.equal(loaded.score(loaded(images)), method.score(method(images)))
    assert loaded.threshold == 0.25
    # Only what was fitted is kept: tables follow from the hyper-parameters.
    assert all(name.startswith("svm.") for name in content["state_dict"])


@pytest.mark.parametrize("settings", [{"colour": "hsv_ycbcr"}, {"blocks": 3, "interpolation": True}])
def test_the_score_exports_as_a_graph(settings):
    class Score(torch.nn.Module):
        def __init__(self, method):
            super().__init__()
            self.method = method

        def forward(self, rgb):
            return self.method.score(self.method({"rgb": rgb}))

    method = fitted(**settings)
    images, _ = faces(8, seed=4)
    batch = {0: torch.export.Dim("batch", min=2, max=64)}
    graph = torch.export.export(Score(method), (images[:4],), dynamic_shapes=(batch,)).module()
    assert torch.equal(graph(images), method.score(method({"rgb": images})))


def test_the_commands_fit_and_test_and_leave_a_finished_run_alone(tmp_path, monkeypatch, capsys):
    make_store(tmp_path / "store", layers=(), recipe={"size": CROP, "margin": 0.25})
    monkeypatch.setenv("FAS_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # `main` sets it

    def fas(*arguments):
        """The command in this process: importing torch three times would take longer than all the rest."""
        monkeypatch.setattr(sys, "argv", ["fas", *arguments])
        with pytest.raises(SystemExit) as ended, warnings.catch_warnings():
            main()
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        assert "Warning" not in told.err
        return told.out

    grid = ("model.c_grid=[1.0,10.0]", "model.gamma_grid=[0.001,0.01]")
    told = fas(
        *("fit", "--exp", "lbp_svm/colour", "data=oulu_simulated", "data.num_workers=0", "trainer.accelerator=cpu"),
        *("logger=csv", "run_dir=out", *grid),
    )
    assert "samples 30, dimensions 354" in told  # 10 presentations of 3 frames: all, though bona fide are a fifth
    run = tmp_path / "out"
    checkpoint = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    assert checkpoint["fitted"]["cross_validation_accuracy"] == 1.0
    assert not (run / "checkpoints" / "last.ckpt").exists()

    fas("test", "out")
    with (run / "scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    score, label = (np.array([float(row[key]) for row in rows]) for key in ("score", "label"))
    assert len(rows) == 30
    assert ErrorCurve.from_scores(score[label == 0], score[label == 1]).auc() > 0.95
    assert json.loads((run / "evaluation.json").read_text())

    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.glob("checkpoints/*")}
    assert "fitted already" in fas("fit", "out")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.glob("checkpoints/*")} == before
