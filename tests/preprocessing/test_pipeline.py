"""The real command on real files and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from fas.store.codec import decode_image
from fas.store.find import list_stores
from fas.store.store import Store
from tests.fakes.faces import blank_frames, face_frames
from tests.fakes.video import write_video

pytestmark = pytest.mark.slow

VIDEOS = 10
FRAMES = 6


def command(root: Path, store: Path, *options: str) -> list[str]:
    fas = [sys.executable, "-m", "fas.cli.main", "preprocess", "oulu", "--root", str(root), "--store", str(store)]
    return [*fas, "--size", "96", *options]


def run(root: Path, store: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(root, store, *options), capture_output=True, text=True, timeout=300, check=False)


def only_store(root: Path) -> Store:
    (path,) = list_stores(root)
    return Store.open(path)


def content(store: Store) -> dict[str, bytes]:
    return {str(path.relative_to(store.path)): path.read_bytes() for path in store.path.rglob("*.zip")}


def times(store: Store, layer: str) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (store.path / layer).rglob("*.zip")}


def test_videos_become_crops_and_maps_and_a_second_run_does_nothing(oulu_tree: Path, tmp_path: Path) -> None:
    done = run(oulu_tree, tmp_path / "store", "--depth", "--reflection")
    assert done.returncode == 0, done.stderr
    assert f"done now:      {VIDEOS} presentations, {VIDEOS * FRAMES} faces" in done.stdout
    store = only_store(tmp_path / "store")
    assert store.simulated and "SIMULATED" in done.stdout
    index = store.index()
    assert len(index) == VIDEOS * FRAMES
    for layer in ("rgb", "mesh", "depth", "reflection"):
        assert index.has(layer).all()
    crop = decode_image(store.read_shard("rgb", "1_1_01_1").read(0))
    depth = decode_image(store.read_shard("depth", "1_1_01_1").read(0))
    reflection = decode_image(store.read_shard("reflection", "1_1_01_1").read(0))
    assert crop.shape == (96, 96, 3) and depth.shape == (64, 64) and reflection.shape == (64, 64, 3)
    assert depth.max() >= 250 and 0.3 < (depth > 0).mean() < 0.9
    assert reflection.max() == 255 and not reflection[depth == 0].any()

    before = content(store)
    stamps = times(store, "rgb")
    again = run(oulu_tree, tmp_path / "store", "--depth", "--reflection")
    assert again.returncode == 0 and f"done before:   {VIDEOS} presentations" in again.stdout
    assert content(store) == before and times(store, "rgb") == stamps


@pytest.mark.parametrize("codec", ["png", "jpeg90"])
def test_maps_added_later_touch_no_crop_and_equal_those_of_one_pass(
    oulu_tree: Path, tmp_path: Path, codec: str
) -> None:
    assert run(oulu_tree, tmp_path / "at_once", "--depth", "--reflection", "--codec", codec).returncode == 0
    assert run(oulu_tree, tmp_path / "later", "--codec", codec).returncode == 0
    later = only_store(tmp_path / "later")
    stamps = times(later, "rgb")
    for option in ("--depth", "--reflection"):
        assert run(oulu_tree, tmp_path / "later", "--codec", codec, option).returncode == 0
    assert times(later, "rgb") == stamps
    assert content(later) == content(only_store(tmp_path / "at_once"))


def test_the_number_of_workers_changes_no_byte(oulu_tree: Path, tmp_path: Path) -> None:
    for workers in ("1", "3"):
        assert run(oulu_tree, tmp_path / workers, "--depth", "--workers", workers).returncode == 0
    assert content(only_store(tmp_path / "1")) == content(only_store(tmp_path / "3"))


def test_parts_of_several_machines_make_up_the_whole(oulu_tree: Path, tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            command(oulu_tree, tmp_path / "store", "--part", f"{part}/2", "--workers", "1"), stdout=subprocess.PIPE
        )
        for part in (1, 2)
    ]
    assert [process.wait(timeout=300) for process in running] == [0, 0]
    store = only_store(tmp_path / "store")
    assert len(set(store.video_ids())) == VIDEOS
    assert run(oulu_tree, tmp_path / "store").returncode == 0
    assert len(store.index()) == VIDEOS * FRAMES


@pytest.mark.slow
def test_killed_runs_are_resumed_and_leave_the_same_store(oulu_tree: Path, tmp_path: Path) -> None:
    assert run(oulu_tree, tmp_path / "whole", "--depth", "--reflection").returncode == 0
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(
            command(oulu_tree, tmp_path / "killed", "--depth", "--reflection", "--workers", "2"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(float(rng.uniform(1.5, 4.0)))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = run(oulu_tree, tmp_path / "killed", "--depth", "--reflection")
    assert done.returncode == 0, done.stderr
    killed = only_store(tmp_path / "killed")
    assert content(killed) == content(only_store(tmp_path / "whole"))
    assert not list(killed.path.rglob(".tmp*"))


def test_workers_die_with_their_killed_parent(oulu_tree: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "FAS_TEST_MARK": str(tmp_path)}
    process = subprocess.Popen(
        command(oulu_tree, tmp_path / "store", "--workers", "2"), env=environment, stderr=subprocess.DEVNULL
    )
    time.sleep(2.5)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (left := _processes_with(f"FAS_TEST_MARK={tmp_path}")):
        time.sleep(0.2)
    assert not left, f"orphans: {left}"


def _processes_with(mark: str) -> list[int]:
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


def test_bad_videos_fail_alone_with_their_reasons(oulu_tree: Path, tmp_path: Path) -> None:
    train = oulu_tree / "Train_files"
    whole = (train / "1_1_01_2.avi").read_bytes()
    (train / "1_1_01_2.avi").write_bytes(whole[: len(whole) // 2])
    (train / "1_1_01_3.avi").write_bytes(b"")
    (train / "1_1_01_4.avi").write_bytes(b"this is no video" * 50)
    (train / "1_1_01_5.avi").unlink()
    write_video(train / "1_1_01_5.avi", blank_frames(4), codec="mjpeg")

    first = run(oulu_tree, tmp_path / "store", "--depth")
    assert first.returncode == 1
    assert "Traceback" not in first.stderr + first.stdout
    assert "failed to acquire: 4 presentations of 10 (40.0%)" in first.stdout
    # Frames of presentations that failed are in no shard: neither as faces nor as frames without one.
    assert f"done now:      {VIDEOS - 4} presentations, {(VIDEOS - 4) * FRAMES} faces;" in first.stdout
    assert "without face" not in first.stdout
    for reason in ("empty", "no face in any of N frames"):
        assert reason in first.stdout
    store = only_store(tmp_path / "store")
    assert len(set(store.video_ids())) == VIDEOS - 4
    failures = {record["video_id"]: record["reason"] for record in store.failures()}
    assert set(failures) == {"1_1_01_2", "1_1_01_3", "1_1_01_4", "1_1_01_5"}

    # A second run does not try them again, and still says so.
    second = run(oulu_tree, tmp_path / "store", "--depth")
    assert second.returncode == 1 and "done now:      0 presentations" in second.stdout
    assert "failed to acquire: 4 presentations" in second.stdout

    # A repaired file is noticed.
    (train / "1_1_01_2.avi").write_bytes(whole)
    third = run(oulu_tree, tmp_path / "store", "--depth")
    assert "done now:      1 presentations" in third.stdout and "failed to acquire: 3" in third.stdout


def test_frames_without_a_face_are_recorded_and_not_stored(oulu_tree: Path, tmp_path: Path) -> None:
    frames = [*face_frames(3), *blank_frames(2)]
    write_video(oulu_tree / "Train_files" / "1_1_01_1.avi", frames, codec="mjpeg")
    done = run(oulu_tree, tmp_path / "store")
    assert done.returncode == 0 and "without face:  2 frames" in done.stdout
    shard = only_store(tmp_path / "store").read_shard("rgb", "1_1_01_1")
    assert shard.frames.tolist() == [0, 1, 2]
    assert [record["status"] for record in shard.meta["records"]] == ["ok"] * 3 + ["no_face"] * 2


def test_a_corrupt_crop_fails_its_own_presentation_when_maps_are_added(oulu_tree: Path, tmp_path: Path) -> None:
    assert run(oulu_tree, tmp_path / "store").returncode == 0
    store = only_store(tmp_path / "store")
    shard = store.path / "rgb" / "1_1_01_1.zip"
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    shard.write_bytes(damaged)
    done = run(oulu_tree, tmp_path / "store", "--depth")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "damaged" in done.stdout and f"done now:      {VIDEOS - 1} presentations" in done.stdout
    assert not store.has("depth", "1_1_01_1")
    assert [record["video_id"] for record in store.failures()] == ["1_1_01_1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--frames", "first:3"), "even:N"),
        (("--codec", "gif"), "there is no codec 'gif'"),
        (("--alignment", "upside"), "alignment"),
        (("--detector", "viola-jones"), "there is no face detector"),
        (("--part", "3/2"), "I/N"),
        (("--margin", "inf"), "a margin of inf"),
        (("--reflection-estimator", "yang"), "add --reflection"),
        (("--depth", "--reflection-weights", "net.onnx"), "add --reflection"),
        (("--reflection", "--reflection-estimator", "guess"), "there is no reflection estimator"),
        (("--reflection", "--reflection-estimator", "network"), "needs a weight file"),
    ],
)
def test_wrong_options_are_one_message(oulu_tree: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    done = run(oulu_tree, tmp_path / "store", *options)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.zip"))


def test_a_missing_root_and_an_unknown_dataset_are_one_message(tmp_path: Path) -> None:
    missing = run(tmp_path / "nowhere", tmp_path / "store")
    assert missing.returncode == 2 and str(tmp_path / "nowhere") in missing.stderr
    unknown = subprocess.run(
        [sys.executable, "-m", "fas.cli.main", "preprocess", "olou"], capture_output=True, text=True, check=False
    )
    assert unknown.returncode == 2 and "oulu" in unknown.stderr and "Traceback" not in unknown.stderr


def test_crops_show_the_face(oulu_tree: Path, tmp_path: Path) -> None:
    """The stored mesh lies on the stored crop, and the depth map on both."""
    assert run(oulu_tree, tmp_path / "store", "--depth", "--frames", "even:2").returncode == 0
    store = only_store(tmp_path / "store")
    records = store.read_shard("rgb", "1_1_01_1").meta["records"]
    assert [record["frame"] for record in records] == [1, 4]
    transform = np.array(records[0]["transform"])
    eyes = np.array(records[0]["points"])[:2] @ transform[:, :2].T + transform[:, 2]
    assert np.all(eyes > 10) and np.all(eyes < 86), "the eyes lie inside the crop of 96 pixels"
    depth = decode_image(store.read_shard("depth", "1_1_01_1").read(1))
    nose = np.array(records[0]["points"])[2] @ transform[:, :2].T + transform[:, 2]
    peak = np.unravel_index(cv2.GaussianBlur(depth, (5, 5), 1).argmax(), depth.shape)
    assert np.hypot(*(np.array(peak[::-1]) * 96 / 64 - nose)) < 12, "the nose is nearest"
