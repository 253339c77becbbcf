"""`fas evaluate` as a process: output, exit codes, one message for a user's mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fas.evaluation.scores.file import write_scores
from tests.fakes.scores import PROVENANCE, random_scores


def fas(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"COLUMNS": "120", "PATH": ""})


@pytest.fixture(scope="module")
def scores(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("run") / "scores.csv"
    write_scores(path, random_scores(), PROVENANCE)
    return path


def test_prints_tables_that_say_simulated(scores):
    done = fas("evaluate", scores)
    assert (done.returncode, done.stderr) == (0, "")
    assert "SIMULATED DATA" in done.stdout
    assert "dev-eer" in done.stdout
    for metric in ("APCER print", "APCER replay", "BPCER", "ACER", "HTER", "EER on test", "AUC"):
        assert metric in done.stdout


def test_prints_json(scores):
    done = fas("evaluate", scores, "--json", "--level", "fine", "--threshold", "0.5")
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert (content["level"], content["threshold"]["rule"], content["simulated"]) == ("fine", "fixed", True)


def test_dev_rows_of_a_second_file(scores, tmp_path):
    write_scores(tmp_path / "dev.csv", random_scores(seed=1), PROVENANCE)
    done = fas("evaluate", scores, tmp_path / "dev.csv", "--json")
    assert "dev split in dev.csv" in json.loads(done.stdout)["threshold"]["origin"]


def test_a_changed_file_is_a_warning_of_one_line(scores, tmp_path):
    for file in (scores, scores.with_suffix(".json")):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "scores.csv").open("a") as file:
        file.write("Test_files/x,99,test,1,,0,0.5\n")
    done = fas("evaluate", tmp_path / "scores.csv")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: ")
    assert "was changed after its provenance" in line


def test_json_has_every_metric_with_its_interval_and_says_how_it_was_made(scores):
    done = fas("evaluate", scores, "--json", "--replicates", "50", "--seed", "7", "--intervals", "presentations")
    content = json.loads(done.stdout)
    assert content["interval"]["unit"] == "presentations"
    assert (content["interval"]["units"], content["interval"]["replicates"], content["interval"]["seed"]) == (80, 50, 7)
    metrics = [content[name] for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "eer", "auc")]
    for metric in [*metrics, *content["apcer_by_species"].values(), *content["operating_points"].values()]:
        lower, upper = metric["interval"]
        assert 0 <= lower <= upper <= 1
    assert set(content["operating_points"]) >= {"bpcer10", "bpcer20", "bpcer100", "apcer10", "tdr_at_fdr_0.02"}


@pytest.mark.parametrize("rule", ["dev-min-hter", "dev-bpcer10", "dev-apcer100", "test-eer-optimistic"])
def test_rules_of_the_threshold(scores, rule):
    done = fas("evaluate", scores, "--json", "--threshold", rule, "--replicates", "1", "--aggregate", "median")
    content = json.loads(done.stdout)
    assert (content["threshold"]["rule"], content["aggregation"]) == (rule, "median")


def test_bob_files_for_test_and_dev(tmp_path):
    (tmp_path / "scores-dev").write_text("1 1 a 0.9\n1 print b 0.3\n")
    (tmp_path / "scores-eval").write_text("2 2 c 0.7\n2 print d 0.65\n2 replay e 0.1\n")
    done = fas("evaluate", tmp_path / "scores-eval", tmp_path / "scores-dev", "--json", "--replicates", "10")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert content["threshold"]["value"] == pytest.approx(0.6)
    assert {name: rate["value"] for name, rate in content["apcer_by_species"].items()} == {"print": 1.0, "replay": 0.0}
    assert (content["bpcer"]["value"], content["apcer_pooled"]["value"]) == (0.0, 0.5)


def test_any_csv(tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text("name,live,p\nx,yes,0.9\ny,print,0.8\nz,print,0.1\n")
    options = ["--columns", "score=p,label=live,video_id=name", "--bona-fide", "yes", "--threshold", "0.5"]
    done = fas("evaluate", path, *options, "--json")
    content = json.loads(done.stdout)
    assert content["apcer"]["value"] == 0.5
    assert content["apcer"]["species"] == "print"
    assert content["interval"]["unit"] == "presentations"
    assert "subjects are not named" in " ".join(content["warnings"])
    done = fas("evaluate", path, "--columns", "score=q,label=live")
    assert done.returncode == 2
    assert done.stderr.startswith("error: line 1: no column q; the header has name, live, p")


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (None, [], "cannot read the scores file: No such file or directory"),
        ("video_id,score\n", [], "line 1: no column subject, split, label, attack_type, frame"),
        ("video_id,subject,split,label,attack_type,frame,score\na,1,test,3,,0,0.5\n", [], "line 2: label is '3'"),
        (
            "video_id,subject,split,label,attack_type,frame,score\na,1,test,1,,0,0.5\n",
            [],
            "the test split has no attack",
        ),
        (Ellipsis, ["--threshold", "best"], "unknown threshold 'best'"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(scores, tmp_path, content, options, expected):
    path = tmp_path / "scores.csv"
    if content is Ellipsis:
        path = scores
    elif content is not None:
        path.write_text(content)
    done = fas("evaluate", path, *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    if expected.startswith("line"):
        assert str(path) in done.stderr


def test_an_unknown_level_is_refused(scores):
    done = fas("evaluate", scores, "--level", "medium")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
