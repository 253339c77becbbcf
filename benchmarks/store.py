"""A training sample from the store compared with its decode alone and loose files; codecs; a large index.

Usage: python benchmarks/store.py
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Queue

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut

from fas.store import FrameReader, Store, StoreIndex, decode_image, encode_image
from fas.store.build import write_index

LAYERS = ("rgb", "depth", "reflection")
PRESENTATIONS, FRAMES = 60, 30
MANY_PRESENTATIONS, MANY_FRAMES = 10_000, 1_000
WORKERS = 4


def sample_images(seed: int) -> dict[str, NDArray[np.uint8]]:
    """A face as a camera sees it (with noise), 256 x 256, and two maps of 64 x 64 with a face's smoothness."""
    rng = np.random.default_rng(seed)
    top, left = rng.integers(0, 40, 2)
    crop = astronaut()[top : top + 256, left + 80 : left + 336].astype(np.float32) + rng.normal(0, 2, (256, 256, 3))
    image = np.clip(crop, 0, 255).astype(np.uint8)
    small = cv2.resize(cv2.GaussianBlur(image, (0, 0), 4), (64, 64), interpolation=cv2.INTER_AREA)
    inside = np.hypot(*np.mgrid[-32:32, -26:38] * 1.0) < 26
    return {"rgb": image, "depth": small[..., 0] * inside, "reflection": small * inside[..., None]}


def fill(root: Path) -> tuple[StoreIndex, list[dict[str, bytes]]]:
    """A store, its index, and the encoded samples by row."""
    store = Store.create(root, "benchmark", {}, {})
    facts = {"subject": "1", "split": "train", "label": 1, "attack_type": "", "attributes": {}}
    samples: list[dict[str, bytes]] = []
    for layer in LAYERS:
        store.declare_layer(layer, {})
    for number in range(PRESENTATIONS):
        encoded = []
        for frame in range(FRAMES):
            images = sample_images(number * FRAMES + frame)
            encoded.append({layer: encode_image(images[layer]) for layer in LAYERS})
        for layer in LAYERS:
            frames = [(frame, sample[layer]) for frame, sample in enumerate(encoded)]
            store.write_shard(layer, f"{number:03d}", frames, facts if layer == "rgb" else {}, "png")
        samples += encoded
    return store.build_index(), samples


def write_loose(root: Path, samples: list[dict[str, bytes]]) -> None:
    for row, sample in enumerate(samples):
        folder = root / f"{row // FRAMES:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        for layer, data in sample.items():
            (folder / f"{row % FRAMES:06d}_{layer}.png").write_bytes(data)


def compare(works: dict[str, Callable[[int], object]], rows: int, turns: int = 150, size: int = 10) -> dict[str, float]:
    """Seconds per sample: the median of many short turns, taken alternately on rows in random order."""
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            order = rng.integers(0, rows, size).tolist()
            start = time.perf_counter()
            for row in order:
                work(row)
            times[name].append((time.perf_counter() - start) / size)
    return {name: float(np.median(values)) for name, values in times.items()}


def benchmark_samples(folder: Path) -> None:
    index, samples = fill(folder / "store")
    write_loose(folder / "loose", samples)
    checked, unchecked = FrameReader(index), FrameReader(index, check=False)

    def loose(row: int) -> object:
        base = folder / "loose" / f"{row // FRAMES:03d}"
        return [decode_image((base / f"{row % FRAMES:06d}_{layer}.png").read_bytes()) for layer in LAYERS]

    works: dict[str, Callable[[int], object]] = {
        "decode alone, bytes in memory": lambda row: [decode_image(data) for data in samples[row].values()],
        "**from the store**": lambda row: [checked.read(row, layer) for layer in LAYERS],
        "from the store, without CRC-32": lambda row: [unchecked.read(row, layer) for layer in LAYERS],
        "from loose PNG files": loose,
    }
    times = compare(works, len(index))
    alone = times["decode alone, bytes in memory"]
    size = np.mean([sum(map(len, sample.values())) for sample in samples]) / 1024
    print(f"One sample: crop 256 x 256, depth and reflection 64 x 64; {size:.0f} KiB; one core, files cached.\n")
    print("| sample | ms | over the decode alone |\n|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds * 1e3:.3f} | {seconds / alone:.2f} |")


