"""`fas table` and `fas compare` as processes on generated runs."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.runs import counted_scores, make_run

pytestmark = pytest.mark.slow


def fas(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "140"})


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    return [
        make_run(folder / str(fold), counted_scores(wrong, 0, 1), protocol="3", fold=fold)
        for fold, wrong in ((1, 1), (2, 3))
    ]


def test_a_table_in_the_terminal(runs):
    done = fas("table", *runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "20.00 ± 14.14" in done.stdout
    assert "no run of fold 3, 4, 5, 6" in done.stdout
    assert "BASN 2019, Table 2" in done.stdout


@pytest.mark.parametrize(("layout", "sign"), [("csv", "kind,simulated"), ("latex", r"\toprule"), ("markdown", "| ---")])
def test_formats_to_a_file_are_those_on_stdout(runs, tmp_path, layout, sign):
    shown = fas("table", *runs, "--format", layout, "--metric", "acer")
    assert shown.returncode == 0, shown.stderr
    assert sign in shown.stdout
    assert "apcer" not in shown.stdout.lower().split("notes")[0].split("table viii")[0]
    written = fas("table", *runs, "--format", layout, "--metric", "acer", "--out", tmp_path / "docs" / "t")
    assert written.stdout.strip() == str(tmp_path / "docs" / "t")
    assert (tmp_path / "docs" / "t").read_text(encoding="utf-8").strip() == shown.stdout.strip()


def test_output_in_a_pipe_or_a_file_is_neither_cut_nor_wrapped(tmp_path):
    long = "an_override_with_a_very_long_value_" * 4
    runs = [
        make_run(tmp_path / str(n), counted_scores(n, 0, 0), config={"model": {"name": long + str(n)}}) for n in (1, 2)
    ]
    shown = fas("table", *runs)
    assert f"demo model.name={long}1" in shown.stdout
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown.stdout
    done = fas("table", *runs, "--out", tmp_path / "table.txt")
    assert done.stdout == f"{tmp_path / 'table.txt'}\n"
    assert (tmp_path / "table.txt").read_text(encoding="utf-8") == shown.stdout
    species = "mask/" + "a_mask_with_a_very_long_name_" * 4
    renamed = counted_scores(1, 0, 0)
    renamed.attack_type[renamed.attack_type == "print"] = species.replace("/", "_")
    run = make_run(tmp_path / "long", renamed)
    (line,) = [line for line in fas("compare", run, run).stdout.splitlines() if species.replace("/", "_") in line]
    assert line.count("10.00 %") == 2


def test_csv_can_be_read_back(runs):
    rows = list(csv.DictReader(fas("table", *runs, "--format", "csv", "--threshold", "0.95").stdout.splitlines()))
    bpcer = next(row for row in rows if row["metric"] == "bpcer")
    assert (float(bpcer["mean_percent"]), bpcer["threshold"]) == (100, "fixed")


def test_a_comparison_in_the_terminal_and_as_json(runs):
    done = fas("compare", *runs, "--replicates", "50")
    assert (done.returncode, done.stderr) == (0, "")
    assert "McNemar" in done.stdout
    assert "-20.00" in done.stdout  # APCER 10 % - 30 %
    done = fas("compare", runs[0], runs[1] / "scores.csv", "--replicates", "50", "--seed", "3", "--json")
    content = json.loads(done.stdout)
    assert content["a"] == str(runs[0])
    assert content["differences"]["apcer"]["difference"] == pytest.approx(-0.2)
    assert content["mcnemar"]["all"]["only_a_correct"] == 2
    assert (content["interval"]["replicates"], content["interval"]["seed"]) == (50, 3)
    again = fas("compare", runs[0], runs[1] / "scores.csv", "--replicates", "50", "--seed", "3", "--json")
    assert again.stdout == done.stdout


def test_simulated_data_is_named_in_every_output(tmp_path):
    run = make_run(tmp_path / "a", counted_scores(1, 0, 0), dataset="oulu-simulated", simulated=True)
    for arguments in (["compare", run, run], ["table", run], ["table", run, "--format", "latex"]):
        assert "SIMULATED DATA" in fas(*arguments).stdout
    assert json.loads(fas("compare", run, run, "--json").stdout)["simulated"] is True


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (lambda runs, tmp: ["table", tmp / "none"], "there is no such run"),
        (lambda runs, tmp: ["table", tmp], "the run has no scores.csv"),
        (lambda runs, tmp: ["table", runs[0], runs[0]], "the run is given twice"),
        (lambda runs, tmp: ["table", runs[0], "--metric", "f1"], "unknown metric 'f1'"),
        (lambda runs, tmp: ["table", runs[0], "--threshold", "best"], "unknown threshold 'best'"),
        (lambda runs, tmp: ["compare", runs[0], tmp / "x.csv"], "cannot read the scores file"),
        (
            lambda runs, tmp: ["compare", runs[0], make_run(tmp / "other", counted_scores(1, 0, 0, of=9))],
            "3 (live-9, print-9, replay-9) only in A; none only in B",
        ),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(runs, tmp_path, arguments, expected):
    done = fas(*arguments(runs, tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
