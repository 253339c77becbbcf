from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from fas.errors import FasError, FasWarning
from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.scores.file import read_scores
from fas.methods.checkpoint import load_scorer
from fas.runs.run import Run
from fas.store import FrameReader
from fas.store.find import find_store
from fas.training.compose import compose_experiment
from fas.training.fit import fit
from fas.training.score import evaluate_run, score_run
from tests.fakes.failures import oulu_failure
from tests.fakes.store import TINY, make_store


@pytest.fixture(scope="module")
def trained(store_root, tmp_path_factory):
    """A run of two epochs; to be copied before something is written to it."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    return fit(compose_experiment("basn", [*TINY, f"data.store='{store_root}'", f"run_dir='{folder}'", "logger=csv"]))


@pytest.fixture
def run(trained, tmp_path):
    return Run(shutil.copytree(trained.path, tmp_path / "run"))


def test_every_frame_of_dev_and_test_has_the_score_of_the_network(run, store_root):
    table = read_scores(score_run(run.path))
    index = find_store("oulu-simulated", store_root).index()
    reader, method = FrameReader(index), load_scorer(run.final.best)
    codes, names = index.codes("video_id")
    rows = [row for row in range(len(index)) if names[codes[row]].startswith(("1_1_2", "1_3_3"))]
    expected = {}
    for row in rows:  # one by one, through nothing of the DataModule
        image = torch.from_numpy(reader.read(row).copy()).permute(2, 0, 1).float() / 255
        with torch.no_grad():
            expected[names[codes[row]], int(index.frame[row])] = float(method.score(method({"rgb": image[None]})))
    got = dict(zip(zip(table.video_id.tolist(), table.frame.tolist(), strict=True), table.score, strict=True))
    assert got.keys() == expected.keys()
    assert len(got) == 60
    np.testing.assert_allclose([got[key] for key in expected], list(expected.values()), atol=1e-5)
    assert {split: set(table.subject[table.split == split]) for split in ("dev", "test")} == {
        "dev": {"21", "22"},
        "test": {"36", "37"},
    }


def test_the_scores_say_where_they_come_from(run):
    provenance = json.loads(score_run(run.path).with_suffix(".json").read_text())
    assert provenance["simulated"] is True
    assert (provenance["dataset"], provenance["protocol"], provenance["fold"]) == ("oulu-simulated", "1", None)
    assert (provenance["experiment"], provenance["method"], provenance["seed"]) == ("basn", "basn", 0)
    assert provenance["checkpoint"].endswith("best.ckpt")
    assert provenance["training"]["versions"] == provenance["versions"]


def test_the_dev_threshold_of_the_checkpoint_is_that_of_the_scores(run):
    evaluation = evaluate_run(run, run.final.best, score_run(run.path))
    assert evaluation.threshold.value == pytest.approx(load_scorer(run.final.best).threshold, abs=1e-6)
    written = json.loads((run.path / "evaluation.json").read_text())
    assert written["threshold"]["rule"] == "dev-eer" and written["simulated"] is True


def test_a_presentation_that_was_not_acquired_is_counted(run, tmp_path):
    store = make_store(tmp_path / "store", without=("1_3_36_2",))
    store.record_failure(oulu_failure("Test_files/1_3_36_2.avi"))
    with pytest.warns(FasWarning, match="could not be acquired"):
        scores = score_run(run.path, [f"data.store='{tmp_path / 'store'}'"])
    table = read_scores(scores)
    (row,) = np.flatnonzero(table.video_id == "1_3_36_2")
    assert np.isnan(table.score[row]) and table.split[row] == "test" and table.attack_type[row] == "print/printer1"
    assert evaluate_run(run, run.final.best, scores).failures == {"print/printer1": 1}


def test_other_data_gets_a_file_of_its_own_and_the_runs_threshold(run):
    score_run(run.path)
    own = run.scores.read_bytes()
    assert score_run(run.path, ["data.protocol=1"]) == run.scores  # a number is as good as a text
    scores = score_run(run.path, ["data.protocol=2"])
    assert scores.name == "scores_oulu-simulated_protocol2.csv"
    assert run.scores.read_bytes() == own
    evaluation = evaluate_run(run, run.final.best, scores)
    assert evaluation.threshold.value == evaluate_run(run, run.final.best, run.scores).threshold.value
    assert (run.path / "scores_oulu-simulated_protocol2.evaluation.json").is_file()


def test_any_checkpoint_of_the_run_can_be_scored_to_any_file(run, tmp_path):
    assert score_run(run.final.last, out=tmp_path / "deep" / "last.csv") == tmp_path / "deep" / "last.csv"
    assert json.loads((tmp_path / "deep" / "last.json").read_text())["checkpoint"].endswith("last.ckpt")


def test_another_checkpoint_is_judged_by_its_own_dev_scores(run, tmp_path):
    """The threshold of the best checkpoint says nothing about the scores of another one."""
    best = evaluate_run(run, run.final.best, score_run(run.path)).threshold.value
    kept = run.scores.read_bytes()
    weights = torch.load(run.final.last, weights_only=True)
    weights["state_dict"]["network.classifier.7.bias"] += torch.tensor([0.0, 1.5])  # all scores higher
    torch.save(weights, run.final.last)
    scores = score_run(run.final.last)
    assert scores.name == "scores_last.csv" and run.scores.read_bytes() == kept
    threshold = evaluate_run(run, run.final.last, scores).threshold.value
    assert threshold == evaluate_scores(read_scores(scores)).threshold.value != best
    anywhere = score_run(run.final.last, out=tmp_path / "any.csv")
    assert evaluate_run(run, run.final.last, anywhere).threshold.value == threshold
    other = score_run(run.final.last, ["data.protocol=2"])
    assert other.name == "scores_last_oulu-simulated_protocol2.csv"
    assert evaluate_run(run, run.final.last, other).threshold.value == threshold


def test_a_checkpoint_from_before_the_first_validation_can_be_scored(run):
    checkpoint = torch.load(run.final.last, weights_only=True)
    torch.save({**checkpoint, "fas_threshold": float("nan")}, run.final.last)
    assert json.loads(score_run(run.final.last).with_suffix(".json").read_text())["dev_threshold"] is None


def test_the_device_can_be_chosen(run):
    with pytest.raises(FasError, match="abacus"):
        score_run(run.path, ["trainer.accelerator=abacus"])


def test_scoring_fetches_no_weights(run):
    config = run.config.read_text().replace("pretrained: false", "pretrained: true")
    run.config.write_text(config)
    assert score_run(run.path).is_file()


def test_what_is_no_checkpoint_of_a_run_is_said(run, tmp_path):
    with pytest.raises(FasError, match="no such run or checkpoint"):
        score_run(tmp_path / "nothing")
    with pytest.raises(FasError, match="not a run"):
        score_run(tmp_path)
    shutil.copy(run.config, tmp_path)
    with pytest.raises(FasError, match="no best checkpoint yet"):
        score_run(tmp_path)
    (tmp_path / "config.yaml").unlink()
    stray = shutil.copy(run.final.best, tmp_path / "stray.ckpt")
    with pytest.raises(FasError, match="outside a run's folder"):
        score_run(stray)
    run.final.best.write_bytes(run.final.best.read_bytes()[:5000])
    with pytest.raises(FasError, match=r"the checkpoint (is damaged|cannot be read)"):
        score_run(run.path)


def test_a_checkpoint_of_another_method_is_refused(run):
    content = torch.load(run.final.best, weights_only=True)
    torch.save({**content, "fas_method": "pdle"}, run.final.best)
    with pytest.raises(FasError, match="to method 'pdle', not 'basn'"):
        score_run(run.path)
