"""Metrics of 10 million scores compared with scikit-learn, and a clustered bootstrap with loops over replicates.

python benchmarks/metrics.py [--scores 10000000] [--presentations 10000] [--replicates 1000]

Each work runs in a process of its own; its memory is the peak above what the process had before it, data included in
the latter. Loops are measured on a part and scaled, as the table says.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.metrics import SpeciesScores, auc, eer, error_rates, metric_replicates, operating_points

Sample = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any], NDArray[np.int64]]

SUBJECTS = 200
LOOP_REPLICATES, SLOW_REPLICATES = 20, 2


def sample(size: int) -> Sample:
    """Scores, labels, attack types and subjects; two species in four kinds, and a quarter bona fide."""
    generator = np.random.default_rng(0)
    labels = (generator.random(size) < 0.25).astype(np.int64)
    subjects = generator.integers(0, SUBJECTS, size)
    scores = generator.normal(2.0 * labels + generator.normal(0, 0.3, SUBJECTS)[subjects])
    kinds = np.array(["print/printer1", "print/printer2", "replay/display1", "replay/display2"], dtype=object)
    types = kinds[generator.integers(0, 4, size)]
    types[labels == 1] = ""
    return scores, labels, types, subjects


def ours(data: Sample) -> None:
    scores = SpeciesScores.from_presentations(*data[:3])
    curve = scores.curve()
    curve.eer()
    curve.auc()
    scores.rates(curve.eer_threshold())
    operating_points(scores)


def sklearn_curve(data: Sample) -> None:
    from sklearn.metrics import auc as area
    from sklearn.metrics import roc_curve

    far, tpr, _ = roc_curve(data[1], data[0])
    area(far, tpr)
    far[np.argmin(np.abs(far - (1 - tpr)))]


def plain_metrics(scores: list[float], labels: list[int], types: list[str]) -> dict[str, float]:
    """What `ours` computes, in plain Python: one sort, one walk, then a count at each threshold."""
    rows = sorted(zip(scores, labels, types, strict=True))
    species: dict[str, list[float]] = {}
    bona_fide: list[float] = []
    for score, label, kind in rows:
        (bona_fide if label else species.setdefault(kind.split("/")[0], [])).append(score)
    pooled = [score for score, label, _ in rows if not label]
    positives, negatives = len(bona_fide), len(pooled)

    accepts, rejects, wins, best, equal, threshold, index = negatives, 0, 0.0, 2.0, 0.5, rows[0][0], 0
    while index < len(rows):
        gap = abs(accepts / negatives - rejects / positives)
        if gap <= best:
            best, equal, threshold = gap, (accepts / negatives + rejects / positives) / 2, rows[index][0]
        end, here = index, [0, 0]
        while end < len(rows) and rows[end][0] == rows[index][0]:
            here[rows[end][1]] += 1
            end += 1
        wins += here[1] * (negatives - accepts + here[0] / 2)
        accepts, rejects, index = accepts - here[0], rejects + here[1], end

    def apcer(threshold: float) -> float:
        return max(sum(score >= threshold for score in one) / len(one) for one in species.values())

    def bpcer(threshold: float) -> float:
        return sum(score < threshold for score in bona_fide) / positives

    def far_threshold(attacks: list[float], target: float) -> float:
        return attacks[-int(target * len(attacks)) - 1]

    found = {"eer": equal, "auc": wins / (positives * negatives)}
    found |= {"apcer": apcer(threshold), "bpcer": bpcer(threshold)}
    for target in (0.1, 0.05, 0.01):
        found[f"bpcer at {target}"] = bpcer(max(far_threshold(one, target) for one in species.values()))
        found[f"apcer at {target}"] = apcer(bona_fide[int(target * positives)])
    detected = bona_fide[int(0.02 * positives)]
    found["tdr"] = sum(score < detected for score in pooled) / negatives
    for target in (1e-2, 1e-3, 1e-4):
        found[f"tpr at {target}"] = 1 - bpcer(far_threshold(pooled, target))
    return found


def plain(data: Sample) -> None:
    plain_metrics(*(column.tolist() for column in data[:3]))


def bootstrap(data: Sample, replicates: int) -> None:
    metric_replicates(*data[:3], 1.0, data[3], replicates=replicates)


def draws(data: Sample, replicates: int) -> list[NDArray[np.intp]]:
    generator = np.random.default_rng(0)
    members = [np.flatnonzero(data[3] == subject) for subject in range(SUBJECTS)]
    return [
        np.concatenate([members[i] for i in generator.integers(SUBJECTS, size=SUBJECTS)]) for _ in range(replicates)
    ]


def numpy_loop(data: Sample) -> None:
    for drawn in draws(data, LOOP_REPLICATES):
        scores, labels, types = (column[drawn] for column in data[:3])
        error_rates(scores, labels, types, 1.0)
        eer(scores[labels == 0], scores[labels == 1])
        auc(scores[labels == 0], scores[labels == 1])
        operating_points(SpeciesScores.from_presentations(scores, labels, types))


def plain_loop(data: Sample) -> None:
    for drawn in draws(data, SLOW_REPLICATES):
        plain_metrics(*(column[drawn].tolist() for column in data[:3]))


def sklearn_loop(data: Sample) -> None:
    for drawn in draws(data, LOOP_REPLICATES):
        sklearn_curve((data[0][drawn], data[1][drawn], data[2], data[3]))


def _resident() -> int:
    """Bytes in memory now, where the system tells; else the peak so far."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measured(pipe: Any, work: Callable[..., None], size: int, arguments: tuple[Any, ...]) -> None:
    work(sample(1000), *arguments)  # imports
    data = sample(size)
    before, peak, done = _resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    work(data, *arguments)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    pipe.send((seconds, max(peak[0] - before, 0)))


