from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import yaml

from fas.errors import FasError
from fas.training.build import build_datamodule, build_method, build_trainer
from fas.training.compose import compose_experiment, compose_run, known_experiments


@pytest.mark.parametrize("name", known_experiments())
def test_every_experiment_composes_and_builds(name, tmp_path):
    experiment = compose_experiment(name, ["model.pretrained=false", "trainer.accelerator=cpu"])
    assert experiment.experiment == name
    with torch.device("meta"):  # shapes without memory or time
        method = build_method(experiment)
    build_datamodule(experiment, method.requirements)
    build_trainer(experiment, tmp_path, [], [])


def test_there_are_the_experiments_that_the_readme_names():
    assert {"basn", "demo"} <= set(known_experiments())


def test_overrides_reach_every_section():
    experiment = compose_experiment(
        "basn", ["model.lr=1e-3", "data.fold=2", "data.protocol=3", "augment=flip", "logger=csv", "seed=7"]
    )
    assert experiment.model["lr"] == 1e-3
    assert (experiment.data["protocol"], experiment.data["fold"]) == (3, 2)
    assert experiment.augment == {"transforms": [{"HorizontalFlip": {"p": 0.5}}]}
    assert experiment.logger == {"wandb": None}
    assert experiment.seed == 7


@pytest.mark.parametrize(
    ("overrides", "says", "offers"),
    [
        (["model.lrr=1"], "no key 'model.lrr'", "did you mean model.lr"),
        (["modle.lr=1"], "no key 'modle.lr'", "did you mean model.lr"),
        (["model=basm"], "no model 'basm'", "did you mean basn"),
        (["trainer=gpu"], "no trainer 'gpu'", "choices: default"),
        (["~seedd"], "no key 'seedd'", "did you mean seed"),
        (["seed"], "'seed' cannot be read", "key=value"),
        (["run_dir=/a=b"], "'run_dir=/a=b' cannot be read", "quote"),
        (["data.fold=[1"], "cannot be read", "quote"),
        (["data.fold=1,2"], "Ambiguous value", "overrides"),
        (["seed=???"], "missing: .*seed", "key=value"),
        (["seed=${nowhere}"], "'nowhere' not found", "overrides"),
        (["seed=often"], "seed of the experiment cannot be 'often': .*integer", ""),
        (["monitor=test/eer"], "monitor .* cannot be 'test/eer': .*'dev/eer'", ""),
        (["+speed=1"], "no key 'speed'", "did you mean seed"),
        (["model=null"], "must be a string or a list", "overrides"),
    ],
)
def test_a_wrong_override_is_one_message_with_the_choices(overrides, says, offers):
    with pytest.raises(FasError, match=says) as caught:
        compose_experiment("basn", overrides)
    assert offers in (caught.value.remedy or "")
    assert "hydra" not in str(caught.value).lower()


@pytest.mark.parametrize("name", ["bsan", "../pyproject", "/etc/passwd", "basn.yaml", ""])
def test_an_unknown_experiment_lists_the_known(name):
    with pytest.raises(FasError, match="no experiment") as caught:
        compose_experiment(name)
    assert "basn" in caught.value.remedy


def test_a_file_of_ones_own_builds_on_ours(tmp_path):
    folder = tmp_path / "my experiments, 'new'"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "mine.yaml").write_text("defaults: [basn, _self_]\nlr: 0.5\n")
    (folder / "own.yaml").write_text("# @package _global_\ndefaults: [/fit, override /model: mine, _self_]\nseed: 4\n")
    (folder / "faster.yaml").write_text("defaults: [basn, _self_]\nmodel: {lr: 0.25}\n")
    own, faster = (compose_experiment(str(folder / f"{name}.yaml")) for name in ("own", "faster"))
    assert (own.experiment, own.seed, own.model["lr"], own.model["name"]) == ("own", 4, 0.5, "basn")
    assert (faster.experiment, faster.model["lr"]) == ("faster", 0.25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed: [1\nlr: 2", "YAML is broken"),
        ("- 1\n- 2", "must be a DictConfig"),
        ("", "lacks the key"),
        ("seed: !!python/object/apply:os.system [exit]", "YAML is broken"),
        ("# @package _global_\ndefaults: [/fit, override /model: nope, _self_]", "no model 'nope'"),
        ("# @package _global_\ndefaults: [/nofit, _self_]", "no config 'nofit'"),
        ("defaults: [basn, _self_]\nlearning: {rate: 1}", "no key 'learning'"),
        ("defaults: [basn, _self_]\ndata: 5", "data of the experiment cannot be 5"),
    ],
)
def test_a_broken_file_is_one_message(tmp_path, text, says):
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(FasError, match=says):
        compose_experiment(str(tmp_path / "broken.yaml"))


def test_a_file_that_is_no_text_is_one_message(tmp_path):
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FasError, match="cannot be composed"):
        compose_experiment(str(tmp_path / "broken.yaml"))


def test_a_runs_config_comes_back_and_takes_overrides(tmp_path):
    experiment = compose_experiment("basn", ["data.protocol=2", "model.lr=0.1"])
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(experiment.config()))
    assert compose_run(tmp_path) == experiment
    other = compose_run(tmp_path, ["data=oulu_simulated", "data.fold=3"])
    assert (other.data["dataset"], other.data["protocol"], other.data["fold"]) == ("oulu-simulated", "1", 3)
    assert other.model == experiment.model
    with pytest.raises(FasError, match=r"no key 'data\.protocl'"):
        compose_run(tmp_path, ["data.protocl=1"])
    with pytest.raises(FasError, match="no run's folder"):
        compose_run(tmp_path / "elsewhere")


def test_composing_needs_no_torch():
    code = "import sys, fas.training.compose as c; c.compose_experiment('basn'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
