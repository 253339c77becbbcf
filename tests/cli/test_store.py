"""`fas store` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fas.cli.main import main
from fas.store import Store
from tests.fakes.small_store import add, new_store


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Fas = Callable[..., Result]


@pytest.fixture
def fas(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fas:
    """Runs the command line in this process; starting another one each time would cost most of the test."""

    def run(*arguments: str | Path, root: Path) -> Result:
        monkeypatch.setenv("FAS_STORE", str(root))
        monkeypatch.setattr(sys, "argv", ["fas", "store", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        code = end.value.code
        return Result(code if isinstance(code, int) else 0, *capsys.readouterr())

    return run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path, simulated=True)
    add(store, "a", [0, 5], ["rgb", "depth"])
    add(store, "b/1", [0, 3], ["rgb"], label=0, attack_type="print/printer1", split="dev")
    store.record_failure({"video_id": "c", "reason": "no face in any of 12 frames"})
    store.build_index()
    return store


def test_ls(fas: Fas, store: Store, tmp_path: Path) -> None:
    result = fas("ls", root=tmp_path)
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if "toy" in line]
    for text in ("toy (SIMULATED)", store.path.name, "rgb, depth, reflection", " 2 ", " 4 ", "KiB"):
        assert text in line
    assert fas("ls", tmp_path, root=tmp_path / "nowhere").stdout == result.stdout


def test_ls_lists_the_others_before_it_reports_damaged_stores(fas: Fas, store: Store, tmp_path: Path) -> None:
    for dataset in ("broken", "cracked"):
        (Store.create(tmp_path, dataset, {}, {}).path / "store.json").write_text("{}")
    result = fas("ls", root=tmp_path)
    assert result.returncode == 2
    assert "toy (SIMULATED)" in result.stdout
    assert [word in result.stderr for word in ("broken", "cracked", "toy")] == [True, True, False]
    assert result.stderr.count("error: ") == 2


def test_show_without_a_folder_takes_the_only_store(fas: Fas, store: Store, tmp_path: Path) -> None:
    result = fas("show", root=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = [" ".join(line.replace("│", " ").split()) for line in result.stdout.splitlines()]
    for line in (
        f"toy (SIMULATED) {store.path}",
        "size: 4",
        "train bona fide 1 2",
        "dev attack print/printer1 1 2",
        "rgb 2 4 0",
        "depth 1 2 2",
        "reflection 0 0 4",
        "no face in any of N frames 1",
    ):
        assert line in lines
    assert fas("show", store.path, root=tmp_path / "nowhere").stdout == result.stdout


def test_verify_reports_every_damage_and_fails(fas: Fas, store: Store, tmp_path: Path) -> None:
    result = fas("verify", root=tmp_path)
    assert (result.returncode, "0 damages" in result.stdout) == (0, True)
    assert "2/2" in result.stderr  # the progress bar
    for path in (store.path / "rgb" / "a.zip", store.path / "store.json"):
        content = bytearray(path.read_bytes())
        content[50] ^= 1
        path.write_bytes(content)
    result = fas("verify", root=tmp_path)
    assert result.returncode == 1
    assert "2 damages" in result.stdout
    assert str(store.path / "rgb" / "a.zip") in result.stdout
    assert str(store.path / "store.json") in result.stdout
    assert "Traceback" not in result.stderr


def test_sheet(fas: Fas, store: Store, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = fas("sheet", "--out", out, "--rows", "3", "--seed", "1", root=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"{out}\n"), result.stderr
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_sheet_that_cannot_be_written_is_reported(fas: Fas, store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    result = fas("sheet", "--out", tmp_path / "folder.png", root=tmp_path)
    assert result.returncode == 2
    assert "error: cannot write the picture: Is a directory" in result.stderr
    assert "FAS_STORE" not in result.stderr  # which is for files of the store


@pytest.mark.parametrize("command", ["show", "verify", "sheet"])
def test_mistakes_are_one_message(fas: Fas, store: Store, tmp_path: Path, command: str) -> None:
    new_store(tmp_path / "more")
    for arguments, root, text in (
        ([tmp_path / "nothing"], tmp_path, "not a store"),
        ([], tmp_path / "nothing", "no store here"),
    ):
        result = fas(command, *arguments, root=root)
        assert result.returncode == 2
        assert result.stderr.startswith("error: ")
        assert text in result.stderr
        assert "remedy:" in result.stderr
        assert "Traceback" not in result.stderr


def test_an_ambiguous_store_lists_the_choices(fas: Fas, store: Store, tmp_path: Path) -> None:
    other = Store.create(tmp_path, "other", {}, {})
    result = fas("show", root=tmp_path)
    assert result.returncode == 2
    assert str(store.path) in result.stderr
    assert str(other.path) in result.stderr


def test_a_store_without_index_is_reported(fas: Fas, tmp_path: Path) -> None:
    new_store(tmp_path)
    result = fas("show", root=tmp_path)
    assert result.returncode == 2
    assert "no index yet" in result.stderr
    assert "no index" in fas("ls", root=tmp_path).stdout


def test_the_process_ends_with_the_exit_code(store: Store, tmp_path: Path) -> None:
    (store.path / "rgb" / "a.zip").write_bytes(b"damaged")
    command = [sys.executable, "-m", "fas.cli.main", "store", "verify", str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert str(store.path / "rgb" / "a.zip") in done.stdout
    assert "Traceback" not in done.stderr
