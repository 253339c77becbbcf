"""Runs of two stages as real processes: killed in either, moved, and on two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fas.runs.run import Run
from tests.fakes.store import TINY, make_store

pytestmark = pytest.mark.slow

STAGED = """
# @package _global_
# A small BASN without its branches, then with them.
defaults: [/basn, _self_]
stages:
  plain: {model: {auxiliary: none}, trainer: {max_epochs: 3}}
  full: {trainer: {max_epochs: 3}}
"""

SETTINGS = [one for one in TINY if not one.startswith("trainer.max_epochs")]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("store")
    make_store(root)
    return root


@pytest.fixture
def command(store, tmp_path) -> Callable[..., list[str]]:
    (tmp_path / "staged.yaml").write_text(STAGED)

    def arguments(*further: str) -> list[str]:
        fas = [sys.executable, "-m", "fas.cli.main", "fit", "--exp", "staged.yaml"]
        return [*fas, *SETTINGS, "logger=csv", f"data.store={store}", *further]

    return arguments


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "PL_", "FAS_RUN"))}
    return {**kept, "OMP_NUM_THREADS": "1"}


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(arguments, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


def kill_after_first_epoch(arguments: list[str], folder: Path, last: Path) -> None:
    """Starts a fit and kills it with all its processes once a stage has its first checkpoint."""
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(6000):
            if last.is_file():
                break
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_run_that_is_killed_in_each_stage_ends_with_the_weights_of_one_that_was_not(command, tmp_path):
    whole = run(command("run_dir=whole"), tmp_path)
    assert "stage    full: starts from" in whole.stdout and "new here" in whole.stdout
    parts, moved = Run(tmp_path / "parts"), Run(tmp_path / "moved")
    plain, full = parts.stage_folders(("plain", "full"))
    kill_after_first_epoch(command("run_dir=parts"), tmp_path, plain.last)
    kill_after_first_epoch(command("run_dir=parts"), tmp_path, full.last)
    parts.path.rename(moved.path)  # as from a scratch disk
    resumed = run([*command()[:4], "moved"], tmp_path)
    assert "stage    plain: finished, since stage full has begun" in resumed.stdout
    for name in ("stages/plain/checkpoints/last.ckpt", "checkpoints/last.ckpt"):
        expected, got = (weights(tmp_path / folder / name) for folder in ("whole", "moved"))
        assert expected.keys() == got.keys()
        assert all(torch.equal(one, got[key]) for key, one in expected.items())
    before = moved.config.read_text()
    again = run([*command()[:4], "moved"], tmp_path)
    assert "all 3 epochs are done" in again.stdout
    assert moved.config.read_text() == before
    assert before.startswith("# The resolved config of: fas fit --exp staged.yaml")


def test_two_processes_fit_both_stages_in_one_folder(command, tmp_path):
    done = run(
        command("trainer.devices=2", "trainer.strategy=ddp", "stages.plain.trainer.max_epochs=1",
                "stages.full.trainer.max_epochs=1"),
        tmp_path,
    )  # fmt: skip
    (folder,) = (tmp_path / "runs" / "staged").iterdir()  # not one for each process
    plain, full = Run(folder).stage_folders(("plain", "full"))
    assert plain.best.is_file() and full.best.is_file()
    assert done.stdout.count("epoch 1/1") == 2 and done.stdout.count("next ") == 1
    steps = [torch.load(stage.last, weights_only=True)["global_step"] for stage in (plain, full)]
    assert steps == [2, 2]  # 12 samples, 6 for each process, in batches of 4


def test_a_fitted_stage_is_fitted_by_one_of_two_processes(store, tmp_path):
    small = ["model.input_size=32", "model.scale=null", "model.kernel=linear", "model.c_grid=[1.0]"]
    done = run(
        [sys.executable, "-m", "fas.cli.main", "fit", "--exp", "lbp_svm", "data=oulu_simulated", *small, "logger=csv",
         f"data.store={store}", "data.num_workers=0", "trainer.accelerator=cpu", "trainer.devices=2",
         "trainer.strategy=ddp", "run_dir=out"],
        tmp_path,
    )  # fmt: skip
    assert Run(tmp_path / "out").final.best.is_file()
    assert done.stdout.count("fitted ") == 1
