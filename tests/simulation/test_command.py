"""The real command, on the photographs inside installed packages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SMALL = (
    *("--subjects", "3", "--phones", "3", "--sessions", "1"),
    *("--seconds", "0.1", "--fps", "20", "--resolution", "90x160"),
)


def fas(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("fas")), "simulate", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("command") / "tree"
    done = fas("oulu", "--out", root, *SMALL, "--workers", 1)
    assert "15 created" in done.stdout
    assert "simulated" in done.stdout
    return root


def test_three_of_the_packaged_people(tree: Path) -> None:
    record = json.loads((tree / "SIMULATED.json").read_text())
    photos = sorted(one["photo"] for one in record["cast"].values())
    assert photos == ["astronaut.png#0", "grace_hopper.jpg#0", "t1.jpg#0"]
    assert "rights" in record["faces"]["licence"]
    assert len(list(tree.glob("*_files/*.avi"))) == 15
    assert "0 created, 15 already there" in fas("oulu", "--out", tree, *SMALL).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("siw", "--out", "x"), "oulu"),
        (("oulu", "--out", "x", "--subjects", "99"), "1 to 55"),
        (("oulu", "--out", "x", "--subjects", "20"), "show 8 people"),
        (("oulu", "--out", "x", "--phones", "1,9"), "1,2,3,4,5,6"),
        (("oulu", "--out", "x", "--phones", "all"), "not a list of numbers"),
        (("oulu", "--out", "x", "--resolution", "big"), "540x960"),
        (("oulu", "--out", "x", "--seconds", "-1"), "-15 frames"),
        (("oulu", "--out", "x", "--seconds", "nan"), "nan seconds"),
        (("oulu", "--out", "x", "--seconds", "inf"), "inf seconds"),
        (("oulu", "--out", "x", "--faces", "nowhere"), "does not exist"),
        (("oulu", "--out", "x", "--protocol", "5"), "no protocol '5'"),
        (("oulu", "--out", "x", "--protocol", "3"), "give a fold of 1..6"),
        (("oulu", "--out", "x", "--fold", "3"), "--protocol 3 --fold 3"),
    ],
)
def test_mistakes_are_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = fas(*arguments, code=2)
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_folder_without_faces_is_named(tmp_path: Path) -> None:
    faces = tmp_path / "faces"
    faces.mkdir()
    (faces / "broken.jpg").write_bytes(b"no picture")
    done = fas("oulu", "--out", tmp_path / "tree", "--faces", faces, code=2)
    assert "broken.jpg" in done.stderr
    assert "no usable face" in done.stderr
    assert not (tmp_path / "tree").exists()


def test_an_interruption_ends_a_run_immediately_and_without_a_traceback(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    long = ("--subjects", "2", "--seconds", "3", "--resolution", "270x480", "--workers", "2")
    command = [str(Path(sys.executable).with_name("fas")), "simulate", "oulu", "--out", str(tree), *long]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a terminal sends Ctrl-C to all processes of a group
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while not list(tree.glob("*_files/*.avi")) and time.monotonic() < deadline:
        time.sleep(0.02)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    # A worker's group of 90 videos would take a minute and more.
    assert time.monotonic() - begun < 15
    assert process.returncode == 130
    assert "Traceback" not in said


def test_a_killed_run_is_completed_to_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    command = [str(Path(sys.executable).with_name("fas")), "simulate", "oulu", "--out", str(cut), *SMALL]
    process = subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(list(cut.glob("*_files/*.avi"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    # The workers hold the pipe: its end says that the last of them has followed their parent.
    process.communicate(timeout=60)
    assert 3 <= len(list(cut.glob("*_files/*.avi"))) < 15
    assert (cut / "SIMULATED.json").is_file()
    fas("oulu", "--out", cut, *SMALL)
    whole, completed = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tree, cut)
    )
    assert {path: content for path, content in completed.items() if path.suffix != ".tmp"} == whole
