"""From photographs to people: finds the photographs, the people in them, and who has enough space around the face."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError, FasWarning
from fas.faces.face import FaceDetector, MeshModel
from fas.image_files import IMAGE_SUFFIXES
from fas.simulation.protocols import MOST_SUBJECTS

PACKAGED_PHOTOS = (
    ("skimage", "data/astronaut.png"),
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    ("insightface", "data/images/t1.jpg"),
)
"""Face photographs inside installed packages: one person each, and six."""
PACKAGED_LICENCE = (
    "astronaut.png: NASA, public domain, in scikit-image; grace_hopper.jpg: US Navy, public domain, in matplotlib; "
    "t1.jpg: carried by the package insightface (MIT) as its example, rights of the photograph not stated. "
    "Nothing of them is copied into this project; do not publish the simulated videos."
)
_SMALLEST_FACE = 80
"""Faces narrower than this many pixels give nothing that a camera would resolve."""
_LARGEST_FACE = 700
"""Faces wider than this are scaled down: no video shows more."""
_REACH = (2.0, 3.0)
"""What is kept of a photograph on each side of the face, in widths of it."""
_NARROWEST = 0.62
"""A mesh narrower than this share of its height is a profile, whose far side a photograph does not show."""
_BYSTANDER = 0.7
"""A face smaller than this share of the photograph's largest is somebody in the background, out of focus."""
_NEIGHBOUR = (1.3, 1.3)
"""Another face nearer than this, in widths and heights of the face, would be in the frame."""
_USABLE = (
    f"it must be {_SMALLEST_FACE} pixels wide or more, not in profile, in focus and without a neighbour in the frame"
)


@dataclass(frozen=True, slots=True)
class Person:
    """One face on one photograph.

    Attributes:
        source: The photograph's file name and the face's number on it, for the record.
        photo: The part of the photograph around the face, RGB uint8 `(H, W, 3)`, scaled down if it is huge.
        mesh: float32 `(468, 3)` in that part's pixels.
        others: The outlines of the other faces' meshes, each `(n, 2)`.
    """

    source: str
    photo: NDArray[np.uint8]
    mesh: NDArray[np.float32]
    others: tuple[NDArray[np.float32], ...]


def packaged_photos() -> list[Path]:
    """The default photographs.

    Raises:
        FasError: A package no longer contains its photograph.
    """
    paths = []
    for package, name in PACKAGED_PHOTOS:
        spec = find_spec(package)
        path = Path(spec.origin).parent / name if spec and spec.origin else Path(name)
        if not path.is_file():
            raise FasError(
                f"the package {package!r} does not contain its face photograph", path=path, remedy="give --faces DIR"
            )
        paths.append(path)
    return paths


def photos_in(folder: Path) -> list[Path]:
    """All files of a folder that look like photographs by their names, sorted.

    Raises:
        FasError: The folder does not exist or holds none.
    """
    if not folder.is_dir():
        raise FasError("the folder of portraits does not exist", path=folder, remedy="check --faces")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    if not paths:
        raise FasError(
            f"no photographs in the folder; looked for {', '.join(sorted(IMAGE_SUFFIXES))}",
            path=folder,
            remedy="put portraits there, one person per file, or leave --faces out",
        )
    return paths


