"""Faces for the report: a run is trained, scored, and its maps are predicted again from its store."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from fas.data.tensors import to_tensor
from fas.errors import FasError
from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.features import sampled
from fas.evaluation.report.pictures import typical, worst_mistakes
from fas.evaluation.scores.file import read_scores
from fas.inference.stored_faces import load_attributes, load_pictures
from fas.methods.basn import Basn
from fas.methods.checkpoint import load_scorer
from fas.methods.scorer import Scorer
from fas.store import Store
from fas.store.reader import FrameReader
from fas.training.compose import compose_experiment
from fas.training.fit import fit
from fas.training.score import score_run
from tests.fakes.store import CROP, make_store

SIZE = 64
OVERRIDES = [
    "model.input_size=64",
    "model.backbone=mobilenetv3_small_050",
    "model.pretrained=false",
    "model.afe_channels=[8,8,8]",
    "model.fusion_channels=8",
    "data.dataset=oulu-simulated",
    "data.num_workers=0",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "logger=csv",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return make_store(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def run(tmp_path_factory, store) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    overrides = [*OVERRIDES, f"data.store={store.path.parents[1]}", f"run_dir={folder}"]
    fit(compose_experiment("basn", overrides))
    score_run(folder)
    return folder


def test_shows_the_scored_frame_with_its_maps(run, store):
    table = read_scores(run / "scores.csv")
    evaluation = evaluate_scores(table)
    pictures = load_pictures(run, table, evaluation)

    assert [example.video_id for example in pictures.typical] == typical(evaluation)
    assert [example.video_id for example in pictures.mistakes] == worst_mistakes(evaluation)
    assert {example.kind for example in pictures.typical} == {"bona fide", *evaluation.fine.attacks}
    judged = dict(zip(evaluation.judged.video_id, evaluation.judged.score, strict=True))
    index = store.index()
    reader = FrameReader(index)
    for example in [*pictures.typical, *pictures.mistakes]:
        assert example.score == judged[example.video_id]
        assert example.frame == 5, "the middle one of the frames 0, 5 and 10"
        # The crop is the network's input: the stored one, enlarged.
        code = list(index.presentations.video_id).index(example.video_id)
        stored = reader.read(int(index.presentations.start[code]) + 1)
        assert stored.shape == (CROP, CROP, 3)
        assert example.crop.shape == (SIZE, SIZE, 3)
        assert abs(example.crop.mean() - stored.mean()) < 2
        # The store of the test has depth 200 and reflection (50, 100, 150) for all; the label decides.
        depth, reflection = (200, 0) if example.label else (0, (50, 100, 150))
        assert np.unique(example.target["depth"]).tolist() == [depth]
        assert (example.target["reflection"] == reflection).all()
        for layer in ("depth", "reflection"):
            assert example.predicted[layer].shape == example.target[layer].shape
            assert example.predicted[layer].dtype == np.uint8
    assert pictures.attributes["1_3_36_1"]["session"] == "3"
    assert pictures.features is not None
    assert list(pictures.features.vectors) == ["depth", "reflection", "enriched"]
    assert {one.shape for one in pictures.features.vectors.values()} == {(len(evaluation.judged), 8)}
    assert set(pictures.features.kinds) == {"bona fide", "print", "replay"}


def test_features_are_those_of_the_scored_frame(run, store):
    table = read_scores(run / "scores.csv")
    evaluation = evaluate_scores(table)
    features = load_pictures(run, table, evaluation).features
    assert features is not None
    method = load_scorer(run / "checkpoints" / "best.ckpt")
    video_id = sampled(evaluation)[0]
    index = store.index()
    row = int(index.presentations.start[list(index.presentations.video_id).index(video_id)]) + 1  # the middle of three
    with torch.no_grad():
        outputs = method({"rgb": to_tensor(FrameReader(index).read(row), SIZE)[None]})
    expected = method.features(outputs)["enriched"][0].numpy()
    np.testing.assert_allclose(features.vectors["enriched"][0], expected, rtol=1e-3, atol=1e-4)


def test_a_map_that_is_not_stored_has_no_target(run, monkeypatch):
    monkeypatch.setattr(Basn, "maps", lambda self, outputs: {"score": outputs.maps["depth"].clamp(max=1)})
    monkeypatch.setattr(Basn, "features", Scorer.features)
    table = read_scores(run / "scores.csv")
    pictures = load_pictures(run, table, evaluate_scores(table))
    assert [(layer, kind) for layer, kind, _ in pictures.typical[0].maps] == [("score", "predicted")]
    assert pictures.features is None


def test_attributes_need_no_checkpoint(run, tmp_path):
    shutil.copy(run / "config.yaml", tmp_path)
    assert load_attributes(tmp_path)["1_3_36_1"]["phone"] == "1"


def test_a_store_that_is_gone_or_was_made_again(run, store, tmp_path):
    table = read_scores(run / "scores.csv")
    evaluation = evaluate_scores(table)
    config = (run / "config.yaml").read_text()
    try:
        (run / "config.yaml").write_text(config.replace(str(store.path.parents[1]), str(tmp_path)))
        with pytest.raises(FasError, match="no store"):
            load_pictures(run, table, evaluation)
        make_store(tmp_path, frames=1)
        with pytest.raises(FasError, match="no longer has frame 5 of"):
            load_pictures(run, table, evaluation)
    finally:
        (run / "config.yaml").write_text(config)