def benchmark_codecs() -> None:
    images = [sample_images(seed)["rgb"] for seed in range(12)]
    encoders: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
        "**png**": lambda image: encode_image(image, "png"),
        "PNG as OpenCV writes it by default": lambda image: cv2.imencode(".png", image[..., ::-1])[1].tobytes(),
        "webp": lambda image: encode_image(image, "webp"),
        "jpeg95 (lossy)": lambda image: encode_image(image, "jpeg95"),
    }
    encoded = {name: [encode(image) for image in images] for name, encode in encoders.items()}
    works: dict[str, Callable[[int], object]] = {}
    for name, encode in encoders.items():
        works["encode " + name] = lambda row, encode=encode: encode(images[row])
        works["decode " + name] = lambda row, name=name: decode_image(encoded[name][row])
    times = compare(works, len(images), turns=15, size=3)
    print("\n| codec of a crop | encode, ms | decode, ms | KiB |\n|---|---|---|---|")
    for name, data in encoded.items():
        size = np.mean([len(one) for one in data]) / 1024
        print(f"| {name} | {times['encode ' + name] * 1e3:.2f} | {times['decode ' + name] * 1e3:.2f} | {size:.0f} |")


def write_many(path: Path, presentations: int) -> None:
    """An index of `presentations` times `MANY_FRAMES` rows."""
    rng = np.random.default_rng(0)
    columns: dict[str, NDArray[np.generic]] = {"frame": np.arange(MANY_FRAMES, dtype=np.int32)}
    for layer in LAYERS:
        columns[f"{layer}_offset"] = np.arange(MANY_FRAMES, dtype=np.int64) * 100_000
        columns[f"{layer}_length"] = np.full(MANY_FRAMES, 100_000, np.int32)
        columns[f"{layer}_crc32"] = rng.integers(0, 2**32, MANY_FRAMES, dtype=np.uint32)
    facts = [
        {
            "video_id": f"Train_files/{number:06d}",
            "subject": f"{number % 55:02d}",
            "split": ("train", "dev", "test")[number % 3],
            "attack_type": ("", "print/printer1", "replay/display1")[number % 3],
            "attributes": f'{{"phone":"{number % 6}","session":"{number % 3}"}}',
            "stamp": f'{{"rgb":[{number},{number}]}}',
            "label": int(number % 3 == 0),
        }
        for number in range(presentations)
    ]
    metadata = {"dataset": "benchmark", "simulated": True, "layers": LAYERS, "shards": {}, "extensions": {}}
    write_index(path, facts, [columns] * presentations, metadata)


def private_memory() -> float:
    """MiB of this process that no other process shares."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def work(index_or_path: StoreIndex | Path, ready: Barrier, results: Queue[tuple[float, float]]) -> None:
    """Opens the index (unless inherited) and looks at random rows, while the other workers do."""
    before = private_memory()
    index = StoreIndex(index_or_path) if isinstance(index_or_path, Path) else index_or_path
    for row in np.random.default_rng().integers(0, len(index), 100_000):
        assert index.label[row] in (0, 1)
        assert index.video_id(int(index.presentation[row]))
        assert all(index.spans(layer).length[row] for layer in LAYERS[:1])
    ready.wait()
    results.put((private_memory() - before, private_memory()))
    ready.wait()


def worker_memory(path: Path, method: str) -> tuple[float, float]:
    context = get_context(method)
    ready, results = context.Barrier(WORKERS), context.Queue()
    given = StoreIndex(path) if method == "fork" else path
    workers = [context.Process(target=work, args=(given, ready, results)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    figures = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return max(grown for grown, _ in figures), max(total for _, total in figures)


def benchmark_index(folder: Path) -> None:
    print("\n| index | rows | file, MiB | open, ms | presentations table, ms |\n|---|---|---|---|---|")
    for presentations in (MANY_PRESENTATIONS // 1000, MANY_PRESENTATIONS):
        path = folder / f"{presentations}" / "index.arrow"
        write_many(path, presentations)
        start = time.perf_counter()
        index = StoreIndex(path)
        opened = time.perf_counter()
        count = len(index.presentations)
        done = time.perf_counter()
        assert count == presentations
        size = path.stat().st_size / 2**20
        print(f"| {presentations:,} presentations | {len(index):,} | {size:.0f} ", end="")
        print(f"| {(opened - start) * 1e3:.2f} | {(done - opened) * 1e3:.1f} |")
    if not Path("/proc/self/smaps_rollup").exists():
        return
    print(f"\n{WORKERS} workers at the same time, each looks at 100,000 random rows of the {len(index):,}:\n")
    print("| workers | private memory by the index, MiB | of the whole process, MiB |\n|---|---|---|")
    for method in ("fork", "spawn"):
        grown, total = worker_memory(path, method)
        print(f"| {method} | {grown:.1f} | {total:.1f} |")


def main() -> None:
    cv2.setNumThreads(1)
    folder = Path(tempfile.mkdtemp(prefix="fas-benchmark-"))
    try:
        benchmark_samples(folder)
        benchmark_codecs()
        benchmark_index(folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