def find_people(paths: list[Path], detector: FaceDetector, mesh_model: MeshModel, wanted: int | None) -> list[Person]:
    """All people who can become a subject, in the order of the files and, in a file, from left to right.

    A file that is not a photograph, shows no usable face or repeats another file is a warning. Two different
    photographs of one person cannot be told from two people: a folder must hold each person once.

    Args:
        paths: The files, read in this order.
        detector: Finds the faces.
        mesh_model: Fits their meshes.
        wanted: How many people there must be; None uses all there are, up to the 55 of OULU-NPU.

    Raises:
        FasError: No person was found, or fewer than wanted.
    """
    people: list[Person] = []
    seen: dict[str, str] = {}
    for path in paths:
        photo = _read_photo(path)
        if photo is None:
            continue
        digest = hashlib.sha256(photo.tobytes()).hexdigest()
        if digest in seen:
            warnings.warn(
                f"{path.name} shows the same picture as {seen[digest]} and is left out", FasWarning, stacklevel=2
            )
            continue
        seen[digest] = path.name
        found = _people_in(photo, path.name, detector, mesh_model)
        if not found:
            warnings.warn(f"{path.name} shows no usable face: {_USABLE}", FasWarning, stacklevel=2)
        people += found
        enough = MOST_SUBJECTS if wanted is None else wanted
        if len(people) >= enough:
            return people[:enough]
    if not people:
        raise FasError(
            f"no usable face in {len(paths)} photographs: {_USABLE}",
            path=paths[0].parent,
            remedy="give --faces a folder of portraits",
        )
    if wanted is not None and len(people) < wanted:
        raise FasError(
            f"{wanted} subjects are wanted, but the photographs show {len(people)} people; nobody may be two subjects, "
            "because one person in two splits would make every test invalid",
            remedy=f"--subjects {len(people)}, or --faces with a folder of at least {wanted} portraits",
        )
    return people


def _read_photo(path: Path) -> NDArray[np.uint8] | None:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        warnings.warn(f"{path.name} cannot be read: {error.strerror}", FasWarning, stacklevel=3)
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    except cv2.error:  # raised for more pixels than it takes; for anything else that is not a picture it returns None
        image = None
    if image is None:
        warnings.warn(f"{path.name} is not a photograph that OpenCV can read", FasWarning, stacklevel=3)
    return None if image is None else np.asarray(image, np.uint8)


def _people_in(photo: NDArray[np.uint8], name: str, detector: FaceDetector, mesh_model: MeshModel) -> list[Person]:
    fitted = [mesh_model.fit(photo, face) for face in detector.detect(photo)]
    meshes = sorted((face.mesh for face in fitted if face is not None and face.mesh is not None), key=lambda m: m[1, 0])
    outlines = [cv2.convexHull(mesh[:, :2].astype(np.float32)).reshape(-1, 2) for mesh in meshes]
    largest = max((float(np.ptp(mesh[:, 1])) for mesh in meshes), default=0.0)
    people = []
    for index, mesh in enumerate(meshes):
        others = tuple(outline for other, outline in enumerate(outlines) if other != index)
        if _is_usable(mesh, largest, others):
            people.append(_cut_out(f"{name}#{index}", photo, mesh, others))
    return people


def _cut_out(
    source: str, photo: NDArray[np.uint8], mesh: NDArray[np.float32], others: tuple[NDArray[np.float32], ...]
) -> Person:
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    face_width = float(max(high - low))
    reach = np.array(_REACH) * face_width
    height, width = photo.shape[:2]
    x0, y0 = np.maximum((low + high) / 2 - reach, 0).astype(int)
    x1, y1 = np.minimum((low + high) / 2 + reach, (width, height)).astype(int)
    part = photo[y0:y1, x0:x1]
    scale = min(1.0, _LARGEST_FACE / face_width)
    if scale < 1:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    corner = np.array([x0, y0], np.float32)
    moved = np.column_stack([(mesh[:, :2] - corner) * scale, mesh[:, 2:] * scale]).astype(np.float32)
    outlines = tuple(((outline - corner) * scale).astype(np.float32) for outline in others)
    return Person(source, np.ascontiguousarray(part), moved, outlines)


def _is_usable(mesh: NDArray[np.float32], largest: float, others: tuple[NDArray[np.float32], ...]) -> bool:
    size = np.ptp(mesh[:, :2], axis=0)
    big_enough = size[0] >= _SMALLEST_FACE and size[1] >= _BYSTANDER * largest
    centre = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
    apart = [np.abs((outline.mean(axis=0) - centre) / size) for outline in others]
    alone = all(dx > _NEIGHBOUR[0] or dy > _NEIGHBOUR[1] for dx, dy in apart)
    return bool(big_enough and size[0] >= _NARROWEST * size[1] and alone)
