from __future__ import annotations

import json
import subprocess

import pytest

from fas.errors import FasError
from fas.training import run_folder
from fas.training.compose import compose_experiment, compose_run
from fas.training.run_folder import RunFolder, commit, find_checkpoint, new_run_folder


def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [new_run_folder("basn/model_a").path for _ in range(5)]
    assert len(set(paths)) == 5
    assert all(path.is_dir() and path.parts[:3] == ("runs", "basn", "model_a") for path in paths)


def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(FasError, match="cannot be made"):
        new_run_folder("basn")
    with pytest.raises(FasError, match="cannot write the file"):
        RunFolder(tmp_path / "runs" / "x").write_config(compose_experiment("basn"))


def test_the_record_of_the_start_stays_when_a_run_goes_on(tmp_path):
    run = RunFolder(tmp_path)
    run.write_environment({"data": 1})
    run.write_environment({"data": 2}, continued=True)
    run.write_environment({"data": 3}, continued=True)
    record = json.loads(run.environment.read_text())
    assert (record["data"], [one["data"] for one in record["continued"]]) == (1, [2, 3])
    run.write_environment({"data": 4})  # a new run in the same folder
    assert "continued" not in json.loads(run.environment.read_text())


def test_the_config_survives_its_file(tmp_path):
    experiment = compose_experiment("basn", ["data.fold=3", "+trainer.max_time=00:01:00:00", "run_dir='a b: {c}'"])
    RunFolder(tmp_path).write_config(experiment)
    assert compose_run(tmp_path) == experiment


def test_the_commit_marks_changed_files_and_a_wheel_has_none(tmp_path, monkeypatch):
    package = tmp_path / "src" / "fas"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(run_folder.fas, "__file__", str(package / "__init__.py"))
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
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    run.best.touch()
    run.last.touch()
    run.config.touch()
    assert find_checkpoint(run.path) == (run, run.best)
    assert find_checkpoint(run.last) == (run, run.last)
