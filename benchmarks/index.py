"""Indexing raw trees of the sizes of OULU-NPU and CelebA-Spoof compared with a bare walk of the tree, and its memory.

python benchmarks/index.py [--datasets oulu celeba_spoof]

The trees are made (`fas datasets fake`): names, annotations, lists and tables as published, empty media. CelebA-Spoof
takes some minutes to write (1.25 million small files). Each is indexed in a process of its own, after a walk that
brings its folders into the system's cache, so that the disk is not what is measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import index_dataset
from fas.datasets.loading import load_recipe

TO_REACH = {"oulu": "2 s", "celeba_spoof": "30 s, 1 GB"}
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Measured:
    """What one tree took: files, presentations, seconds of a bare walk and of the index, peak memory in MB."""

    files: int
    presentations: int
    walk: float
    index: float
    peak: float


def make(name: str, tree: Path) -> None:
    make_fake_tree(load_recipe(name), tree, empty_media)


def measure(name: str, tree: Path) -> Measured:
    sum(len(files) for _, _, files in os.walk(tree))
    start = time.perf_counter()
    files = sum(len(files) for _, _, files in os.walk(tree))
    walked = time.perf_counter()
    index = index_dataset(load_recipe(name), tree, strict=True)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT / 1e6
    return Measured(files, len(index.presentations), walked - start, done - walked, peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", nargs="+", choices=TO_REACH, default=list(TO_REACH))
    datasets = parser.parse_args().datasets
    print("| fake tree | files | presentations | bare walk, s | index, s | peak memory, MB | to reach |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="fas-benchmark-") as folder:
        for name in datasets:
            tree = Path(folder) / name
            # New processes: one inherits the peak of memory of the one that starts it, so this one stays small.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
                pool.submit(make, name, tree).result()
                one = pool.submit(measure, name, tree).result()
            print(f"| {name} | {one.files:,} | {one.presentations:,} | {one.walk:.2f} ", end="")
            print(f"| {one.index:.2f} | {one.peak:.0f} | {TO_REACH[name]} |", flush=True)


if __name__ == "__main__":
    main()
