"""Clips of T frames from the store compared with T single samples, and what augmentation adds to both.

Usage: python benchmarks/clips.py
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.data import astronaut

from fas.data.augment import Augmentation
from fas.data.batch import Clip, Requirements
from fas.data.clips import clip_starts
from fas.data.dataset import FaceDataset, Training
from fas.methods.xu2015.cnn import AUGMENTATION
from fas.store import Store, StoreIndex, encode_image

PRESENTATIONS, FRAMES, SIDE = 12, 60, 256
INPUT_SIZE, SHARE = 128, 0.7
CLIPS = (Clip(3, 5), Clip(10, 3), Clip(10, 1))


def fill(root: Path) -> StoreIndex:
    """A store of a face as a camera sees it, with noise."""
    store = Store.create(root, "benchmark", {}, {})
    facts = {"subject": "1", "split": "train", "label": 1, "attack_type": "", "attributes": {}}
    store.declare_layer("rgb", {})
    rng = np.random.default_rng(0)
    for number in range(PRESENTATIONS):
        top, left = rng.integers(0, 40, 2)
        face = astronaut()[top : top + SIDE, left + 80 : left + 80 + SIDE].astype(np.float32)
        noisy: list[NDArray[np.uint8]] = [
            np.clip(face + rng.normal(0, 2, face.shape), 0, 255).astype(np.uint8) for _ in range(FRAMES)
        ]
        frames = [(frame, encode_image(image)) for frame, image in enumerate(noisy)]
        store.write_shard("rgb", f"{number:03d}", frames, facts, "png")
    return store.build_index()


def compare(works: dict[str, Callable[[int], object]], starts: NDArray[np.intp], turns: int = 60) -> dict[str, float]:
    """Seconds per clip: the median of many short turns, taken alternately and on the same clips."""
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for turn in range(turns):
        chosen = rng.integers(0, len(starts), 4).tolist()
        for name in names if turn % 2 else reversed(names):
            begin = time.perf_counter()
            for one in chosen:
                works[name](one)
            times[name].append((time.perf_counter() - begin) / len(chosen))
    return {name: float(np.median(values)) for name, values in times.items()}


def benchmark(index: StoreIndex, clip: Clip, augmentation: Augmentation | None) -> tuple[float, float]:
    """Seconds for a clip, and for as many single samples of the same frames."""
    starts = clip_starts(index.presentation, index.frame, clip)
    training = None if augmentation is None else Training(augmentation=augmentation)
    clips = FaceDataset(index, starts, Requirements(input_size=INPUT_SIZE, clip=clip), share=SHARE, training=training)
    frames = FaceDataset(
        index, np.arange(len(index)), Requirements(input_size=INPUT_SIZE), share=SHARE, training=training
    )

    def single(place: int) -> object:
        first = int(starts[place])  # every frame is stored, so that rows are as far apart as frames
        return torch.stack([frames[first + nth * clip.step]["inputs"]["rgb"] for nth in range(clip.length)])

    assert augmentation is not None or torch.equal(clips[5]["inputs"]["rgb"], single(5))
    times = compare({"clip": lambda place: clips[place], "single": single}, starts)
    return times["clip"], times["single"]


def main() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    folder = Path(tempfile.mkdtemp(prefix="fas-benchmark-"))
    try:
        index = fill(folder)
        print(
            f"Crops of {SIDE} x {SIDE}, of which the network sees {SHARE:.0%} at {INPUT_SIZE} pixels; one core, "
            "files cached.\n"
        )
        print("| frames | step | augmentation | T single samples, ms | a clip, ms | ratio |\n|---|---|---|---|---|---|")
        for clip in CLIPS:
            for name, augmentation in (("none", None), ("flip, crop jitter", Augmentation(AUGMENTATION))):
                whole, single = benchmark(index, clip, augmentation)
                print(f"| {clip.length} | {clip.step} | {name} ", end="")
                print(f"| {single * 1e3:.2f} | {whole * 1e3:.2f} | {whole / single:.3f} |", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
