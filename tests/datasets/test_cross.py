from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from fas.datasets.contents import published_presentations
from fas.datasets.cross import cross_splits, is_cross_protocol, load_cross_protocol
from fas.datasets.loading import load_recipe
from fas.errors import FasError

OULU = published_presentations(load_recipe("oulu"))
MINE = {
    "name": "mine",
    "title": "Phones 1 to 3 against 4 to 6",
    "about": "x",
    "train": [{"dataset": "oulu", "protocol": "3", "fold": "1", "split": "train"}],
    "test": [{"dataset": "oulu", "of": {"split": "test", "phone": ["4", "5"]}}],
}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**MINE, **changes}))
    return path


def test_a_users_own_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert is_cross_protocol(path)
    splits = cross_splits(load_cross_protocol(path), {"oulu": OULU})
    assert [len(splits[split]) for split in ("train", "dev", "test")] == [1500, 0, 600]
    assert {one.attributes["phone"] for one in splits["train"]} == set("23456")
    first = splits["test"][0]
    assert (first.video_id, first.path, first.subject) == ("oulu/4_1_36_1", "Test_files/4_1_36_1.avi", "oulu/36")


def test_a_users_own_dataset_is_looked_for_next_to_the_protocols_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/lab.csv").write_text("path,label,attack_type,subject,split\na.mp4,1,,ann,test\n")
    path = write(tmp_path, test=[{"dataset": "lists/lab.csv"}])
    monkeypatch.chdir("/")
    assert [recipe.name for recipe in load_cross_protocol(path).recipes.values()] == ["oulu", "lab"]


# Videos of each domain in the leave-one-out tasks, by the literature: bona fide, attack.
DOMAINS = {"oulu": (720, 2880), "casia_fasd": (150, 450), "replay_attack": (140, 700), "msu_mfsd": (70, 210)}
TARGETS = {"ocim_m": "msu_mfsd", "ocim_c": "casia_fasd", "ocim_i": "replay_attack", "ocim_o": "oulu"}


@pytest.mark.parametrize(("name", "target"), TARGETS.items())
def test_the_leave_one_out_tasks_have_the_literatures_counts(name: str, target: str) -> None:
    cross = load_cross_protocol(name)
    found = {one: published_presentations(load_recipe(one), invented=True) for one in cross.datasets}
    splits = cross_splits(cross, found)
    assert splits["dev"] == []
    for split, domains in (("train", set(DOMAINS) - {target}), ("test", {target})):
        counts = Counter((one.video_id.partition("/")[0], one.label) for one in splits[split])
        assert {name: (counts[name, 1], counts[name, 0]) for name, _ in counts} == {
            domain: DOMAINS[domain] for domain in domains
        }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"train": [{"dataset": "oulu", "protocol": "1"}]}, "train: oulu: protocol and split go together"),
        ({"train": [{"dataset": "oulu", "fold": "1"}]}, "train: oulu: a fold needs a protocol"),
        (
            {"test": [{"dataset": "oulu", "protocol": "1", "split": "test", "of": {"phone": "1"}}]},
            "test: oulu: give either of, or protocol and split",
        ),
        ({"tset": []}, "tset: unknown key"),
        ({"train": [{"dataset": "oulu", "split": "eval", "protocol": "1"}]}, "train.0.split: Input should be 'train'"),
    ],
)
def test_mistakes_are_named_by_key(tmp_path: Path, changes: dict[str, object], problem: str) -> None:
    with pytest.raises(FasError) as caught:
        load_cross_protocol(write(tmp_path, **changes))
    assert problem in str(caught.value)


def test_a_presentation_taken_twice_or_into_two_splits(tmp_path: Path) -> None:
    twice = load_cross_protocol(write(tmp_path, train=[{"dataset": "oulu", "of": {"split": "train"}}] * 2))
    with pytest.raises(FasError, match="puts a presentation into train twice"):
        cross_splits(twice, {"oulu": OULU})
    both = load_cross_protocol(write(tmp_path, test=[{"dataset": "oulu"}]))
    with pytest.raises(FasError, match="into train and test"):
        cross_splits(both, {"oulu": OULU})
    with pytest.raises(FasError, match="has no fold 9"):
        part = {"dataset": "oulu", "protocol": "3", "fold": "9", "split": "train"}
        cross_splits(load_cross_protocol(write(tmp_path, train=[part])), {"oulu": OULU})


def test_a_recipe_is_not_a_protocol(tmp_path: Path) -> None:
    assert not is_cross_protocol("oulu")
    assert not is_cross_protocol(tmp_path / "none.yaml")


def test_a_part_in_words(tmp_path: Path) -> None:
    cross = load_cross_protocol(write(tmp_path))
    assert [f"{split}: {part}" for split, part in cross.parts()] == [
        "train: oulu, protocol 3, fold 1: train",
        "test: oulu (phone 4 5, split test)",
    ]
