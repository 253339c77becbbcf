from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fas.datasets.index import index_dataset
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.protocol import protocol_splits
from fas.errors import FasError
from fas.resources import resource_dir

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text()
MINE = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
assert MINE is not None
EXAMPLE = MINE[1]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def edited(old: str, new: str, text: str = EXAMPLE) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("name", known_recipes())
def test_every_recipe_that_comes_with_fas_loads_under_its_name(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.licence
    assert recipe.obtain
    assert recipe.citation


def test_unknown_names_list_the_known_and_the_close_ones() -> None:
    with pytest.raises(FasError, match=r"unknown dataset 'olu'; did you mean oulu\?") as caught:
        load_recipe("olu")
    assert "oulu" in str(caught.value.remedy)
    with pytest.raises(FasError, match=r"unknown dataset '\.\./preprocess/oulu'"):
        load_recipe("../preprocess/oulu")


def test_the_example_of_the_documentation_works_on_a_tree(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, EXAMPLE))
    root = tmp_path / "root"
    for subject in ("alice", "bob", "carol", "dave", "erin"):
        for camera in ("phone", "laptop"):
            for kind in ("real", "print", "mask"):
                path = root / subject / f"{camera}_{kind}_1.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    index = index_dataset(recipe, root, strict=True)
    assert (str(index.name), len(index.presentations), index.expected) == ("mine", 30, [])
    splits = protocol_splits(recipe, index.presentations, "unseen_camera", 2)
    assert [len(split) for split in splits.values()] == [6, 3, 6]
    assert {p.attributes["camera"] for p in splits["test"]} == {"laptop"}
    assert {p.attack_type for p in splits["test"]} == {"", "print/glossy", "mask/silicone"}


def test_a_copy_kept_elsewhere_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = write(tmp_path, EXAMPLE)
    own, kept = load_recipe(mine), tmp_path / "store" / "mine"
    kept.mkdir(parents=True)
    mine.rename(kept / "mine.yaml")
    monkeypatch.chdir(kept)
    assert load_recipe("mine.yaml") == load_recipe(kept / "mine.yaml") == own
    (kept / "copy.yaml").write_bytes((resource_dir("preprocess") / "oulu.yaml").read_bytes())
    assert load_recipe("copy.yaml") == load_recipe("oulu")


def test_values_stay_the_text_that_stands_there(tmp_path: Path) -> None:
    text = edited("train: {subject: [alice, bob]}", "train: {subject: [07, 08, 1e3, yes, null, ~, 1_000, 12:30]}")
    recipe = load_recipe(write(tmp_path, text))
    assert recipe.splits["train"][0]["subject"] == ("07", "08", "1e3", "yes", "null", "~", "1_000", "12:30")


