"""What a simulated tree gives away without any network: AUC of trivial statistics between bona fide and attack.

    python benchmarks/simulation_baselines.py TREE

One row per statistic of the face crop of each video's first frame: the AUC against all attacks and per species,
made symmetric (0.5 tells nothing, 1 everything). The tree may be a simulated one or OULU-NPU itself.
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


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    tree = parser.parse_args().tree
    detector, mesh_model = MediaPipeDetector(), MediaPipeMesh()
    rows: dict[str, list[dict[str, float]]] = {access: [] for access in SPECIES}
    for path in sorted(tree.glob("*_files/*.avi")):
        frame = first_frame(path)
        found = detector.detect(frame)
        face = mesh_model.fit(frame, max(found, key=lambda one: one.area)) if found else None
        if face is not None and face.mesh is not None:
            rows[path.stem[-1]].append(statistics(frame, face.mesh))
        else:
            print(f"no face: {path.name}")
    print(" ".join(f"{SPECIES[access]}: {len(found)}" for access, found in rows.items()))
    attacks = [access for access in rows if access != "1" and rows[access]]
    print(f"{'statistic':26}{'all':>7}" + "".join(f"{SPECIES[access]:>17}" for access in attacks))
    for name in rows["1"][0]:
        live = np.array([row[name] for row in rows["1"]])
        parts = [np.array([row[name] for row in rows[access]]) for access in attacks]
        values = [auc(live, attack) for attack in [np.concatenate(parts), *parts]]
        print(f"{name:26}{max(values[0], 1 - values[0]):7.2f}" + "".join(f"{v:17.2f}" for v in values[1:]))


if __name__ == "__main__":
    main()
