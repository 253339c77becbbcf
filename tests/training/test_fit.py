from __future__ import annotations

import csv
import json
import math
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import fas
from fas.cli.main import main
from fas.data.sampler import GroupSampler
from fas.errors import FasError, FasWarning
from fas.methods.checkpoint import load_scorer, read_checkpoint
from fas.training.compose import compose_experiment, compose_run
from fas.training.fit import fit, readable_errors
from fas.training.score import score_run
from tests.fakes.store import TINY, make_store

pytestmark = pytest.mark.slow

_set = GroupSampler.set_epoch


def metrics(run):
    with (run.path / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_fit_learns_and_leaves_everything_in_its_folder(tiny):
    experiment = tiny("trainer.max_epochs=4")
    run = fit(experiment)
    assert {path.name for path in run.path.iterdir()} == {
        "checkpoints",
        "config.yaml",
        "environment.json",
        "metrics.csv",
    }
    assert {path.name for path in run.final.checkpoints.iterdir()} == {"best.ckpt", "last.ckpt"}
    assert compose_run(run.path) == experiment

    environment = json.loads(run.environment.read_text())
    assert environment["versions"]["fas"] == fas.__version__
    assert environment["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert environment["data"]["simulated"] is True
    assert environment["data"]["presentations"] == {"train": 10, "dev": 10, "test": 10}

    dev = [row for row in metrics(run) if row["dev/eer"]]
    assert [row["epoch"] for row in dev] == ["0", "1", "2", "3"]
    assert float(dev[-1]["dev/eer"]) == 0  # the planted signal
    losses = [float(row["train/loss_epoch"]) for row in metrics(run) if row["train/loss_epoch"]]
    assert len(losses) == 4 and losses[-1] < losses[0]

    last = read_checkpoint(run.final.last)
    assert (last["epoch"], last["global_step"]) == (3, 4 * 3)  # 12 samples in batches of 4
    assert math.isfinite(load_scorer(run.final.best).threshold)


def test_a_resumed_run_ends_exactly_where_an_uninterrupted_one_does(tiny, tmp_path, monkeypatch):
    epochs = []
    monkeypatch.setattr(GroupSampler, "set_epoch", lambda self, epoch: epochs.append(epoch) or _set(self, epoch))
    whole = fit(tiny("trainer.max_epochs=3"))
    parts = f"run_dir='{tmp_path / 'parts'}'"
    fit(tiny("trainer.max_epochs=1", parts))
    resumed = fit(tiny("trainer.max_epochs=3", parts))
    assert epochs == [0, 1, 2, 0, 1, 2]  # Lightning tells the sampler, and goes on where the first part ended
    expected, got = (read_checkpoint(run.final.last)["state_dict"] for run in (whole, resumed))
    for name, values in expected.items():
        torch.testing.assert_close(got[name], values, rtol=0, atol=0, equal_nan=True, msg=name)
    assert metrics(whole) == metrics(resumed)
    assert len(json.loads(resumed.environment.read_text())["resumed"]) == 1


def test_rows_after_the_checkpoint_are_made_again_not_doubled(tiny):
    run = fit(tiny("trainer.max_epochs=1"))
    with (run.path / "metrics.csv").open("a") as file:  # a second epoch began, and was killed before its checkpoint
        header = (run.path / "metrics.csv").read_text().splitlines()[0].split(",")
        file.write(",".join({"epoch": "1", "step": "4"}.get(name, "9.0") for name in header) + "\n")
    fit(tiny("trainer.max_epochs=2"))
    dev = [row for row in metrics(run) if row["dev/eer"]]
    assert [row["epoch"] for row in dev] == ["0", "1"]
    assert not any(row["dev/loss"] == "9.0" for row in dev)


def test_a_row_that_a_killed_run_wrote_half_is_left_out(tiny):
    run = fit(tiny("trainer.max_epochs=1"))
    whole = metrics(run)
    with (run.path / "metrics.csv").open("a") as file:
        file.write("0.5,")
    fit(tiny("trainer.max_epochs=1"))
    assert metrics(run) == whole


def test_a_run_without_validation_promises_no_best_checkpoint(tiny, capsys):
    with pytest.warns(FasWarning, match=r"best\.ckpt is missing"):
        fit(tiny("trainer.max_epochs=1", "trainer.check_val_every_n_epoch=2"))
    assert "best" not in capsys.readouterr().out


def test_a_run_is_resumed_only_with_its_own_settings(tiny):
    fit(tiny("trainer.max_epochs=1"))
    with pytest.raises(FasError, match=r"another config: model\.lr was 0\.01, is 0\.5"):
        fit(tiny("trainer.max_epochs=2", "model.lr=0.5"))
    with pytest.raises(FasError, match=r"experiment\.seed was 0, is 1"):
        fit(tiny("trainer.max_epochs=2", "seed=1"))
    fit(tiny("trainer.max_epochs=2", "data.num_workers=1", "data.protocol=1"))  # decides nothing; the same


def test_resuming_adds_changed_trainer_settings_to_the_config_and_nothing_else(tiny, tmp_path, monkeypatch):
    folder = str(tmp_path / "run")
    first = fit(replace(tiny("trainer.max_epochs=1"), run_dir=folder))
    before = first.config.read_text().splitlines()
    monkeypatch.setattr("sys.argv", ["fas", "fit", folder, "trainer.max_epochs=2"])
    fit(replace(compose_run(first.path, ["trainer.max_epochs=2"]), run_dir=str(tmp_path / "run/../run")))
    after = first.config.read_text().splitlines()
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert changed == [("  max_epochs: 1", "  max_epochs: 2")]


def test_ctrl_c_names_a_command_that_resumes(tiny, capsys, monkeypatch):
    def interrupt(self, batch, batch_idx):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fas.methods.basn.module.Basn.training_step", interrupt)
        with pytest.raises(SystemExit):
            fit(tiny("trainer.max_epochs=1"))
    command = capsys.readouterr().out.partition("resume with: ")[2].splitlines()[0]
    monkeypatch.setattr("sys.argv", shlex.split(command))
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "best     " in capsys.readouterr().out


STAGED = """
# @package _global_
# The same network twice.
defaults: [/basn, _self_]
stages:
  first: {trainer: {max_epochs: 1}}
  second: {trainer: {max_epochs: 1}}
"""


@pytest.fixture
def staged(store_root, tmp_path):
    """Composes a small experiment of two stages."""
    (tmp_path / "staged.yaml").write_text(STAGED)
    settings = [one for one in TINY if not one.startswith("trainer.max_epochs")]

    def compose(*overrides):
        path, run = str(tmp_path / "staged.yaml"), f"run_dir='{tmp_path / 'run'}'"
        return compose_experiment(path, [*settings, f"data.store='{store_root}'", run, "logger=csv", *overrides])

    return compose


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+stages.second.data={eval_frame: 3}", "data has no key 'eval_frame'"),
        ("+stages.second.trainer.max_epoch=3", "trainer has no key 'max_epoch'"),
        ("+stages.second.augment={transform: []}", "augment has no key 'transform'"),
    ],
)
def test_a_mistake_in_the_last_stage_is_found_before_the_first_is_fitted(staged, tmp_path, override, says):
    with pytest.raises(FasError, match=says):
        fit(staged(override))
    assert not (tmp_path / "run").exists()


