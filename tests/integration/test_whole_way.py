"""The real commands, one after another, on a small simulated tree: from face photographs to a verdict."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Fas = Callable[..., subprocess.CompletedProcess[str]]
SUBJECTS, SESSIONS, ACCESS_TYPES = 3, 3, 5
VIDEOS = SUBJECTS * SESSIONS * ACCESS_TYPES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole_way")


@pytest.fixture(scope="module")
def fas(folder: Path) -> Fas:
    environment = {**os.environ, "FAS_STORE": str(folder / "store"), "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1"}

    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("fas")), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def tree(fas: Fas, folder: Path) -> Path:
    options = ("--subjects", SUBJECTS, "--phones", "1", "--seconds", "0.4", "--fps", "10", "--seed", "3")
    fas("simulate", "oulu", "--out", folder / "oulu", *options)
    return folder / "oulu"


@pytest.fixture(scope="module")
def store(fas: Fas, tree: Path) -> str:
    done = fas("preprocess", "oulu", "--root", tree, "--depth", "--reflection", "--frames", "even:2")
    return done.stdout


@pytest.fixture(scope="module")
def run(fas: Fas, store: str, folder: Path) -> Path:
    fas("fit", "--exp", "basn/simulated", f"run_dir={folder / 'run'}", "trainer.max_epochs=1")
    return folder / "run"


@pytest.fixture(scope="module")
def scores(fas: Fas, run: Path) -> Path:
    fas("test", run)
    return run / "scores.csv"


def test_the_simulated_tree_is_a_valid_and_declared_dataset(fas: Fas, tree: Path) -> None:
    shown = fas("datasets", "show", "oulu", "--root", tree, "--strict").stdout
    assert "simulated" in shown.lower() and str(VIDEOS) in shown
    lists = fas("datasets", "protocol", "oulu", "1", "--split", "test", "--root", tree, "--csv", "-").stdout
    rows = list(csv.DictReader(lists.splitlines()))
    assert len(rows) == ACCESS_TYPES, "protocol 1 tests on session 3 of the one test subject"
    assert {row["attack_type"].split("/")[0] for row in rows} == {"", "print", "replay"}


def test_every_simulated_face_is_found(store: str) -> None:
    assert f"done now:      {VIDEOS} presentations" in store
    assert "failed to acquire: 0 presentations" in store
    assert "SIMULATED" in store


def test_the_store_verifies_and_can_be_looked_at(fas: Fas, store: str, folder: Path) -> None:
    fas("store", "verify")
    assert "oulu-simulated" in fas("store", "ls").stdout
    fas("store", "show")
    fas("store", "sheet", "--out", folder / "sheet.png")
    assert (folder / "sheet.png").stat().st_size > 10_000


def test_scores_cover_dev_and_test_once_each(scores: Path) -> None:
    rows = list(csv.DictReader(scores.read_text().splitlines()))
    assert list(rows[0]) == ["video_id", "subject", "split", "label", "attack_type", "frame", "score"]
    keys = [(row["video_id"], row["frame"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {row["split"] for row in rows} == {"dev", "test"}
    assert all(0 <= float(row["score"]) <= 1 for row in rows)
    assert json.loads(scores.with_suffix(".json").read_text())["simulated"] is True


def test_evaluate_gives_iso_metrics_and_says_that_they_are_of_simulated_data(fas: Fas, scores: Path) -> None:
    assert "SIMULATED" in fas("evaluate", scores).stdout.upper()
    metrics = json.loads(fas("evaluate", scores, "--json").stdout)
    for key in ("threshold", "apcer", "apcer_pooled", "apcer_by_species", "bpcer", "acer", "hter", "eer", "auc"):
        assert key in metrics
    assert set(metrics["apcer_by_species"]) == {"print", "replay"}


def test_the_report_is_one_page_without_network(fas: Fas, scores: Path, run: Path, folder: Path) -> None:
    done = fas("report", run, "--out", folder / "report.html")
    assert done.stdout.strip().splitlines()[-1].endswith("report.html"), "the path comes last"
    page = (folder / "report.html").read_text()
    assert "simulated" in page.lower() and "data:image/" in page
    for outside in ('src="http', "src='http", "@import", "<script src", 'rel="stylesheet"'):
        assert outside not in page


def test_predict_names_what_it_cannot_judge(fas: Fas, run: Path, tree: Path, folder: Path) -> None:
    video = next((tree / "Test_files").glob("*.avi"))
    nothing = folder / "nothing.mp4"
    nothing.write_bytes(b"")
    done = fas("predict", run, video, nothing, "--frames", "even:2", "--out", folder / "seen", code=2)
    assert f"{video}: " in done.stdout and "score" in done.stdout and "threshold" in done.stdout
    assert "nothing.mp4" in done.stderr and "empty" in done.stderr
    (picture,) = (folder / "seen").glob("*.png")
    assert picture.stat().st_size > 5_000


def test_a_checkpoint_can_judge_without_its_run(fas: Fas, run: Path, tree: Path, folder: Path) -> None:
    video = next((tree / "Test_files").glob("*.avi"))
    alone = folder / "alone.ckpt"
    alone.write_bytes((run / "checkpoints" / "best.ckpt").read_bytes())
    with_run = fas("predict", run, video, "--frames", "even:2", "--out", folder / "a").stdout
    without = fas("predict", alone, video, "--frames", "even:2", "--out", folder / "b").stdout
    assert with_run.split(", ")[:3] == without.split(", ")[:3]


@pytest.mark.parametrize(
    ("name", "content"), [("absent.ckpt", None), ("text.ckpt", b"no checkpoint"), ("cut.ckpt", "half")]
)
def test_a_bad_checkpoint_is_one_message(
    fas: Fas, run: Path, tree: Path, folder: Path, name: str, content: bytes | str | None
) -> None:
    path = folder / name
    if content == "half":
        whole = (run / "checkpoints" / "best.ckpt").read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    done = fas("predict", path, next((tree / "Test_files").glob("*.avi")), code=2)
    assert name in done.stderr and "remedy" in done.stderr


def test_a_missing_layer_is_named_with_the_command_that_makes_it(fas: Fas, tree: Path, folder: Path) -> None:
    bare = folder / "bare"
    fas("preprocess", "oulu", "--root", tree, "--frames", "even:1", "--store", bare)
    done = fas("fit", "--exp", "basn/simulated", f"data.store={bare}", f"run_dir={folder / 'no_run'}", code=2)
    assert "--depth" in done.stderr and "fas preprocess oulu" in done.stderr


def test_misspelt_names_list_the_choices(fas: Fas) -> None:
    assert "demo" in fas("fit", "--exp", "dmeo", code=2).stderr
    assert "max_epochs" in fas("fit", "--exp", "demo", "trainer.max_epoch=1", code=2).stderr
    assert "basn" in fas("fit", "--exp", "demo", "model=bans", code=2).stderr
