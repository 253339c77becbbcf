"""Reading a run's folder: what may be missing, what must not be damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from fas.errors import FasError
from fas.runs.content import read_content, scored_run
from fas.runs.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "scores.csv").touch()
    return tmp_path


def test_scores_alone_are_enough(run):
    files = read_content(Run(run))
    assert (files.config, files.environment, files.curves) == (None, None, {})


def test_reads_what_is_there(run):
    (run / "config.yaml").write_text("seed: 1\n")
    (run / "environment.json").write_text('{"commit": "0123"}')
    # As Lightning writes it: a row has the metrics that were logged together.
    (run / "metrics.csv").write_text("dev/eer,epoch,step,train/loss\n,0,4,2.5\n,0,9,nan\n0.25,0,9,\n,1,14,1.5\n")
    files = read_content(Run(run))
    assert files.config == "seed: 1\n"
    assert files.environment == {"commit": "0123"}
    assert files.curves == {"train/loss": [(4, 2.5), (14, 1.5)], "dev/eer": [(9, 0.25)]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("environment.json", b"{", "not JSON"),
        ("environment.json", b"[]", "not a JSON object"),
        ("config.yaml", b"\xff\xfe", "cannot read"),
        ("metrics.csv", b"epoch,train/loss\n0,1\n", "no column step"),
        ("metrics.csv", b"", "no column step"),
        ("metrics.csv", b"step,train/loss\n0,1\n1,high\n", "line 3: a value is not a number"),
        ("metrics.csv", b"step,train/loss\n0,1,2\n", "line 2: a value is not a number"),
    ],
)
def test_damaged_files_are_named(run, name, content, message):
    (run / name).write_bytes(content)
    with pytest.raises(FasError, match=message) as error:
        read_content(Run(run))
    assert error.value.path == run / name


def test_no_run_and_no_scores(tmp_path):
    with pytest.raises(FasError, match="no such run"):
        scored_run(tmp_path / "none")
    with pytest.raises(FasError, match=r"no scores\.csv") as error:
        scored_run(tmp_path)
    assert "fas test" in str(error.value)