def test_a_stage_is_closed_once_the_next_has_begun(staged, capsys):
    run = fit(staged())
    first = run.stage_folders(("first", "second"))[0]
    before = first.last.read_bytes()
    fit(staged("stages.first.trainer.max_epochs=2", "stages.second.trainer.max_epochs=2"))
    assert "stage    first: finished, since stage second has begun" in capsys.readouterr().out
    assert first.last.read_bytes() == before
    assert read_checkpoint(run.final.last)["epoch"] == 1


def test_scores_of_a_last_stage_with_data_of_its_own_are_those_of_the_run(staged):
    run = fit(staged("stages.second.data.protocol='2'"))
    assert score_run(run.path) == run.scores
    assert json.loads(run.scores.with_suffix(".json").read_text())["protocol"] == "2"
    first = score_run(run.stage_folders(("first", "second"))[0].best)
    assert first.name == "scores_first_best.csv"
    assert json.loads(first.with_suffix(".json").read_text())["protocol"] == "1"


def test_a_finished_run_says_so(tiny, capsys):
    fit(tiny("trainer.max_epochs=1"))
    fit(tiny("trainer.max_epochs=1"))
    assert "all 1 epochs are done" in capsys.readouterr().out


def test_a_new_run_gets_a_folder_of_its_own(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (fit(tiny("trainer.max_epochs=1", "run_dir=null")).path for _ in range(2))
    assert first != second
    assert first.parent == second.parent == Path("runs/basn")


def test_an_error_in_the_data_comes_before_anything_is_written(tiny, tmp_path):
    make_store(tmp_path / "store", layers=())
    with pytest.raises(FasError, match="'depth' is missing"):
        fit(tiny(f"data.store='{tmp_path / 'store'}'"))
    assert not (tmp_path / "run").exists()


def test_fitting_reads_nothing_of_the_test_split(tiny, tmp_path):
    store = make_store(tmp_path / "store")
    for shard in store.path.glob("*/1_3_3[67]_*.zip"):
        shard.write_bytes(bytes(shard.stat().st_size))
    assert fit(tiny("trainer.max_epochs=1", f"data.store='{tmp_path / 'store'}'")).final.best.is_file()


def test_damage_found_by_a_loading_process_is_one_message(tiny, tmp_path):
    store = make_store(tmp_path / "store")
    for shard in store.path.glob("rgb/1_1_2[12]_*.zip"):
        shard.write_bytes(bytes(shard.stat().st_size))
    with pytest.raises(FasError, match=r"^frame \d+ of layer 'rgb' is damaged") as caught:
        fit(tiny(f"data.store='{tmp_path / 'store'}'", "data.num_workers=1"))
    assert "Traceback" not in str(caught.value) and "remedy:" in str(caught.value)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("trainer.accelerator=abacus", "abacus"),
        ("trainer.precision=7", "precision of trainer"),
        ("trainer.max_epochs=0", "at least 1"),
        ("trainer.max_epochs=null", "at least 1"),
        ("+trainer.logger=true", "no key 'logger'"),
        ("+trainer.speed=1", "no key 'speed'"),
        ("model.name=nothing", "unknown method 'nothing'"),
        ("model.name=../basn", "unknown method"),
        ("model.lr=fast", "lr of model"),
        ("model.lr=-1", "lr of model cannot be -1: .*greater than 0"),
        ("model.afe_channels=[]", "afe_channels of model"),
        ("model.afe_channels=[8,0]", "afe_channels of model"),
        ("data.batch_size=0", "batch_size of data cannot be 0"),
        ("data.num_workers=-1", "num_workers of data"),
        ("seed=-1", "seed of the experiment"),
        ("seed=4294967296", "seed of the experiment"),
        ("model.auxiliary=all", "'both', 'depth', 'reflection' or 'none'"),
        ("+model.color=1", "no key 'color'"),
        ("+data.dropout=1", "no key 'dropout'"),
        ("+augment.chance=1", "no key 'chance'"),
        ("+logger.tensorboard=1", "no key 'tensorboard'"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_message(tiny, override, says):
    with pytest.raises(FasError, match=says):
        fit(tiny(override))


def test_memory_that_is_used_up_names_the_batch_size():
    with pytest.raises(FasError, match="memory") as caught, readable_errors():
        raise torch.OutOfMemoryError("CUDA out of memory")
    assert "data.batch_size" in caught.value.remedy


class TestWandb:
    @pytest.fixture(autouse=True)
    def _no_credentials(self, monkeypatch, tmp_path):
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "wandb"))

    def test_without_credentials_it_is_written_offline_beside_the_csv(self, tiny):
        run = fit(tiny("logger=wandb", "trainer.max_epochs=1"))
        (folder,) = (run.path / "wandb").glob("offline-run-*")
        assert next(folder.glob("*.wandb")).stat().st_size > 0
        assert (run.path / "wandb_id.txt").read_text() in folder.name
        assert metrics(run)

    def test_a_resumed_run_keeps_its_identifier(self, tiny):
        fit(tiny("logger=wandb", "trainer.max_epochs=1"))
        run = fit(tiny("logger=wandb", "trainer.max_epochs=2"))
        identifier = (run.path / "wandb_id.txt").read_text()
        folders = [folder.name for folder in (run.path / "wandb").glob("offline-run-*")]
        assert len(folders) == 2
        # Two within one second get the names ...-identifier and ...-identifier-1.
        assert all(f"-{identifier}" in name for name in folders)

    def test_every_stage_is_a_run_of_its_own_in_one_group(self, staged, monkeypatch):
        import wandb

        started, init = [], wandb.init
        monkeypatch.setattr(wandb, "init", lambda **settings: started.append(settings) or init(**settings))
        run = fit(staged("logger=wandb"))
        assert [one["name"] for one in started] == ["staged/run/first", "staged/run/second"]
        assert [one["group"] for one in started] == ["run", "run"]
        for stage, settings in zip(run.stage_folders(("first", "second")), started, strict=True):
            (folder,) = (stage.path / "wandb").glob("offline-run-*")
            assert folder.name.endswith(settings["id"])
            assert next(folder.glob("*.wandb")).stat().st_size > 0

    def test_if_it_does_not_start_the_fit_goes_on(self, tiny, monkeypatch):
        import wandb

        def refuse(**settings):
            raise wandb.Error("no service")

        monkeypatch.setattr(wandb, "init", refuse)
        with pytest.warns(FasWarning, match="W&B did not start.*no service"):
            run = fit(tiny("logger=wandb", "trainer.max_epochs=1"))
        assert metrics(run)

    @pytest.mark.parametrize("place", ["environment", "netrc"])
    def test_with_credentials_it_is_online(self, tiny, tmp_path, monkeypatch, place):
        import wandb

        if place == "environment":
            monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
        else:
            (tmp_path / "netrc").write_text(f"machine api.wandb.ai login user password {'0' * 40}\n")
        asked = {}

        def refuse(**settings):
            asked.update(settings)
            raise wandb.Error("stopped here")

        monkeypatch.setattr(wandb, "init", refuse)
        with pytest.warns(FasWarning, match="stopped here"):
            fit(tiny("logger=wandb", "trainer.max_epochs=1"))
        assert asked["mode"] == "online" and asked["project"] == "fas" and asked["name"] == "basn/run"
