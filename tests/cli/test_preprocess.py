"""The options of `fas preprocess`, and the command that a store prints for itself."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fas.cli import preprocess as command
from fas.datasets.loading import load_recipe
from fas.errors import FasError
from fas.layers import LAYERS
from fas.store import FrameReader, Store, list_stores
from tests.fakes.faces import face_frames
from tests.fakes.video import write_video


def run(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Gives a command line to a shell as it is printed."""
    fas = f'fas() {{ {shlex.quote(sys.executable)} -m fas.cli.main "$@"; }}; '
    return subprocess.run(
        ["bash", "-c", fas + text],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_optional_layer_has_its_option() -> None:
    options = {option for parameter in typer.main.get_command(command.app).params for option in parameter.opts}
    optional = {name for name, layer in LAYERS.items() if layer.optional}
    assert {f"--{name}" for name in optional} <= options
    assert not {f"--{name}" for name in LAYERS.keys() - optional} & options


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A user's own dataset of two videos; all paths have spaces."""
    root = tmp_path / "raw data"
    rows = [("a.avi", 1, "", "s1", "train"), ("b.avi", 0, "print", "s2", "test")]
    for path, *_ in rows:
        write_video(root / path, face_frames(4), codec="mjpeg")
    file = tmp_path / "my lists" / "own.csv"
    file.parent.mkdir()
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([("path", "label", "attack_type", "subject", "split"), *rows])
    return file


def test_the_command_that_a_store_prints_works_as_printed(manifest: Path, tmp_path: Path) -> None:
    options = "--root 'raw data' --store 'my stores' --size 64 --frames even:2 --margin 0.2"
    first = run(f"fas preprocess 'my lists/own.csv' {options}", tmp_path)
    assert first.returncode == 0, first.stderr
    (path,) = list_stores(tmp_path / "my stores")
    store = Store.open(path)
    assert load_recipe(store.recipe_path()).name == "own"
    assert "my lists/own.csv" in store.preprocess_command()

    with pytest.raises(FasError) as caught:
        FrameReader(store.index()).read(0, "depth")
    printed = str(caught.value.remedy).split("`")[1]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(f"{printed} --map-size 32", elsewhere)
    assert done.returncode == 0 and "done now:      2 presentations" in done.stdout, done.stdout + done.stderr
    assert FrameReader(store.index()).read(0, "depth").shape == (32, 32)
    assert list_stores(tmp_path / "my stores") == [path]

    # The file is gone and a map too: the command falls back to the store's copy and knows the size of the maps.
    manifest.unlink()
    (path / "depth" / "b.zip").unlink()
    again = run(store.preprocess_command("--depth"), elsewhere)
    assert "done now:      1 presentations" in again.stdout, again.stdout + again.stderr
    assert FrameReader(store.index()).read(3, "depth").shape == (32, 32)
    shown = run(f"fas store show {shlex.quote(str(path))}", elsewhere)
    assert store.preprocess_command("--depth") in shown.stdout
