from __future__ import annotations

import os
from pathlib import Path

import pytest

from fas.datasets.tree import printable, walk_files
from fas.errors import FasError


def test_lists_every_file_once_with_its_relative_path(tmp_path: Path) -> None:
    for name in ("a.txt", "b/c.txt", "b/d/e.txt", "b/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    assert sorted(walk_files(tmp_path)) == [(n, True) for n in ("a.txt", "b/.hidden", "b/c.txt", "b/d/e.txt")]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").touch()
    (tmp_path / "root").symlink_to("real")
    assert list(walk_files(tmp_path / "root")) == [("a", True)]


def test_a_link_to_a_file_inside_counts_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects/1").touch()
    (tmp_path / "a.avi").symlink_to("objects/1")
    assert sorted(walk_files(tmp_path)) == [("a.avi", True), ("objects/1", True)]


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "../root-2/file", "inner", "..", "loop"])
def test_a_link_that_leaves_the_tree_or_leads_to_a_folder_is_an_error(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (tmp_path / "root-2").mkdir()
    (tmp_path / "root-2/file").touch()  # begins with the root's path, but is not below it
    (tmp_path / "outside").touch()
    (root / "loop").symlink_to(".")
    (root / "link").symlink_to(target)
    with pytest.raises(FasError, match="a link leads to"):
        list(walk_files(root))


def test_broken_links_and_pipes_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "broken.avi").symlink_to("nowhere")
    (tmp_path / "circle.avi").symlink_to("circle.avi")
    os.mkfifo(tmp_path / "pipe.avi")
    assert sorted(walk_files(tmp_path)) == [("broken.avi", False), ("circle.avi", False), ("pipe.avi", False)]


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="a folder cannot be read: No such file") as caught:
        list(walk_files(tmp_path / "gone"))
    assert Path(str(caught.value.path)) == tmp_path / "gone"


def test_only_what_cannot_be_shown_is_escaped() -> None:
    assert printable("Übung/é 1.avi") == "Übung/é 1.avi"
    assert printable("a\nb\udcff") == "a\\nb\\udcff"