def test_ranges_keep_their_width(tmp_path: Path) -> None:
    text = edited("train: {subject: [alice, bob]}", "train: {subject: [08..11, 9..10, a..b]}")
    recipe = load_recipe(write(tmp_path, text))
    assert recipe.splits["train"][0]["subject"] == ("08", "09", "10", "11", "9", "10", "a..b")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("media: video", "medium: video", "medium: unknown key"),
        ("media: video\n", "", "media: is missing"),
        ("media: video", "media: film", "media: Input should be 'video', 'image', 'frames' or 'hdf5'"),
        ("name: mine", "name: ../mine", "name: String should match pattern"),
        ("name: mine", "name: Mine", "name: String should match pattern"),
        ("title: Our own recordings", "title: [a, b]", "title: Input should be a valid string"),
        ("(?P<take>", "(?P<take", "grammar: Input should be a valid regular expression"),
        ("(?P<take>", "(?P<number>", "fields: must name exactly the groups of the grammar"),
        ("(?P<subject>", "(?P<person>", "grammar: needs a group named subject"),
        ("'{subject}/{camera}", "'{subject}/{device}", "video_id: unknown placeholder {device}; known: camera, kind"),
        ("'{subject}/", "'{subject.__class__}/", "video_id: a placeholder must be just {name}"),
        ("'{subject}/", "'{subject!r}/", "video_id: a placeholder must be just {name}"),
        ("'{subject}/", "'{}/", "video_id: a placeholder must be just {name}"),
        ("'{subject}/", "'{subject/", "video_id: unexpected '{' in field name"),
        ("'{subject}/", "'../{subject}/", "video_id: must be a path below the root"),
        ("'{subject}/", "'/{subject}/", "video_id: must be a path below the root"),
        ("bona_fide: {kind: real}", "bona_fide: {sort: real}", "bona_fide.sort: unknown field; known: camera, kind"),
        ("bona_fide: {kind: real}", "bona_fide: {kind: live}", "bona_fide.kind: unknown value live; known: mask"),
        ("bona_fide: {kind: real}", "bona_fide: {kind: []}", "bona_fide.kind: Value should have at least 1 item"),
        ("bona_fide: {kind: real}", "bona_fide: {take: 5..1}", "bona_fide.take: the range 5..1 runs back"),
        ("{kind: print}", "{kind: {print: 1}}", "attacks.print/glossy.kind"),
        ("print/glossy", "print,glossy", "attacks.print,glossy"),
        ("dev: {subject: carol}", "devel: {subject: carol}", "splits.devel"),
        ("test: {split: test}", "test: {split: tset}", "protocols.all.test.split: unknown value tset"),
        ("test: {split: test}", "test: {held_out: yes}", "protocols.all.test.held_out: unknown field"),
        ("held_out: no}", "held_out: maybe}", "protocols.unseen_camera.train.held_out: unknown value maybe"),
        ("[{camera: phone}", "[{camera: phones}", "protocols.unseen_camera.folds.1.camera: unknown value phones"),
        ("    test: {split: test}\n", "", "protocols.all.test: is missing"),
        ("about: everything, as split", "about: all\n    lists: l/{split}", "protocols.all.lists: needs list_format"),
    ],
)
def test_mistakes_are_named_by_file_and_key(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = write(tmp_path, edited(old, new))
    with pytest.raises(FasError) as caught:
        load_recipe(path)
    assert problem in str(caught.value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("faces: {size: big}", "faces.size: Input should be a valid integer"),
        ("faces: {size: 0}", "faces.size: Input should be greater than 0"),
        ("faces: {sise: 256}", "faces.sise: unknown key"),
        ("faces: {several_faces: all}", "faces.several_faces: Input should be 'largest, followed'"),
        ("annotations: {path: '../{stem}.x', columns: frame}", "annotations.path: must be a path below the root"),
        ("annotations: {path: '{stem}.x', columns: left nose}", "annotations.columns: unknown nose; known: _, bottom"),
        ("annotations: {path: '{film}.x', columns: left}", "annotations.path: unknown placeholder {film}"),
        (
            "list_format: {line: '(?P<code>.)', codes: {}}",
            "needs one of the groups path, subject, video_id",
        ),
        ("list_format: {line: '(?P<path>.)', codes: {1: attack}}", "needs the group code if there are codes"),
        ("list_format: {line: abc, codes: {}}", "list_format.line: must have named groups"),
        (
            "list_format: {line: '(?P<code>.)(?P<video_id>.)', codes: {1: real}}",
            "list_format.codes.1: must be one of: attack, bona_fide, mask, print",
        ),
        ("contents: [{path: '{subject}/{kind}', products: [{subject: a}]}]", "products.0: gives no values for kind"),
        ("contents: [{path: '{kind}', products: [{kind: mask, knd: a}]}]", "products.0.knd: unknown field"),
        ("contents: [{path: '{kind}', products: [{kind: film}]}]", "contents.0.products.0.kind: unknown value film"),
        ("tables: [{path: a.txt}]", "tables.0: needs either line (a text file) or columns (a JSON file)"),
        ("tables: [{path: a.txt, line: '(?P<age>.)'}]", "tables.0.line: needs the group video_id or path"),
        ("derived: {kind: {a: {kind: mask}}}", "derived.kind: is already a field of the names"),
        ("derived: {old: {a: {kind: masc}}}", "derived.old.a.kind: unknown value masc"),
        (
            "published: {subjects: 1, bona_fide: {}, attacks: {}, species: {film: 1}}",
            "published.species.film: is not a species of `attacks`",
        ),
    ],
)
def test_mistakes_in_optional_parts(tmp_path: Path, more: str, problem: str) -> None:
    with pytest.raises(FasError) as caught:
        load_recipe(write(tmp_path, f"{EXAMPLE}{more}\n"))
    assert problem in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = edited("media: video", "media: film", edited("name: mine", "name: M"))
    with pytest.raises(FasError, match=r"(?s)\n  name: .*\n  media: "):
        load_recipe(write(tmp_path, text))


@pytest.mark.parametrize("text", ["", "- a", "just a text"])
def test_a_file_that_is_not_a_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(FasError, match="file: must be a mapping of keys"):
        load_recipe(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "not YAML"),
        ("name: one\nname: two\n", "key 'name' appears twice"),
        ("fields: {a: 1, a: 2}\n", "key 'a' appears twice"),
        ("a: !!python/object/apply:os.system [ls]", "not YAML"),
        ("? [a]\n: b", "not YAML"),
    ],
)
def test_a_file_that_is_not_understood(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FasError, match=problem):
        load_recipe(write(tmp_path, text))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="cannot be read"):
        load_recipe(tmp_path / "gone.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"name: \xff")
    with pytest.raises(FasError, match="cannot be read"):
        load_recipe(tmp_path / "bytes.yaml")


def test_numbers_are_numbers_where_numbers_are_meant() -> None:
    content: dict[str, Any] = yaml.safe_load((resource_dir("preprocess") / "oulu.yaml").read_text())
    faces = load_recipe("oulu").faces
    assert (faces.size, faces.margin) == (content["faces"]["size"], content["faces"]["margin"])
