"""Fills a store with several processes that are killed (SIGKILL) at random moments, again and again.

Run as `python -m tests.fakes.killed_writers ROOT SEED ROUNDS`; ROUNDS 0 lets the writers finish.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fas.store import encode_image
from tests.fakes.small_store import facts_of, image_of, new_store

WRITERS = 3
VIDEO_IDS = [f"{folder}/{number:03d}" for folder in ("Train", "Dev", "Test") for number in range(100)]
FAILING = VIDEO_IDS[::10]
FRAMES = (0, 4, 9)
LAYERS = ("rgb", "depth")


def frames(video_id: str, layer: str) -> Iterator[tuple[int, bytes]]:
    for frame in FRAMES:
        yield frame, encode_image(image_of(video_id, frame, 1 if layer == "depth" else 3, size=40))


def fill(root: Path, chance: random.Random) -> None:
    """What a run of the pipeline does to its store, in random order."""
    store = new_store(root)
    failed = {record["video_id"] for record in store.failures()}
    for video_id in chance.sample(VIDEO_IDS, len(VIDEO_IDS)):
        if video_id in FAILING:
            if video_id not in failed:
                store.record_failure({"video_id": video_id, "reason": "no face in any frame", "frames": 150})
            continue
        for layer in LAYERS:
            if not store.has(layer, video_id):
                store.write_shard(layer, video_id, frames(video_id, layer), facts_of() if layer == "rgb" else {}, "png")
        if chance.random() < 0.05:
            store.build_index()
    store.build_index()


def _start(root: Path, seed: int) -> int:
    process = os.fork()
    if process == 0:
        fill(root, random.Random(seed))
        os._exit(0)
    return process


def main(root: Path, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    for _ in range(rounds):
        writers = [_start(root, chance.getrandbits(32)) for _ in range(WRITERS)]
        for writer in writers:
            time.sleep(chance.uniform(0, 0.03))
            os.kill(writer, signal.SIGKILL)
        for writer in writers:
            os.waitpid(writer, 0)
    if not rounds:
        for writer in [_start(root, seed + i) for i in range(WRITERS)]:
            assert os.waitpid(writer, 0)[1] == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
