"""`fas report` as a process: the file, what it says without pictures, one message for a user's mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fas.evaluation.scores.file import write_scores
from tests.fakes.scores import PROVENANCE, random_scores

pytestmark = pytest.mark.slow


def fas(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", "report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_scores(tmp_path / "scores.csv", random_scores(), PROVENANCE)
    return tmp_path


def test_scores_alone_make_a_report_that_says_why_it_has_no_pictures(run, tmp_path):
    done = fas(run, "--out", tmp_path / "docs" / "out.html", "--level", "fine", "--threshold", "0.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "docs" / "out.html")
    assert done.stderr.startswith("warning: the report has no pictures: ")
    html = (tmp_path / "docs" / "out.html").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in html
    assert "No pictures: the run has no config.yaml" in html
    assert "APCER, worst fine species" in html


@pytest.mark.parametrize(
    ("break_run", "expected"),
    [
        (lambda run: (run / "scores.csv").unlink(), "the run has no scores.csv"),
        (lambda run: (run / "scores.csv").write_text("score\n1\n"), "line 1: no column"),
        (lambda run: (run / "scores.json").write_text("{"), "provenance of the scores is not JSON"),
        (lambda run: (run / "environment.json").write_text("{"), "not JSON"),
        (lambda run: (run / "metrics.csv").write_text("step,a\n0,x\n"), "line 2: a value is not a number"),
        (lambda run: (run / "report.html").mkdir(), "cannot write the file"),
    ],
)
def test_a_damaged_run_is_one_message_and_exit_code_2(run, break_run, expected):
    break_run(run)
    done = fas(run)
    assert done.returncode == 2
    assert done.stdout == ""
    assert expected in done.stderr
    assert str(run) in done.stderr
    assert "Traceback" not in done.stderr


def test_no_such_run(tmp_path):
    done = fas(tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such run" in done.stderr


def test_a_figure_needs_the_pictures(run, tmp_path):
    done = fas(run, "--figure", tmp_path / "maps.png")
    assert done.returncode == 2
    assert "the run has no config.yaml" in done.stderr
    assert not (tmp_path / "maps.png").exists()


def test_several_runs_are_one_page(run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_scores(other / "scores.csv", random_scores(seed=1), {**PROVENANCE, "experiment": "second"})
    done = fas(run, other, "--out", tmp_path / "out.html")
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "All runs" in html
    assert html.index("1. demo") < html.index("2. second")


@pytest.mark.parametrize(
    ("options", "expected"), [((), "give --out"), (("--out", "a.html", "--figure", "a.png"), "leave out --figure")]
)
def test_several_runs_need_a_place_and_have_no_figure(run, options, expected):
    done = fas(run, run, *options)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
