"""Face crops with a reflection that is known: blended from photographs, or read from a simulated tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.faces.align import crop_transform, transform_mesh, warp_crop
from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
from fas.maps.depth import depth_map
from fas.preprocessing.decode import FrameSelection, read_frames

CROP = 256
MARGIN = 0.15

VISIBLE = 0.01
"""Standard deviation of the added linear light over the face; that of a face itself is near 0.1."""

Light = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """A crop and what was added to it.

    Attributes:
        crop: uint8 RGB `(256, 256, 3)` with the reflection.
        depth: Its depth map, `(64, 64)`.
        reflection: The added light `(256, 256, 3)`.
        kind: What it is a reflection of, or where it comes from.
    """

    crop: Image
    depth: Light
    reflection: Light
    kind: str


class Cropper:
    """Cuts faces as the pipeline does."""

    def __init__(self) -> None:
        self._detector, self._mesh_model = MediaPipeDetector(), MediaPipeMesh()

    def crops(self, photo: Image) -> Iterator[tuple[Image, Light, NDArray[np.float64]]]:
        """Crop, depth map and transform of each face of an RGB photograph."""
        for found in self._detector.detect(photo):
            face = self._mesh_model.fit(photo, found)
            if face is None or face.mesh is None:
                continue
            matrix = crop_transform(face, CROP, MARGIN, "none")
            yield warp_crop(photo, matrix, CROP), depth_map(transform_mesh(face.mesh, matrix), CROP), matrix


def to_light(image: NDArray[np.generic]) -> Light:
    """Linear light of sRGB."""
    x = image.astype(np.float32) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def to_image(light: Light) -> Image:
    x = np.clip(light, 0, 1)
    return np.rint(255 * np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)).astype(np.uint8)


def blended_pairs(photos: Sequence[Image], count: int, seed: int) -> list[Pair]:
    """Photographed faces behind glass that mirrors windows, lamps or another photograph.

    Addition is in linear light. The camera's exposure and colour cast, noise and JPEG come after it.

    Args:
        photos: RGB photographs with faces.
        count: How many pairs.
        seed: Of all draws.
    """
    cropper = Cropper()
    faces = [(crop, depth) for photo in photos for crop, depth, _ in cropper.crops(photo)]
    if not faces:
        raise FasError("no face found in the photographs", remedy="give a folder of portraits with --faces")
    pairs = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        crop, depth = faces[index % len(faces)]
        kind, reflection = _reflection(photos, rng)
        shown = to_light(crop) * rng.uniform(0.3, 0.9) + rng.uniform(0, 0.03)  # a display's brightness and black
        camera = (_tint(rng) * rng.uniform(0.8, 1.2)).astype(np.float32)
        seen = to_image((shown + reflection) * camera).astype(np.float32)
        seen += rng.normal(0, rng.uniform(0, 3), seen.shape)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))]
        coded = cv2.imencode(".jpg", np.clip(np.rint(seen[..., ::-1]), 0, 255).astype(np.uint8), quality)[1]
        photographed = np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
        pairs.append(Pair(photographed, depth, reflection * camera, kind))
    return pairs


def _reflection(photos: Sequence[Image], rng: np.random.Generator) -> tuple[str, Light]:
    kind = str(rng.choice(["windows", "lamps", "photograph", "photograph and windows"]))
    if kind == "windows":
        return kind, _windows(rng)
    if kind == "lamps":
        return kind, _lamps(rng)
    scene = _photograph(photos, rng)
    return kind, scene if kind == "photograph" else 0.6 * scene + _windows(rng)


def _tint(rng: np.random.Generator) -> NDArray[np.float64]:
    warm = rng.uniform(-0.25, 0.25)
    return np.array([1 + warm, 1, 1 - warm]) * np.exp(rng.normal(0, 0.04, 3))


def _windows(rng: np.random.Generator) -> Light:
    bright = np.zeros((CROP, CROP), np.float32)
    for _ in range(rng.integers(1, 4)):
        box = tuple(rng.uniform(20, 236, 2)), tuple(rng.uniform(30, 160, 2)), float(rng.uniform(0, 180))
        corners = cv2.boxPoints(box) + rng.uniform(-12, 12, (4, 2))
        pane = cv2.fillPoly(np.zeros_like(bright), [corners.astype(np.int32)], 1.0)
        bright = np.maximum(bright, pane * np.float32(rng.uniform(0.4, 1)))
    return _blurred(bright, rng.uniform(2, 14), _tint(rng) * rng.uniform(0.08, 0.6))


def _lamps(rng: np.random.Generator) -> Light:
    bright = np.zeros((CROP, CROP), np.float32)
    for _ in range(rng.integers(1, 4)):
        centre, axes = rng.integers(30, 226, 2).tolist(), rng.integers(4, 35, 2).tolist()
        bright += cv2.ellipse(np.zeros_like(bright), centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    return _blurred(bright, rng.uniform(2, 18), _tint(rng) * rng.uniform(0.2, 1.2))


def _photograph(photos: Sequence[Image], rng: np.random.Generator) -> Light:
    photo = photos[rng.integers(len(photos))]
    side = int(min(photo.shape[:2]) * rng.uniform(0.4, 1))
    top, left = (int(rng.integers(0, length - side + 1)) for length in photo.shape[:2])
    part = cv2.resize(photo[top : top + side, left : left + side], (CROP, CROP), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(to_light(part[:, ::-1]), (0, 0), rng.uniform(2, 12)) * np.float32(rng.uniform(0.1, 0.5))


def _blurred(bright: Light, sigma: float, colour: NDArray[np.float64]) -> Light:
    return (cv2.GaussianBlur(bright, (0, 0), sigma)[..., None] * colour).astype(np.float32)


def simulated_pairs(tree: Path) -> list[Pair]:
    """Attacks of a tree that `fas simulate oulu` made, one frame of each video, with the truth next to it.

    Args:
        tree: Its root. The truth is what the mirrored light adds to a frame, in 8-bit levels of sRGB; it is turned
            into linear light.
    """
    cropper = Cropper()
    pairs = []
    for path in sorted(tree.glob("Truth/*.npz")):
        with np.load(path) as truth:
            if "reflection" not in truth:
                continue
            number, added = int(truth["reflection_frames"][0]), truth["reflection"][0].astype(np.float32)
        (video,) = tree.glob(f"*_files/{path.stem}.avi")
        image = next(frame.image for frame in read_frames(video, FrameSelection()) if frame.number == number)
        for crop, depth, matrix in list(cropper.crops(image))[:1]:
            step = image.shape[1] / added.shape[1]
            from_small = matrix @ np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2], [0, 0, 1]])
            levels = cv2.warpAffine(added, from_small, (CROP, CROP))
            clean = np.clip(crop - levels, 0, 255)
            reflection = to_light(crop) - to_light(clean)
            inside = cv2.resize(reflection, depth.shape, interpolation=cv2.INTER_AREA)[depth > 0]
            strength = "visible" if inside.std(axis=0).mean() > VISIBLE else "faint"
            pairs.append(Pair(crop, depth, reflection, f"{'print' if path.stem[-1] in '23' else 'replay'}, {strength}"))
    return pairs
