from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import yaml

from fas.errors import FasError, FasWarning
from fas.training.build import build_datamodule, build_scorer, build_trainer
from fas.training.compose import compose_experiment, compose_run, experiment_summary, known_experiments
from fas.training.stages import stage_experiments
from tests.fakes.store import make_store


@pytest.mark.parametrize("name", known_experiments())
def test_every_experiment_composes_and_builds(name, tmp_path):
    experiment = compose_experiment(name, ["trainer.accelerator=cpu"])
    assert experiment.experiment == name
    for stage in stage_experiments(experiment).values():
        with torch.device("meta"):  # shapes without memory or time
            scorer = build_scorer(stage, from_checkpoint=True)  # weights to start from are not fetched
        build_datamodule(stage, scorer.requirements)
        build_trainer(stage, tmp_path, [], [])


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
        (["seed"], "'seed' cannot be parsed", "key=value"),
        (["run_dir=/a=b"], "'run_dir=/a=b' cannot be parsed", "quote"),
        (["data.fold=[1"], "cannot be parsed", "quote"),
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
    with pytest.raises(FasError, match="not a run"):
        compose_run(tmp_path / "elsewhere")


def test_composing_needs_no_torch():
    code = "import sys, fas.training.compose as c; c.compose_experiment('basn'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("name", known_experiments())
def test_every_experiment_says_what_it_is_for(name):
    assert len(experiment_summary(known_experiments()[name])) > 10


class TestStoredData:
    """`data=NAME` of a dataset that has a store and no file in conf/data."""

    @pytest.fixture
    def root(self, tmp_path, monkeypatch):
        store = make_store(tmp_path / "stores", frames=1)
        store.path.parent.rename(tmp_path / "stores" / "mine")
        monkeypatch.setenv("FAS_STORE", str(tmp_path / "stores"))
        return tmp_path / "stores"

    def test_is_found_by_its_name_alone_with_no_protocol_of_another(self, root):
        data = compose_experiment("basn", ["data=mine"]).data
        assert (data["dataset"], data["protocol"], data["fold"]) == ("mine", None, None)
        assert data["batch_size"] == 32  # of the experiment

    def test_is_found_in_a_store_that_is_named(self, root, monkeypatch, tmp_path):
        monkeypatch.setenv("FAS_STORE", str(tmp_path / "none"))
        with pytest.raises(FasError, match="no data 'mine'"):
            compose_experiment("basn", ["data=mine"])
        assert compose_experiment("basn", ["data=mine", f"data.store='{root}'"]).data["dataset"] == "mine"

    def test_replaces_the_data_of_a_run(self, root, tmp_path):
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(compose_experiment("basn", ["data.fold=2"]).config()))
        data = compose_run(tmp_path, ["data=mine"]).data
        assert (data["dataset"], data["protocol"], data["fold"]) == ("mine", None, None)

    def test_a_misspelt_name_lists_files_and_stores(self, root):
        with pytest.raises(FasError, match="no data 'mien'") as caught:
            compose_experiment("basn", ["data=mien"])
        assert "did you mean mine" in caught.value.remedy and "across" in caught.value.remedy


STAGED = """
# @package _global_
# Two stages of one method.
defaults: [/basn, _self_]
model: {backbone: test_efficientnet, pretrained: false}
stages:
  first: {model: {auxiliary: none, lr: 0.5}, trainer: {max_epochs: 1}}
  second: {trainer: {max_epochs: 2}, monitor: dev/loss}
"""


class TestStages:
    @pytest.fixture
    def staged(self, tmp_path):
        path = tmp_path / "staged.yaml"
        path.write_text(STAGED)
        return str(path)

    def test_change_single_keys_in_order(self, staged):
        first, second = stage_experiments(compose_experiment(staged)).values()
        assert (first.model["auxiliary"], first.model["lr"], first.trainer["max_epochs"]) == ("none", 0.5, 1)
        assert (second.model["auxiliary"], second.model["lr"], second.trainer["max_epochs"]) == ("both", 5e-5, 2)
        assert (first.monitor, second.monitor) == ("dev/eer", "dev/loss")
        assert first.data == second.data and first.stages == {}

    def test_take_overrides_by_name(self, staged):
        first, second = stage_experiments(compose_experiment(staged, ["stages.first.model.lr=0.25", "seed=3"])).values()
        assert (first.model["lr"], second.model["lr"], first.seed, second.seed) == (0.25, 5e-5, 3, 3)

    def test_take_overrides_of_what_they_share_with_the_experiment(self, staged):
        composed = compose_experiment(staged, ["stages.second.model.lr=0.125", "stages.second.data.batch_size=3"])
        first, second = stage_experiments(composed).values()
        assert (second.model["lr"], second.data["batch_size"], first.data["batch_size"]) == (0.125, 3, 32)

    @pytest.mark.parametrize("override", ["stages.third.model.lr=1", "stages.secnd={}"])
    def test_a_misspelt_stage_lists_the_stages(self, staged, override):
        with pytest.raises(FasError, match="there is no stage") as caught:
            compose_experiment(staged, [override])
        assert "first, second" in caught.value.remedy
        with pytest.raises(FasError, match="there is no stage") as caught:
            compose_experiment("basn", [override])
        assert "no stages" in caught.value.remedy

    def test_an_override_that_no_stage_would_see_is_refused(self, staged):
        with pytest.raises(FasError, match=r"every stage sets its own trainer\.max_epochs") as caught:
            compose_experiment(staged, ["trainer.max_epochs=7"])
        assert "stages.first.trainer.max_epochs=7 stages.second.trainer.max_epochs=7" in caught.value.remedy

    def test_an_override_that_a_stage_would_not_see_is_said(self, staged):
        with pytest.warns(FasWarning, match=r"model\.lr does not reach stage first.*stages\.first\.model\.lr=1"):
            first, second = stage_experiments(compose_experiment(staged, ["model.lr=1"])).values()
        assert (first.model["lr"], second.model["lr"]) == (0.5, 1)

    @pytest.mark.parametrize(
        ("override", "says"),
        [
            ("+stages.first.optimiser={}", "stages.first has no key 'optimiser'"),
            ("+stages.first.model.lrr=1", "stages.first.model has no key 'lrr'"),
            ("stages.first.model.lr=fast", "lr of stages.first.model cannot be 'fast'"),
            ("+stages.first.model.name=nothing", "unknown method 'nothing'"),
            ("+stages.Third={}", "'Third' cannot be the name of a stage"),
            ("stages.second.monitor=test/eer", "monitor of stages.second cannot be 'test/eer'"),
            ("stages.first=5", "stages of the experiment cannot be"),
        ],
    )
    def test_a_mistake_in_a_stage_is_named(self, staged, override, says):
        with pytest.raises(FasError, match=says):
            stage_experiments(compose_experiment(staged, [override]))
