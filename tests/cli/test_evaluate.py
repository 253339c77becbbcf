"""`fas evaluate` as a process: output, exit codes, one message for a user's mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fas.evaluation.scores.file import write_scores
from tests.fakes.scores import PROVENANCE, random_scores

pytestmark = pytest.mark.slow


def fas(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
    variables = {"COLUMNS": "120", "PATH": "", "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)


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


def test_scores_that_are_high_for_attacks_give_the_numbers_of_their_negatives(tmp_path):
    table = random_scores(frames=1)
    lines = {1: ["split,who,what,score"], -1: ["split,who,what,score"]}
    for sign, file in lines.items():
        file += [
            f"{split},{who},{what or 'live'},{sign * score!r}"
            for split, who, what, score in zip(
                table.split, table.subject, table.attack_type, table.score.tolist(), strict=True
            )
        ]
        (tmp_path / f"{sign}.csv").write_text("\n".join(file) + "\n")
    columns = [
        "--columns",
        "score=score,label=what,split=split,subject=who",
        "--bona-fide",
        "live",
        "--replicates",
        "20",
    ]

    def both(threshold: str, negative: str) -> list[dict]:
        runs = [
            fas("evaluate", tmp_path / "1.csv", *columns, "--threshold", threshold, "--json"),
            fas("evaluate", tmp_path / "-1.csv", *columns, "--threshold", negative, "--json", "--higher-is", "attack"),
        ]
        assert [run.stderr for run in runs] == ["", ""]
        return [json.loads(run.stdout) for run in runs]

    for given in (("dev-eer", "dev-eer"), ("dev-apcer20", "dev-apcer20"), ("0.3", "-0.3")):
        ours, theirs = both(*given)
        assert (ours.pop("higher_is"), theirs.pop("higher_is")) == ("bona-fide", "attack")
        assert (ours.pop("accepted_if"), theirs.pop("accepted_if")) == ("score >= threshold", "score <= threshold")
        for content in (ours, theirs):
            content["threshold"].pop("origin")  # names the file
        pairs = [(ours["threshold"], theirs["threshold"])]
        pairs += zip(ours["operating_points"].values(), theirs["operating_points"].values(), strict=True)
        for one, other in pairs:
            key = "value" if "rule" in one else "threshold"
            assert one.pop(key) == -other.pop(key)
        assert ours == theirs


def test_the_direction_of_our_own_scores_is_not_up_to_the_user(scores):
    done = fas("evaluate", scores, "--higher-is", "attack")
    assert (done.returncode, done.stdout) == (2, "")
    assert "remedy: leave out --higher-is" in done.stderr


def test_operating_points_too_small_to_resolve_are_shown_on_request(scores):
    some, every = fas("evaluate", scores), fas("evaluate", scores, "--all")
    assert "operating points are hidden" in some.stdout
    assert "tpr_at_fpr_0.0001" not in some.stdout
    assert "tpr_at_fpr_0.0001" in every.stdout
    assert "not shown" not in every.stdout


@pytest.mark.parametrize("columns", ["20", "80"])
def test_output_in_a_pipe_is_neither_cut_nor_wrapped(tmp_path, columns):
    species = "print/" + "a_printer_with_a_very_long_name_" * 4
    rows = ["video_id,subject,split,label,attack_type,frame,score"]
    for i in range(4):
        rows += [f"b{i},s{i},test,1,,0,0.9", f"a{i},s{i},test,0,{species},0,0.{i + 3}"]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(rows) + "\n")
    arguments = [path, "--level", "fine", "--threshold", "0.55", "--replicates", "10"]
    done = fas("evaluate", *arguments, COLUMNS=columns)
    (line,) = [line for line in done.stdout.splitlines() if f"APCER {species}" in line]
    assert "25.00 %" in line and "1 / 4" in line and "attacks accepted" in line
    assert "\N{HORIZONTAL ELLIPSIS}" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 1000


def test_help_ends_with_examples_as_they_are_typed():
    done = fas("evaluate", "--help")
    _, _, shown = done.stdout.partition("Examples:\n")
    assert all(line.strip().startswith("fas evaluate ") for line in shown.splitlines() if line)
    assert len(shown.splitlines()) >= 2


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
