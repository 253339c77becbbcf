from __future__ import annotations

import json
import subprocess

import pytest

import fas
from fas.errors import FasError
from fas.runs.environment import commit
from fas.runs.run import Run, find_checkpoint, new_run
from fas.training.compose import compose_experiment, compose_run


def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [new_run("basn/model_a").path for _ in range(5)]
    assert len(set(paths)) == 5
    assert all(path.is_dir() and path.parts[:3] == ("runs", "basn", "model_a") for path in paths)


def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(FasError, match="cannot be created"):
        new_run("basn")
    with pytest.raises(FasError, match="cannot write the file"):
        Run(tmp_path / "runs" / "x").write_config({"seed": 0})


def test_the_record_of_the_start_stays_when_a_run_goes_on(tmp_path):
    run = Run(tmp_path)
    run.write_environment({"data": 1})
    run.write_environment({"data": 2}, resumed=True)
    run.write_environment({"data": 3}, resumed=True)
    record = json.loads(run.environment.read_text())
    assert (record["data"], [one["data"] for one in record["resumed"]]) == (1, [2, 3])
    run.write_environment({"data": 4})  # a new run in the same folder
    assert "resumed" not in json.loads(run.environment.read_text())


def test_the_config_survives_its_file(tmp_path):
    experiment = compose_experiment("basn", ["data.fold=3", "+trainer.max_time=00:01:00:00", "run_dir='a b: {c}'"])
    Run(tmp_path).write_config(experiment.config())
    assert compose_run(tmp_path) == experiment


def test_the_commit_marks_changed_files_and_a_wheel_has_none(tmp_path, monkeypatch):
    package = tmp_path / "src" / "fas"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(fas, "__file__", str(package / "__init__.py"))
    assert commit() is None

    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    clean = commit()
    assert len(clean) == 40
    (package / "__init__.py").write_text("changed = True\n")
    assert commit() == clean + "+"


def test_a_folder_stands_for_its_best_checkpoint(tmp_path):
    run = Run(tmp_path / "run")
    run.final.checkpoints.mkdir(parents=True)
    run.final.best.touch()
    run.final.last.touch()
    run.config.touch()
    assert find_checkpoint(run.path) == (run, run.final.best)
    assert find_checkpoint(run.final.last) == (run, run.final.last)
