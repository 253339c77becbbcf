"""How well reflection estimators match a reflection that is known, and what they cost.

python benchmarks/reflection_estimators.py [--faces DIR] [--simulated DIR] [--pairs N]

Over the pixels of the face, at 64 x 64, and over the three channels: Pearson's correlation with the added light, mean
over the pairs with a 95 % bootstrap interval and by kind of reflection (a map's scale and offset do not change it);
and the mean absolute difference when both are divided by their maximum, as a training label is.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import insightface
import numpy as np
import skimage.data
from numpy.typing import NDArray
from reflection import baselines
from reflection.blends import Pair, blended_pairs, simulated_pairs

from fas.maps.reflection import make_estimator
from fas.maps.yang import YangSuppression

Estimator = Callable[[NDArray[np.uint8], NDArray[np.float32]], NDArray[np.float32]]

ESTIMATORS: dict[str, Estimator] = {
    "brightness": baselines.brightness,
    "brightness above 80 %": baselines.high_brightness,
    "brightness, out of focus": baselines.smooth_brightness,
    "above the local mean": baselines.above_surroundings,
    "above the mirror image": baselines.above_mirror_image,
    "least channel": baselines.least_channel,
    "intensity ratio (Shen and Zheng)": baselines.intensity_ratio,
    "dichromatic, skin and white": baselines.dichromatic,
    "`yang`, h = 0.01": YangSuppression(0.01),
    "`yang`, h = 0.03": YangSuppression(0.03),
    "`yang`, h = 0.1": YangSuppression(0.1),
    "shading residual alone": baselines.shading,
    "**`shape-colour`**": make_estimator("shape-colour"),
}


def compare(estimate: NDArray[np.float32], pair: Pair) -> tuple[float, float]:
    """Correlation and mean absolute difference.

    A constant estimate has correlation 0; a channel without any reflection is left out; nan where there is none at all.
    """
    face = pair.depth > 0
    found, truth = (
        cv2.resize(layer, face.shape, interpolation=cv2.INTER_AREA)[face] for layer in (estimate, pair.reflection)
    )
    channels = [
        np.corrcoef(found[:, k], truth[:, k])[0, 1] if found[:, k].std() > 1e-9 else 0.0
        for k in range(3)
        if truth[:, k].std() > 1e-6
    ]
    if not channels:
        return float("nan"), float("nan")
    as_maps = (np.maximum(layer, 0) / np.maximum(layer.max(axis=0), 1e-6) for layer in (found, truth))
    return float(np.mean(channels)), float(np.abs(np.subtract(*as_maps)).mean())


def interval(values: NDArray[np.float64]) -> str:
    draws = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def read_photos(folder: Path | None) -> list[NDArray[np.uint8]]:
    """RGB photographs of a folder; by default those inside installed packages."""
    if folder is None:
        paths = [Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"]
    else:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    photos = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    return photos if folder is not None else [skimage.data.astronaut(), *photos]


def print_table(pairs: Sequence[Pair]) -> None:
    counts = Counter(pair.kind for pair in pairs)
    of_kind = np.array([pair.kind for pair in pairs])
    titles = " | ".join(f"{kind} ({count})" for kind, count in sorted(counts.items()))
    print(f"| estimator | correlation, {len(pairs)} pairs | {titles} | difference | ms a crop |")
    print("|---" * (len(counts) + 4) + "|")
    for name, estimator in ESTIMATORS.items():
        figures, seconds = [], []
        for pair in pairs:
            start = time.perf_counter()
            layer = estimator(pair.crop, pair.depth)
            seconds.append(time.perf_counter() - start)
            figures.append(compare(layer, pair))
        correlations, differences = np.array(figures).T
        seen = np.isfinite(correlations)
        by_kind = " | ".join(f"{correlations[seen & (of_kind == kind)].mean():.2f}" for kind in sorted(counts))
        row = f"{interval(correlations[seen])} | {by_kind} | {differences[seen].mean():.3f}"
        print(f"| {name} | {row} | {min(seconds) * 1e3:.2g} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=Path, help="folder of portraits; by default the photographs inside packages")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--simulated", type=Path, help="tree of `fas simulate oulu`, instead of blending")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.simulated:
        print_table(simulated_pairs(arguments.simulated))
    else:
        print_table(blended_pairs(read_photos(arguments.faces), arguments.pairs, seed=0))


if __name__ == "__main__":
    main()
