from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.recipe import Recipe
from fas.datasets.tables import read_tables
from fas.errors import FasError, FasWarning

BASE = {
    "name": "stills",
    "title": "Stills",
    "media": "image",
    "grammar": r"(?P<subject>\w+)/\d+\.jpg",
    "fields": {"subject": "who", "kind": {"real": "r", "fake": "f"}, "part": {"a": "", "b": ""}},
    "bona_fide": {"kind": "real"},
    "attacks": {"print": {"kind": "fake"}},
    "splits": {"train": {"part": "a"}, "test": {"part": "b"}},
    "protocols": {"official": {"about": "x", "train": {"split": "train"}, "test": {"split": "test"}}},
    "tables": [
        {"path": "a.txt", "line": r"(?P<path>\S+) (?P<kind>\w+)", "sets": {"part": "a"}},
        {"path": "b.txt", "line": r"(?P<path>\S+) (?P<kind>\w+)", "sets": {"part": "b"}},
    ],
}


def load(folder: Path, **changes: object) -> Recipe:
    path = folder / "stills.yaml"
    path.write_text(yaml.safe_dump({**BASE, **changes}))
    return load_recipe(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("ann/1.jpg", "ann/2.jpg", "bob/1.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "a.txt").write_bytes(b"\xef\xbb\xbfann\\1.jpg real\r\n\r\nann\\2.jpg fake\r\n")
    (root / "b.txt").write_text("./bob/1.jpg fake")
    return root


def test_tables_say_label_and_split(root: Path, tmp_path: Path) -> None:
    index = index_dataset(load(tmp_path), root, strict=True)
    assert [(one.path, one.split, one.attack_type) for one in index.presentations] == [
        ("ann/1.jpg", "train", ""),
        ("ann/2.jpg", "train", "print"),
        ("bob/1.jpg", "test", "print"),
    ]


def test_files_without_a_row_are_unexpected_and_rows_without_a_file_missing(root: Path, tmp_path: Path) -> None:
    (root / "ann/3.jpg").touch()
    (root / "bob/1.jpg").unlink()
    with pytest.warns(FasWarning):
        index = index_dataset(load(tmp_path), root)
    assert (index.missing, index.unexpected) == (["bob/1.jpg"], ["ann/3.jpg"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bob/1.jpg\n", r"line 1, 'bob/1.jpg', is not of the form"),
        (
            "bob/1.jpg real\nbob/1.jpg fake\n",
            "line 2: bob/1.jpg has kind fake, but was real in an earlier line or table",
        ),
        ("ann/1.jpg real\n", "line 1: ann/1.jpg has part b, but was a in an earlier line or table"),
        ("../etc/passwd real\n", "line 1: '../etc/passwd' is not a path below the root"),
        ("/etc/passwd real\n", "is not a path below the root"),
        ("C:\\\\x.jpg real\n", "is not a path below the root"),
    ],
)
def test_bad_rows_are_named_by_file_and_line(root: Path, tmp_path: Path, text: str, problem: str) -> None:
    (root / "b.txt").write_text(text)
    with pytest.raises(FasError, match=problem) as caught:
        index_dataset(load(tmp_path), root)
    assert caught.value.path == root / "b.txt"


def test_a_table_that_is_missing_or_no_text(root: Path, tmp_path: Path) -> None:
    (root / "b.txt").write_bytes(b"\xff\xfe real\n")
    with pytest.raises(FasError, match="not UTF-8 text"):
        index_dataset(load(tmp_path), root)
    (root / "b.txt").unlink()
    with pytest.raises(FasError, match="that its labels or splits depend on is missing"):
        index_dataset(load(tmp_path), root)


def test_a_json_table(tmp_path: Path) -> None:
    table = {"path": "t.json", "columns": {"kind": 2}, "sets": {"part": "a"}, "prefix": "x/"}
    recipe = load(tmp_path, tables=[table], fields={**BASE["fields"], "kind": "code"}, attacks={"p": {"kind": "7"}})
    (tmp_path / "t.json").write_text(json.dumps({"ann/1.jpg": [0, 0, 7, 9]}))
    assert read_tables(recipe, tmp_path) == {"x/ann/1.jpg": {"kind": "7", "part": "a"}}
    for text, problem in (
        ('{"ann/1.jpg": [0]}', "entry 1, 'ann/1.jpg', is not a list of at least 3 numbers"),
        ("[1]", "not a JSON object"),
        ("{", "not JSON"),
    ):
        (tmp_path / "t.json").write_text(text)
        with pytest.raises(FasError, match=problem):
            read_tables(recipe, tmp_path)


def test_equal_facts_are_one_object(root: Path, tmp_path: Path) -> None:
    tables = read_tables(load(tmp_path), root)
    assert tables["ann/2.jpg"] == {"kind": "fake", "part": "a"}
    (root / "a.txt").write_text("ann/1.jpg fake\nann/2.jpg fake\n")
    tables = read_tables(load(tmp_path), root)
    assert tables["ann/1.jpg"] is tables["ann/2.jpg"]
