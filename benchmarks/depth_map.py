"""The depth map of a mesh against scattered-data interpolation of the same vertices, and against exact z-buffering.

Usage: python benchmarks/depth_map.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator, griddata
from skimage.data import astronaut

from fas.faces.align import crop_transform, transform_mesh
from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
from fas.maps.depth import FARTHEST, depth_map
from fas.maps.topology import TRIANGLES

CROP = 256

Floats = NDArray[np.float64]


def photographed_mesh() -> Floats:
    """A real mesh in a crop of 256 pixels."""
    photo = astronaut()
    face = MediaPipeMesh().fit(photo, MediaPipeDetector().detect(photo)[0])
    if face is None or face.mesh is None:
        raise SystemExit("no face in scikit-image's astronaut")
    return transform_mesh(face.mesh, crop_transform(face, CROP, 0.15, "none")).astype(np.float64)


def depths(mesh: Floats) -> Floats:
    near, far = mesh[:, 2].min(), mesh[:, 2].max()
    return FARTHEST + (1 - FARTHEST) * (far - mesh[:, 2]) / (far - near)


def pixel_centres(width: int, height: int, step: float) -> Floats:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], axis=-1).reshape(-1, 2) * step + (step - 1) / 2


def z_buffer(mesh: Floats, size: int) -> Floats:
    """Exact z-buffering, a pixel at a time in float64."""
    value, xy = depths(mesh), (mesh[:, :2] + 0.5) * size / CROP - 0.5
    out = np.zeros((size, size))
    for triangle in TRIANGLES:
        a, b, c = xy[triangle]
        to_weights = np.linalg.inv(np.stack([b - a, c - a], axis=1))
        x0, y0 = np.maximum(np.ceil(np.minimum(np.minimum(a, b), c)), 0).astype(int)
        x1, y1 = np.minimum(np.floor(np.maximum(np.maximum(a, b), c)), size - 1).astype(int)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                s, t = to_weights @ (np.array([x, y]) - a)
                if s >= 0 and t >= 0 and s + t <= 1:
                    out[y, x] = max(out[y, x], value[triangle] @ [1 - s - t, s, t])
    return out


def seconds(work: Callable[[], object], budget: float = 1.5) -> float:
    """Least time of a call, over about `budget` seconds: other processes lengthen long calls more than short ones."""
    work()
    times: list[float] = []
    while sum(times) < budget or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    cv2.setNumThreads(1)
    mesh = photographed_mesh()
    points, values = mesh[:, :2], depths(mesh)
    stored = seconds(lambda: depth_map(mesh, CROP, 64))
    print("| work | pixels | ms | over a depth map of the same pixels | over the stored map (64 x 64) |")
    print("|---|---|---|---|---|")
    for size in (256, 64):
        pixels = pixel_centres(size, size, CROP / size)
        ours = stored if size == 64 else seconds(lambda size=size: depth_map(mesh, CROP, size))
        print(f"| **depth map** | {size} x {size} | {ours * 1e3:.3g} | 1 | {ours / stored:.3g} |")
        works: dict[str, Callable[[], object]] = {
            "scipy griddata, linear": lambda pixels=pixels: griddata(points, values, pixels, "linear"),
            "scipy griddata, cubic": lambda pixels=pixels: griddata(points, values, pixels, "cubic"),
            "scipy RBFInterpolator, thin plate": lambda pixels=pixels: RBFInterpolator(points, values)(pixels),
            "z-buffer, a loop over pixels": lambda size=size: z_buffer(mesh, size),
        }
        for name, work in works.items():
            took = seconds(work)
            print(f"| {name} | {size} x {size} | {took * 1e3:.3g} | {took / ours:.3g} | {took / stored:.3g} |")
    frame = pixel_centres(1920, 1080, 1.0)
    for method in ("nearest", "linear", "cubic"):
        took = seconds(lambda method=method: griddata(points * 3, values, frame, method), budget=0)
        print(f"| scipy griddata, {method} | 1920 x 1080 (whole frame) | {took * 1e3:.3g} | - | {took / stored:.3g} |")
    print()
    for size in (256, 64):
        error = np.abs(depth_map(mesh, CROP, size) - z_buffer(mesh, size)).max()
        print(f"Largest difference from exact z-buffering at {size} x {size}: {error:.1e} (1/255 is {1 / 255:.1e}).")


if __name__ == "__main__":
    main()
