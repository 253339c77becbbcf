"""Exactly once, whenever and however often writers are killed."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from fas.errors import FasWarning
from fas.store import FrameReader, Store, list_stores
from fas.store.failures import read_failures
from fas.store.files import scan_files
from fas.store.verify import verify_store
from tests.fakes.killed_writers import FAILING, FRAMES, LAYERS, VIDEO_IDS
from tests.fakes.small_store import image_of

ROOT = Path(__file__).parents[2]


def run_writers(store_root: Path, seed: int, rounds: int) -> None:
    command = [sys.executable, "-m", "tests.fakes.killed_writers", str(store_root), str(seed), str(rounds)]
    subprocess.run(command, check=True, cwd=ROOT)


def test_kill_9_at_any_moment(tmp_path: Path) -> None:
    left_by_the_killed = shards = 0
    for seed in range(5):
        run_writers(tmp_path, seed, rounds=8)
        (path,) = list_stores(tmp_path)
        files = scan_files(path)
        report = verify_store(files)
        # Every file that has its name is whole; only the index may be older than the shards, or not be there yet.
        assert {error.path for error in report.damages} <= {path / "index.arrow"}
        left_by_the_killed += len(files.unfinished)
        shards = sum(files.count_shards().values())
    assert left_by_the_killed, "no writer was killed while writing: the test proves nothing"
    assert 0 < shards < len(VIDEO_IDS) * len(LAYERS), "all was written before the kills: the test proves nothing"

    run_writers(tmp_path, seed=99, rounds=0)
    files = scan_files(path)
    assert files.unfinished == []
    report = verify_store(files)
    assert report.damages == []
    with warnings.catch_warnings():
        warnings.simplefilter("error", FasWarning)
        store = Store.open(path)
        index = store.index()
        failures = store.failures()

    made = [video_id for video_id in VIDEO_IDS if video_id not in FAILING]
    assert index.presentations.video_id.tolist() == sorted(made)
    rows = Counter(zip(index.presentation.tolist(), index.frame.tolist(), strict=True))
    assert rows == Counter({(code, frame): 1 for code in range(len(made)) for frame in FRAMES})
    assert sorted(failure["video_id"] for failure in failures) == sorted(FAILING)
    assert read_failures(path / "failures.jsonl")[1] == []

    reader = FrameReader(index)
    for row in range(0, len(index), 7):
        video_id, frame = index.video_id(int(index.presentation[row])), int(index.frame[row])
        np.testing.assert_array_equal(reader.read(row), image_of(video_id, frame, 3, size=40))
        np.testing.assert_array_equal(reader.read(row, "depth"), image_of(video_id, frame, 1, size=40))
