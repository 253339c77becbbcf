from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import protocol_splits
from fas.datasets.protocol_files import check_protocol_files
from fas.errors import FasError
from fas.simulation import oulu
from fas.simulation.oulu import simulate_oulu
from fas.simulation.photos import Person
from fas.simulation.record import Settings
from tests.simulation.conftest import draw_person

SETTINGS = Settings(phones=(2, 5), sessions=(3,), frames=2, fps=15, size=(90, 160), seed=7)


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [draw_person(number) for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, people: list[Person]) -> Path:
    root = tmp_path_factory.mktemp("simulated") / "tree"
    made = simulate_oulu(root, people, "drawn by a test", SETTINGS, workers=1)
    assert (made.made, made.kept) == (30, 0)
    return root


def hashes(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def frames(path: Path) -> list[np.ndarray]:
    video = cv2.VideoCapture(str(path))  # another reader than the one of fas
    found = []
    while True:
        more, frame = video.read()
        if not more:
            return found
        found.append(frame)


def test_every_video_has_its_eyes_and_its_truth(tree: Path) -> None:
    stems = {f"{p}_3_{u}_{a}" for p in (2, 5) for u in ("01", "21", "36") for a in range(1, 6)}
    assert {path.stem for path in tree.glob("*_files/*.avi")} == stems
    assert {path.stem for path in tree.glob("*_files/*.txt")} == stems
    assert {path.stem for path in tree.glob("Truth/*.npz")} == stems
    assert {path.parent.name for path in tree.glob("*_files/*_01_*")} == {"Train_files"}
    assert {path.parent.name for path in tree.glob("*_files/*_36_*")} == {"Test_files"}
    assert not [path for path in tree.rglob("*") if path.name.endswith(".tmp")]


def test_videos_hold_the_frames_asked_for(tree: Path) -> None:
    for access in range(1, 6):
        found = frames(tree / "Train_files" / f"5_3_01_{access}.avi")
        assert [frame.shape for frame in found] == [(160, 90, 3)] * 2
        assert 20 < np.mean(found) < 220


def test_the_tree_says_that_it_is_simulated(tree: Path) -> None:
    record = json.loads((tree / "SIMULATED.json").read_text())
    assert record["simulated"] is True
    assert record["subjects"] == ["01", "21", "36"]
    assert record["phones"] == ["2", "5"]
    assert record["sessions"] == ["3"]
    assert record["settings"]["seed"] == 7
    assert sorted(one["photo"] for one in record["cast"].values()) == [f"drawn{n}.png#0" for n in (1, 2, 3)]
    assert "SIMULATED" in (tree / "README.txt").read_text()


def test_lists_name_only_what_exists(tree: Path) -> None:
    stems = {path.stem for path in tree.glob("*_files/*.avi")}
    lists = list(tree.glob("Protocols/*/*.txt"))
    assert lists
    assert {line.split(",")[1] for path in lists for line in path.read_text().splitlines()} <= stems


def test_neither_workers_nor_order_change_a_byte(tree: Path, people: list[Person], tmp_path: Path) -> None:
    simulate_oulu(tmp_path / "again", people, "drawn by a test", SETTINGS, workers=2)
    assert hashes(tmp_path / "again") == hashes(tree)


def test_another_seed_gives_other_videos_and_another_cast(tree: Path, people: list[Person], tmp_path: Path) -> None:
    one = replace(SETTINGS, seed=8, phones=(2,))
    simulate_oulu(tmp_path / "other", people, "drawn by a test", one, workers=1)
    ours, theirs = hashes(tree), hashes(tmp_path / "other")
    assert all(ours[name] != theirs[name] for name in theirs if name.endswith(".avi"))


def test_a_video_does_not_depend_on_what_else_is_made(tree: Path, people: list[Person], tmp_path: Path) -> None:
    simulate_oulu(tmp_path / "few", people, "drawn by a test", replace(SETTINGS, phones=(5,)), workers=1)
    ours, theirs = hashes(tree), hashes(tmp_path / "few")
    videos = [name for name in theirs if name.endswith((".avi", ".npz"))]
    assert len(videos) == 30
    assert all(ours[name] == theirs[name] for name in videos)


def test_a_second_run_makes_only_what_is_missing(tree: Path, people: list[Person]) -> None:
    before = hashes(tree)
    lost = tree / "Dev_files" / "2_3_21_4.avi"
    lost.unlink()
    (tree / "Dev_files" / ".2_3_21_4.avi.tmp").write_bytes(b"what a killed run leaves")
    kept = tree / "Dev_files" / "2_3_21_5.avi"
    written = kept.stat().st_mtime_ns
    made = simulate_oulu(tree, people, "drawn by a test", SETTINGS, workers=1)
    assert (made.made, made.kept) == (1, 29)
    assert hashes(tree) == before
    assert kept.stat().st_mtime_ns == written


def test_a_run_that_dies_leaves_no_half_video(
    people: list[Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    original = oulu.VideoWriter.write

    def full_disk(self: oulu.VideoWriter, frame: np.ndarray) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(1)
        original(self, frame)

    monkeypatch.setattr(oulu.VideoWriter, "write", full_disk)
    with pytest.raises(FasError, match="No space left on device"):
        simulate_oulu(tmp_path / "t", people, "drawn by a test", SETTINGS, workers=1)
    videos = list((tmp_path / "t").rglob("*.avi*"))
    assert all(len(frames(path)) == 2 for path in videos)
    assert not [path for path in videos if path.suffix == ".tmp"]


@pytest.fixture(scope="module")
def fold(tmp_path_factory: pytest.TempPathFactory, people: list[Person]) -> Path:
    """Only what protocol 3 uses when it tests on phone 5."""
    root = tmp_path_factory.mktemp("fold") / "tree"
    made = simulate_oulu(root, people, "drawn by a test", replace(SETTINGS, protocol="3", fold=5), workers=1)
    assert (made.made, made.kept, made.left_out) == (15, 0, 15)
    return root


def test_a_tree_for_one_protocol_has_the_same_bytes_of_fewer_videos(tree: Path, fold: Path) -> None:
    ours, theirs = hashes(tree), hashes(fold)
    videos = {name for name in theirs if "_files/" in name or "Truth/" in name}
    stems = {f"2_3_{u}_{a}" for u in ("01", "21") for a in range(1, 6)} | {f"5_3_36_{a}" for a in range(1, 6)}
    assert {Path(name).stem for name in videos} == stems
    assert all(ours[name] == theirs[name] for name in videos)
    for split in ("Train", "Dev", "Test"):
        assert ours[f"Protocols/Protocol_3/{split}_5.txt"] == theirs[f"Protocols/Protocol_3/{split}_5.txt"]


def test_a_tree_for_one_protocol_is_all_that_it_says_it_holds(fold: Path) -> None:
    oulu_npu = load_recipe("oulu")
    index = index_dataset(oulu_npu, fold, strict=True)
    assert len(index.presentations) == len(index.expected) == 15
    assert not check_protocol_files(oulu_npu, fold, index.expected)
    splits = protocol_splits(oulu_npu, index.presentations, "3", 5)
    assert {split: len(members) for split, members in splits.items()} == {"train": 5, "dev": 5, "test": 5}


def test_a_tree_for_one_protocol_is_not_completed_to_another(people: list[Person], fold: Path) -> None:
    with pytest.raises(FasError, match="settings: fold, protocol"):
        simulate_oulu(fold, people, "drawn by a test", SETTINGS, workers=1)


def test_a_protocol_that_cannot_be_used_leaves_no_folder(people: list[Person], tmp_path: Path) -> None:
    with pytest.raises(FasError, match="protocol 1 has no train and no dev video"):
        simulate_oulu(tmp_path / "tree", people, "drawn by a test", replace(SETTINGS, protocol="1"), workers=1)
    assert not (tmp_path / "tree").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 1}, "seed"), ({"frames": 3}, "frames"), ({"size": (270, 480)}, "size")],
)
def test_a_tree_of_other_settings_is_not_mixed(
    tree: Path, people: list[Person], change: dict[str, object], named: str
) -> None:
    with pytest.raises(FasError, match=f"settings: {named}"):
        simulate_oulu(tree, people, "drawn by a test", replace(SETTINGS, **change), workers=1)


