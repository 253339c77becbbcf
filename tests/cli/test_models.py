"""`fas models` as a process."""

from __future__ import annotations

import os
import subprocess
import sys

from fas.weights.table import FACE_DETECTOR, FACE_MESH, MODELS


def fas(home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", *arguments]
    environment = os.environ | {"FAS_HOME": str(home), "COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_lists_every_file_with_licence_hash_and_sources(tmp_path):
    done = fas(tmp_path, "models")
    assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path / "models") in done.stdout
    for model in MODELS.values():
        assert f"{model.name}  [absent]" in done.stdout
        assert model.sha256 in done.stdout
        assert model.licence in done.stdout
        assert f"needed by: {model.needed_by}" in done.stdout
    assert not (tmp_path / "models").exists()


def test_fetches_the_default_files(tmp_path):
    done = fas(tmp_path, "models", "fetch")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [FACE_DETECTOR, FACE_MESH]
    assert f"{FACE_MESH}  [present]  2.4 MB" in fas(tmp_path, "models").stdout


def test_the_help_has_examples_with_names_that_exist(tmp_path):
    examples = [line.split() for line in fas(tmp_path, "models", "--help").stdout.splitlines() if "fas models" in line]
    fetched = [words[3:] for words in examples if words[:3] == ["fas", "models", "fetch"]]
    assert [] in fetched and any(fetched)
    assert {name for names in fetched for name in names} <= set(MODELS)


def test_unknown_file_is_one_message(tmp_path):
    done = fas(tmp_path, "models", "fetch", "nothing")
    assert done.returncode == 2
    assert "there is no model file 'nothing'" in done.stderr
    assert "Traceback" not in done.stderr
