"""The commands `fas fit` and `fas test` as processes, as a user runs them."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from tests.fakes.store import TINY, make_store

pytestmark = pytest.mark.slow

FAS = Path(sys.executable).with_name("fas")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A store that the commands find by $FAS_STORE; W&B has no credentials."""
    root = tmp_path_factory.mktemp("store")
    make_store(root)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "FAS", "PL_"))}
    return {**kept, "FAS_STORE": str(root), "NETRC": str(root / "netrc"), "OMP_NUM_THREADS": "1"}


def fas(environment, folder, *arguments, timeout=300):
    return subprocess.run(
        [FAS, *arguments], env=environment, cwd=folder, capture_output=True, text=True, timeout=timeout
    )


def dev_epochs(run: Path) -> list[int]:
    with (run / "metrics.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file) if row["dev/eer"]]


def test_fit_then_test_from_any_folder(environment, tmp_path):
    done = fas(environment, tmp_path, "fit", "--exp", "basn", *TINY, "data.num_workers=1")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    assert "(simulated data)" in done.stdout and "dev EER" in done.stdout
    assert "frame/s" in done.stderr  # the bar
    (run,) = (tmp_path / "runs" / "basn").iterdir()
    assert f"fas test {run.relative_to(tmp_path)}" in done.stdout
    assert list((run / "wandb").glob("offline-run-*"))
    assert dev_epochs(run) == [0, 1]

    tested = fas(environment, tmp_path, "test", run.relative_to(tmp_path))
    assert tested.returncode == 0, tested.stderr
    assert "SIMULATED" in tested.stdout and "ACER" in tested.stdout and "dev-eer" in tested.stdout
    assert len((run / "scores.csv").read_text().splitlines()) == 1 + 60
    assert json.loads((run / "scores.json").read_text())["training"]["command"].startswith("fas fit --exp basn")
    assert (run / "evaluation.json").is_file()


def test_a_killed_run_resumes_after_its_last_epoch(environment, tmp_path):
    arguments = ["--exp", "basn", *TINY, "logger=csv", "run_dir=out"]
    process = subprocess.Popen(
        [FAS, "fit", *arguments, "trainer.max_epochs=1000"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    last = tmp_path / "out" / "checkpoints" / "last.ckpt"
    try:
        for _ in range(2400):
            if last.is_file() and len(dev_epochs(tmp_path / "out")) >= 4:
                break
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finished = torch.load(last, weights_only=True)["epoch"]  # whole, whatever the writer was at
    assert finished >= 2  # the row of epoch 3 comes before its checkpoint
    more = f"trainer.max_epochs={finished + 3}"
    done = fas(environment, tmp_path, "fit", "out", more)
    assert done.returncode == 0, done.stderr
    assert f"resumed after epoch {finished + 1}" in done.stdout
    assert f"epoch {finished + 2}/{finished + 3}" in done.stdout
    assert dev_epochs(tmp_path / "out") == list(range(finished + 3))


def test_two_processes_train_one_network(environment, tmp_path):
    done = fas(
        environment, tmp_path, "fit", "--exp", "basn", *TINY, "logger=csv", "trainer.devices=2", "trainer.strategy=ddp"
    )
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "runs" / "basn").iterdir()  # one folder, not one for each process
    assert done.stdout.count("epoch 2/2") == 1 and done.stdout.count("next ") == 1
    assert dev_epochs(run) == [0, 1]
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    # 12 samples an epoch, 6 of them for each process, in batches of 4: 2 steps.
    assert checkpoint["global_step"] == 2 * 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fit"], "experiment"),
        (["fit", "--exp", "bsan"], "did you mean basn"),
        (["fit", "basn"], "fas fit --exp basn"),
        (["fit", "nowhere"], "not a run"),
        (["fit", "--exp", "basn", "nowhere"], "not nowhere with --exp"),
        (["fit", "--exp", "basn", "data=olu"], "did you mean oulu"),
        (["fit", "--exp", "basn", "model.lrr=1"], "did you mean model.lr"),
        (["test", "nowhere"], "no such run or checkpoint"),
    ],
)
def test_a_mistake_is_one_message(environment, tmp_path, arguments, says):
    done = fas(environment, tmp_path, *arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_config_can_be_printed_and_experiments_listed(environment, tmp_path):
    printed = fas(environment, tmp_path, "fit", "--exp", "basn", "data.fold=2", "--print-config")
    assert printed.returncode == 0, printed.stderr
    assert yaml.safe_load(printed.stdout)["data"]["fold"] == 2
    listed = fas(environment, tmp_path, "experiments").stdout
    assert "basn/model_a" in listed and "Model A" in listed
    assert not list(tmp_path.iterdir())


def test_names_are_completed(environment, tmp_path):
    (tmp_path / "runs" / "basn" / "2026").mkdir(parents=True)
    (tmp_path / "runs" / "basn" / "2026" / "config.yaml").touch()

    def complete(*words):
        line = {"_TYPER_COMPLETE_ARGS": " ".join(["fas", *words]), "_FAS_COMPLETE": "complete_zsh"}
        return fas({**environment, **line}, tmp_path).stdout

    assert "basn/model_a" in complete("fit", "--exp", "basn/")
    assert "runs/basn/2026" in complete("test", "")
    assert "data=oulu" in complete("fit", "data=")