def test_a_tree_of_other_people_is_not_mixed(tree: Path, people: list[Person]) -> None:
    with pytest.raises(FasError, match="cast"):
        simulate_oulu(tree, [*people[:2], draw_person(9)], "drawn by a test", SETTINGS, workers=1)


def test_a_folder_with_something_else_is_left_alone(people: list[Person], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FasError, match="not empty"):
        simulate_oulu(tmp_path, people, "drawn by a test", SETTINGS, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_record_is_an_error(people: list[Person], tmp_path: Path) -> None:
    (tmp_path / "SIMULATED.json").write_text("{")
    with pytest.raises(FasError, match="cannot be read"):
        simulate_oulu(tmp_path, people, "drawn by a test", SETTINGS, workers=1)


def test_a_folder_that_cannot_be_made_is_one_message(people: list[Person], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FasError) as error:
        simulate_oulu(tmp_path / "file" / "tree", people, "drawn by a test", SETTINGS, workers=1)
    assert error.value.path is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"phones": ()},
        {"phones": (1, 7)},
        {"phones": (1, 1)},
        {"sessions": (0,)},
        {"size": (1920, 1080)},
        {"size": (541, 960)},
        {"size": (2160, 3840)},
        {"frames": 0},
        {"fps": 0},
        {"seed": -1},
        {"protocol": "5"},
        {"protocol": "4"},
        {"fold": 1},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(FasError):
        replace(SETTINGS, **wrong)
