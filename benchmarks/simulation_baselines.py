"""What a simulated tree gives away without any network: AUC of trivial statistics between bona fide and attack.

    python benchmarks/simulation_baselines.py TREE

One row per statistic of the face crop of each video's first frame: the AUC against all attacks, made symmetric (0.5
tells nothing, 1 everything), then per species, above 0.5 if bona fide has more of it. The tree may be a simulated one
or OULU-NPU itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh

SPECIES = {
    "1": "bona fide",
    "2": "print/printer1",
    "3": "print/printer2",
    "4": "replay/display1",
    "5": "replay/display2",
}


def first_frame(path: Path) -> NDArray[np.uint8]:
    """The first frame of a video, RGB."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def statistics(frame: NDArray[np.uint8], mesh: NDArray[np.float32]) -> dict[str, float]:
    """The trivial statistics of one frame."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = high.astype(int)
    face = cv2.resize(frame[y0:y1, x0:x1], (256, 256), interpolation=cv2.INTER_AREA).astype(np.float32)
    luma = face @ np.array([0.299, 0.587, 0.114], np.float32)
    hsv = cv2.cvtColor(face.astype(np.uint8), cv2.COLOR_RGB2HSV)
    detail = luma - cv2.GaussianBlur(luma, (0, 0), 1.5)
    return {
        "mean saturation": float(hsv[..., 1].mean()),
        "red minus blue": float((face[..., 0] - face[..., 2]).mean()),
        "sharpness (Laplacian)": float(cv2.Laplacian(luma, cv2.CV_32F).std()),
        "fine detail / contrast": float(detail.std() / luma.std()),
        "face width / frame": float((high[0] - low[0]) / frame.shape[1]),
        "face aspect ratio": float((high[0] - low[0]) / (high[1] - low[1])),
        "mean brightness": float(luma.mean()),
        "contrast": float(luma.std()),
        "darkest per cent": float(np.quantile(luma, 0.01)),
        "brightness of the frame": float(frame.mean()),
    }


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """Area under the ROC curve, from ranks."""
    ranks = rankdata(np.concatenate([positive, negative]))
    count = len(positive)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(negative)))


def all_together(features: NDArray[np.float64], live: NDArray[np.bool_], subjects: NDArray[np.int64]) -> float:
    """AUC of the best linear mixture of all statistics, fitted on one half of the subjects, measured on the other."""
    scores = np.empty(len(live))
    halves = np.searchsorted(np.unique(subjects), subjects) % 2
    for half in (0, 1):
        fitted = halves != half
        mean, deviation = features[fitted].mean(axis=0), features[fitted].std(axis=0)
        standard = np.column_stack([(features - mean) / deviation, np.ones(len(live))])
        # Both classes weigh the same.
        weights = np.sqrt(np.where(live, 1 / live[fitted].sum(), 1 / (~live)[fitted].sum()))
        solution, *_ = np.linalg.lstsq((standard * weights[:, None])[fitted], (live * weights)[fitted], rcond=None)
        scores[~fitted] = standard[~fitted] @ solution
    return float(np.mean([auc(scores[live & (halves == h)], scores[~live & (halves == h)]) for h in (0, 1)]))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    tree = parser.parse_args().tree
    detector, mesh_model = MediaPipeDetector(), MediaPipeMesh()
    rows: list[dict[str, float]] = []
    names: list[str] = []
    for path in sorted(tree.glob("*_files/*.avi")):
        frame = first_frame(path)
        found = detector.detect(frame)
        face = mesh_model.fit(frame, max(found, key=lambda one: one.area)) if found else None
        if face is not None and face.mesh is not None:
            rows.append(statistics(frame, face.mesh))
            names.append(path.stem)
        else:
            print(f"no face: {path.name}")
    access = np.array([name[-1] for name in names])
    subjects = np.array([int(name.split("_")[2]) for name in names])
    live = access == "1"
    attacks = [key for key in SPECIES if key != "1" and key in access]
    print(f"{live.sum()} bona fide, {(~live).sum()} attacks, {len(np.unique(subjects))} subjects")
    print(f"{'statistic':26}{'all':>7}" + "".join(f"{SPECIES[key]:>17}" for key in attacks))
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        overall = auc(values[live], values[~live])
        parts = [auc(values[live], values[access == key]) for key in attacks]
        print(f"{name:26}{max(overall, 1 - overall):7.2f}" + "".join(f"{value:17.2f}" for value in parts))
    features = np.array([list(row.values()) for row in rows])
    parts = [all_together(features[m], live[m], subjects[m]) for m in [live | (access == key) for key in attacks]]
    together = all_together(features, live, subjects)
    print(f"{'all of them, linear':26}{together:7.2f}" + "".join(f"{value:17.2f}" for value in parts))


if __name__ == "__main__":
    main()
