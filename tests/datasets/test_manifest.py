from __future__ import annotations

from pathlib import Path

import pytest

from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError, FasWarning

HEADER = "path,label,attack_type,subject,split,lamp\n"
GOOD = [
    "a/one.mp4,1,,ann,train,on",
    "a/two.mp4,0,print/glossy,ann,train,off",
    "b/still.png,1,,bob,dev,on",
    "b/frames,0,mask,bob,dev,off",
    "c/x.mov,1,,cleo,test,on",
    "c/y.mov,0,replay/phone,cleo,test,on",
]


def write(folder: Path, rows: list[str], header: str = HEADER, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def make_tree(root: Path) -> None:
    for name in ("a/one.mp4", "a/two.mp4", "b/still.png", "b/frames/1.jpg", "b/frames/2.jpg", "c/x.mov", "c/y.mov"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_a_manifest_is_a_dataset_with_one_protocol(tmp_path: Path) -> None:
    make_tree(tmp_path / "root")
    recipe = load_recipe(write(tmp_path, GOOD))
    index = index_dataset(recipe, tmp_path / "root", strict=True)
    assert str(index.name) == "mine"
    found = {
        one.path: (one.video_id, one.label, one.attack_type, one.subject, one.split) for one in index.presentations
    }
    assert found["b/frames"] == ("b/frames", 0, "mask", "bob", "dev")
    assert found["a/one.mp4"] == ("a/one", 1, "", "ann", "train")
    assert found["c/y.mov"] == ("c/y", 0, "replay/phone", "cleo", "test")
    assert {one.attributes["lamp"] for one in index.presentations} == {"on", "off"}
    splits = protocol_splits(recipe, index.presentations, "official")
    assert {split: [one.video_id for one in taken] for split, taken in splits.items()} == {
        "train": ["a/one", "a/two"],
        "dev": ["b/frames", "b/still"],
        "test": ["c/x", "c/y"],
    }


def test_a_copy_kept_elsewhere_says_the_same_as_long_as_it_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write(tmp_path, GOOD)
    own, kept = load_recipe(mine), tmp_path / "store"
    kept.mkdir()
    mine.rename(kept / "mine.csv")
    monkeypatch.chdir(kept)
    assert load_recipe("mine.csv") == load_recipe(kept / "mine.csv") == own
    (kept / "mine.csv").rename(kept / "other.csv")
    assert (own.name, load_recipe("other.csv").name) == ("mine", "other")  # the file's name is the dataset's


def test_listed_files_that_are_not_there_are_missing_and_others_are_nobodys_business(tmp_path: Path) -> None:
    make_tree(tmp_path)
    (tmp_path / "c/x.mov").unlink()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "a/three.mp4").touch()
    with pytest.warns(FasWarning, match=r"1 file is missing: c/x\.mov"):
        index = index_dataset(load_recipe(write(tmp_path, GOOD)), tmp_path)
    assert (index.missing, index.unexpected) == (["c/x.mov"], [])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a/one.mp4,1,,ann,train,on", "line 8: a/one.mp4 repeats line 2"),
        ("a/one.mp4,0,print,ann,train,on", "line 8: a/one.mp4 contradicts line 2"),
        ("a/one.avi,1,,ann,train,on", "line 8: a/one.avi differs from line 2 only by its suffix"),
        ("d.mp4,1,,ann,test,on", "line 8: subject ann is in test, but in train in line 2"),
        ("../d.mp4,1,,dan,train,on", "line 8: '../d.mp4' is not a path below the root"),
        ("/etc/passwd,1,,dan,train,on", "line 8: '/etc/passwd' is not a path below the root"),
        ("d\\e.mp4,1,,dan,train,on", "is not a path below the root"),
        ("d\x07.mp4,1,,dan,train,on", "is not a path below the root"),
        ("d.mp4,live,,dan,train,on", "line 8: label 'live' is neither 1 (bona fide) nor 0 (attack)"),
        ("d.mp4,1,print,dan,train,on", "attack_type must be empty for bona fide"),
        ("d.mp4,0,,dan,train,on", "attack_type must be empty for bona fide (label 1) and given for an attack"),
        ("d.mp4,0,a/b/c,dan,train,on", "attack_type 'a/b/c' is not of the form"),
        ("d.mp4,0,bona_fide,dan,train,on", "attack_type 'bona_fide' is not of the form"),
        ("d.mp4,1,,dan,devel,on", "split 'devel' is not one of train, dev, test"),
        ("d.mp4,1,,,train,on", "line 8: subject is empty"),
        ("d.mp4,1,,dan,train", "line 8: the number of values is not the number of columns in the first line"),
        ("d.mp4,1,,dan,train,on,off", "line 8: the number of values is not the number of columns in the first line"),
    ],
)
def test_bad_rows_are_named_by_line(tmp_path: Path, row: str, problem: str) -> None:
    path = write(tmp_path, [*GOOD, row])
    with pytest.raises(FasError) as caught:
        load_recipe(path)
    assert problem in str(caught.value)
    assert caught.value.path == path


def test_all_bad_rows_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FasError, match=r"(?s)line 8: subject is empty.*line 9: split"):
        load_recipe(write(tmp_path, [*GOOD, "d.mp4,1,,,train,on", "e.mp4,1,,eve,x,on"]))


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("path,label,subject,split\n", "has no column attack_type; columns found: path, label, subject, split"),
        ("", "has no column"),
        ("path,label,attack_type,subject,split,kind\n", "cannot have the column 'kind'"),
        ("path,label,attack_type,subject,split,split\n", "cannot have the column 'split'"),
        ("path,label,attack_type,subject,split,a b\n", "cannot have the column 'a b'"),
    ],
)
def test_bad_headers(tmp_path: Path, header: str, problem: str) -> None:
    with pytest.raises(FasError, match=problem):
        load_recipe(write(tmp_path, [], header))


def test_files_that_cannot_be_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="cannot be read: No such file"):
        load_recipe(tmp_path / "none.csv")
    with pytest.raises(FasError, match="lists no presentation"):
        load_recipe(write(tmp_path, []))
    with pytest.raises(FasError, match="would be called 'my data'"):
        load_recipe(write(tmp_path, GOOD, name="my data.csv"))
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"caf\xe9.mp4,1,,ann,train,on\n")
    with pytest.raises(FasError, match="not UTF-8"):
        load_recipe(tmp_path / "latin.csv")


def test_a_byte_order_mark_and_crlf_are_accepted(tmp_path: Path) -> None:
    text = (HEADER + "\n".join(GOOD)).replace("\n", "\r\n")
    (tmp_path / "mine.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(load_recipe(tmp_path / "mine.csv").listed) == 6
