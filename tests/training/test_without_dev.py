"""Protocols without a dev split, as CASIA-FASD, SiW and MSU-MFSD have them."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from fas.errors import FasError, FasWarning
from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.scores.file import read_scores
from fas.methods.checkpoint import load_scorer
from fas.resources import resource_dir
from fas.runs.run import find_checkpoint
from fas.training.compose import compose_experiment
from fas.training.fit import fit
from fas.training.score import evaluate_run, score_run
from tests.fakes.store import TINY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(store_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("without_dev")
    text = (resource_dir("preprocess") / "oulu.yaml").read_text()
    dev = "    dev: {split: dev, session: [1, 2]}\n"
    assert dev in text
    (folder / "oulu.yaml").write_text(text.replace(dev, "", 1))
    settings = [f"data.store='{store_root}'", f"data.recipe='{folder / 'oulu.yaml'}'", f"run_dir='{folder / 'run'}'"]
    with pytest.warns(FasWarning, match="protocol 1 has no dev split: the last epoch is kept"):
        return fit(compose_experiment("basn", [*TINY, *settings, "logger=csv"]))


def test_the_last_epoch_stands_for_the_run(run):
    assert not run.final.best.exists()
    assert find_checkpoint(run.path) == (run, run.final.last)
    assert math.isnan(load_scorer(run.final.last).threshold)
    assert set(json.loads(run.environment.read_text())["data"]["presentations"]) == {"train", "test"}


def test_only_test_is_scored_and_judged_by_a_threshold_that_is_given(run):
    scores = score_run(run.path)
    assert scores == run.scores
    table = read_scores(scores)
    assert set(table.split) == {"test"}
    assert np.isfinite(table.score).all()
    assert evaluate_run(run, run.final.last, scores) is None
    with pytest.raises(FasError, match="dev"):
        evaluate_scores(table)
    assert evaluate_scores(table, threshold=0.5).counts["presentations"] == 10


def test_the_commands_say_what_to_do_next(run):
    def fas(*arguments):
        command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    tested = fas("test", run.path)
    assert tested.returncode == 0, tested.stderr
    assert "no dev split, so no threshold" in tested.stdout
    refused = fas("report", run.path)
    assert refused.returncode == 2
    assert "--threshold" in refused.stderr
    assert fas("report", run.path, "--threshold", "0.5").returncode == 0
