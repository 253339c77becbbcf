"""Preprocessing throughput compared with the bare model calls, and with the plain loop that people write first.

python benchmarks/preprocessing.py [--frames 60] [--plain-frames 3]

One process, one thread, one 1080 x 1920 H.264 video with a moving real face (scikit-image's astronaut), in turn:

- ours: what a worker of `fas preprocess --depth --reflection` does, from the file to the written shards;
- bare model calls: the detector's and the mesh model's forward passes alone on every frame, inputs ready in memory;
- decode alone: PyAV to RGB arrays;
- decode, detect and fit: the least that a loop without tracking does, and nothing kept;
- plain loop: per frame MTCNN (facenet-pytorch), the depth of the same mesh by scattered-data interpolation
  (`scipy.interpolate.griddata`), reflection by the same estimator. Skipped with a note unless facenet-pytorch can be
  imported; its pin on old torch does not matter here: `pip install --no-deps facenet-pytorch`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import griddata
from skimage.data import astronaut

from fas.datasets.presentation import Presentation
from fas.faces.align import crop_transform, transform_mesh, warp_crop
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.tracking import FaceTracker
from fas.layers import DEPTH, REFLECTION
from fas.maps.reflection import make_estimator, reflection_map
from fas.preprocessing.decode import FrameSelection, read_frames
from fas.preprocessing.pipeline import declare_layers
from fas.preprocessing.plan import Task
from fas.preprocessing.settings import FaceSettings, LayerSettings
from fas.preprocessing.worker import Worker, WorkerSettings
from fas.store.store import Store
from fas.weights.fetching import model_file

FACES = FaceSettings(FrameSelection(), 256, 0.1, "none", "png", "mediapipe")
LAYERS = LayerSettings((DEPTH, REFLECTION))


def write_moving_face(path: Path, frames: int) -> None:
    """A 1080 x 1920 video of a face that sways and comes nearer, as one before a phone does."""
    photo = astronaut()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 1080, 1920, "yuv420p"
        for i in range(frames):
            phase = 2 * np.pi * i / 60
            scale, angle = 3.0 + 0.2 * np.sin(phase), np.deg2rad(4 * np.sin(phase / 2))
            turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            target = np.array([540 + 40 * np.sin(phase), 900])
            matrix = np.hstack([turn, (target - turn @ np.array([224, 120]))[:, None]])
            image = cv2.warpAffine(photo, matrix, (1080, 1920), borderMode=cv2.BORDER_REFLECT)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def our_worker(folder: Path, video: Path) -> Callable[[], object]:
    """All that the worker does for one video; models are loaded before the clock starts."""
    run = 0

    def work() -> None:
        nonlocal run
        run += 1
        presentation = Presentation(f"video{run}", video.name, "1", "train", 1, "")
        outcome = worker.work(Task(presentation, video, True, LAYERS.layers))
        assert outcome.failure is None and outcome.faces == outcome.frames, outcome

    store = Store.create(folder, "benchmark", {}, {})
    declare_layers(store, LAYERS)
    worker = Worker(WorkerSettings(store.path, FACES, LAYERS))
    work()
    return work


def bare_models() -> Callable[[int], object]:
    """Forward passes of detector and mesh model on inputs that are ready."""
    blob = np.random.default_rng(0).random((1, 3, 192, 192), np.float32)
    networks = [
        cv2.dnn.readNetFromTFLite(str(model_file(name)))
        for name in ("face_detection_full_range.tflite", "face_landmark.tflite")
    ]
    outputs = [network.getUnconnectedOutLayersNames() for network in networks]

    def work(frames: int) -> None:
        for _ in range(frames):
            for network, names in zip(networks, outputs, strict=True):
                network.setInput(blob)
                network.forward(names)

    work(2)
    return work


def detect_and_fit(video: Path) -> Callable[[], object]:
    """Decodes, detects and fits the mesh in every frame, without tracking."""
    detector, mesh_model = make_detector("mediapipe", None), make_mesh_model(None)

    def work() -> None:
        for frame in read_frames(video, FrameSelection()):
            faces = detector.detect(frame.image)
            assert faces and mesh_model.fit(frame.image, faces[0]) is not None

    return work


def interpolated_depth(mesh: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Depth as people make it first: interpolation between scattered vertices."""
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1)
    return griddata(mesh[:, :2], -mesh[:, 2], grid, method="cubic", fill_value=0.0)


def plain_loop() -> Callable[[NDArray[np.uint8]], object] | None:
    """Detector, crop, maps of one frame without tracking; None without facenet-pytorch."""
    try:
        from facenet_pytorch import MTCNN
    except ImportError:
        return None
    mtcnn = MTCNN()
    tracker = FaceTracker(make_detector("mediapipe", None), make_mesh_model(None))
    estimator = make_estimator(LAYERS.reflection_estimator)

    def work(image: NDArray[np.uint8]) -> None:
        mtcnn.detect(image)
        face = tracker.track(image)
        assert face is not None and face.mesh is not None
        matrix = crop_transform(face, 256, 0.1, "none")
        crop = warp_crop(image, matrix, 256)
        depth = interpolated_depth(transform_mesh(face.mesh, matrix), 256)
        reflection_map(crop, np.clip(depth / depth.max(), 0, 1).astype(np.float32), estimator, 64)

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--plain-frames", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median is printed")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    n = arguments.frames
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = folder / "face.mp4"
        write_moving_face(video, n)
        images = [frame.image for frame in read_frames(video, FrameSelection("even", arguments.plain_frames))]
        ours, bare, plain = our_worker(folder, video), bare_models(), plain_loop()
        untracked = detect_and_fit(video)
        titles = ("ours", "bare model calls", "decode alone", "decode, detect and fit in every frame")
        rows: dict[str, list[float]] = {title: [] for title in titles}
        for _ in range(arguments.rounds):
            rows["ours"].append(seconds(ours) / n)
            rows["bare model calls"].append(seconds(lambda: bare(n)) / n)
            rows["decode alone"].append(seconds(lambda: sum(1 for _ in read_frames(video, FrameSelection()))) / n)
            rows["decode, detect and fit in every frame"].append(seconds(untracked) / n)
        if plain is not None:
            rows["plain loop"] = [seconds(lambda image=image: plain(image)) for image in images]  # type: ignore[misc]
    reference = float(np.median(rows["ours"]))
    print("| 1080 x 1920 video, one process, one thread | ms a frame | throughput of ours against it |")
    print("|---|---|---|")
    for title, times in rows.items():
        median = float(np.median(times))
        print(f"| {title} | {1000 * median:.1f} | {median / reference:.2f} x |")
    if plain is None:
        print("\nThe plain loop was not measured: facenet-pytorch is not installed (see this file's head).")


if __name__ == "__main__":
    main()
