"""`fas store` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fas.store import Store
from tests.fakes.small_store import add, new_store


def fas(*arguments: str | Path, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", "store", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={"FAS_STORE": str(root), "PATH": ""})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path, simulated=True)
    add(store, "a", [0, 5], ["rgb", "depth"])
    add(store, "b/1", [0, 3], ["rgb"], label=0, attack_type="print/printer1", split="dev")
    store.record_failure({"video_id": "c", "reason": "no face in any of 12 frames"})
    store.build_index()
    return store


def test_ls(store: Store, tmp_path: Path) -> None:
    result = fas("ls", root=tmp_path)
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if "toy" in line]
    for text in ("toy (SIMULATED)", store.path.name, "rgb, depth, reflection", " 2 ", " 4 ", "KiB"):
        assert text in line
    assert fas("ls", tmp_path, root=tmp_path / "nowhere").stdout == result.stdout


def test_show_without_a_folder_takes_the_only_store(store: Store, tmp_path: Path) -> None:
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


def test_verify_tells_every_damage_and_fails(store: Store, tmp_path: Path) -> None:
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


def test_sheet(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = fas("sheet", "--out", out, "--rows", "3", "--seed", "1", root=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"{out}\n"), result.stderr
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("command", ["show", "verify", "sheet"])
def test_mistakes_are_one_message(store: Store, tmp_path: Path, command: str) -> None:
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


def test_an_ambiguous_store_lists_the_choices(store: Store, tmp_path: Path) -> None:
    other = Store.create(tmp_path, "other", {}, {})
    result = fas("show", root=tmp_path)
    assert result.returncode == 2
    assert str(store.path) in result.stderr
    assert str(other.path) in result.stderr


def test_a_store_without_index_is_told(tmp_path: Path) -> None:
    new_store(tmp_path)
    result = fas("show", root=tmp_path)
    assert result.returncode == 2
    assert "no index yet" in result.stderr
    assert "no index" in fas("ls", root=tmp_path).stdout