def measured(work: Callable[..., None], size: int, *arguments: Any) -> tuple[float, int]:
    """Seconds and bytes of a work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(writer, work, size, arguments))
    process.start()
    writer.close()
    result: tuple[float, int] = reader.recv()
    process.join()
    return result


def row(name: str, seconds: float, reference: float, memory: int | None, note: str = "") -> None:
    size = "" if memory is None else f"{memory / 2**20:,.0f} MiB"
    print(f"| {name} | {seconds:,.2f} s | {seconds / reference:,.3g} x | {size} | {note} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=int, default=10_000_000)
    parser.add_argument("--presentations", type=int, default=10_000)
    parser.add_argument("--replicates", type=int, default=1000)
    arguments = parser.parse_args()

    print(f"| {arguments.scores:,} scores | time | over ours | peak memory | |")
    print("|---|---|---|---|---|")
    reference, memory = measured(ours, arguments.scores)
    row("**EER, AUC, APCER by species, BPCER, ACER, ten operating points**", reference, reference, memory)
    tenth, less = measured(ours, arguments.scores // 10)
    row("the same for a tenth of the scores", tenth, reference, less, "memory is linear")
    seconds, memory = measured(sklearn_curve, arguments.scores)
    row("scikit-learn `roc_curve`, its area and EER", seconds, reference, memory, "no species, no operating points")
    part = arguments.scores // 50
    seconds, _ = measured(plain, part)
    row("the same in plain Python", 50 * seconds, reference, None, f"measured on {part:,}, times 50")

    print(f"\n| {arguments.replicates:,} replicates of {arguments.presentations:,} presentations | | | | |")
    print("|---|---|---|---|---|")
    reference, memory = measured(bootstrap, arguments.presentations, arguments.replicates)
    row(f"**all metrics, over {SUBJECTS} subjects**", reference, reference, memory)
    for name, work, count in (
        ("loop over replicates, `fas.metrics` in each", numpy_loop, LOOP_REPLICATES),
        ("loop over replicates, scikit-learn's ROC, area and EER alone", sklearn_loop, LOOP_REPLICATES),
        ("loop over replicates, plain Python", plain_loop, SLOW_REPLICATES),
    ):
        seconds, _ = measured(work, arguments.presentations)
        scale = arguments.replicates / count
        row(name, scale * seconds, reference, None, f"measured on {count}, times {scale:g}")


if __name__ == "__main__":
    sys.exit(main())
