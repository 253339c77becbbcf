"""The face-alignment package: S3FD boxes (those of the BASN paper) and FAN landmarks, of which five points are kept."""

from __future__ import annotations

import tempfile
from functools import cached_property, partial
from pathlib import Path
from pickle import UnpicklingError  # only to catch it: torch raises it for a file that is not safe
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError, first_line
from fas.faces.face import Face
from fas.weights.fetching import model_file
from fas.weights.per_process import PerProcess
from fas.weights.sources import file_hash
from fas.weights.table import FAN, S3FD

_MAX_SIDE = 640
"""S3FD was trained at this size; at 1080p it would take nine times as long and gain faces too small to use."""

# Of the 68 landmarks. "Left" is the image's left.
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_NOSE_TIP, _LEFT_MOUTH, _RIGHT_MOUTH = 30, 48, 54


class FaceAlignmentDetector:
    """S3FD (Zhang et al., ICCV 2017) and 2D-FAN-4 (Bulat and Tzimiropoulos, ICCV 2017). About a second a face on a CPU.

    Args:
        weights: A folder that holds `s3fd-619a316812.pth` and `2DFAN4-11f355bf06.pth.tar`, or None for those of
            `fas models`.
        min_score: Faces below this confidence are not returned.
    """

    def __init__(self, weights: Path | None = None, min_score: float = 0.5) -> None:
        self._paths = {name: model_file(name, weights) for name in (S3FD, FAN)}
        self._package: PerProcess[Any] = PerProcess(partial(_load, self._paths, min_score))

    @cached_property
    def identity(self) -> dict[str, str]:
        """Name and hashes of the weights."""
        return {"name": "face-alignment", **{name: file_hash(path) for name, path in self._paths.items()}}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """All faces of an RGB image `(H, W, 3)`, the best score first."""
        package = self._package.get()
        scale = min(1.0, _MAX_SIDE / max(image.shape[:2]))
        small = image if scale == 1.0 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = package.face_detector.detect_from_image(small)
        if len(found) == 0:
            return []
        boxes = np.array(sorted(found, key=lambda box: -box[4]), dtype=np.float64)  # the package rejects float32
        boxes[:, :4] = (boxes[:, :4] + 0.5) / scale - 0.5
        faces = zip(boxes, package.get_landmarks_from_image(image, detected_faces=boxes), strict=True)
        return [Face(box[:4].astype(np.float32), float(box[4]), _five_points(landmarks)) for box, landmarks in faces]


def _five_points(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """From `(68, 2)` in the order of iBUG 300-W."""
    eyes = landmarks[_LEFT_EYE].mean(axis=0), landmarks[_RIGHT_EYE].mean(axis=0)
    return np.stack([*eyes, landmarks[_NOSE_TIP], landmarks[_LEFT_MOUTH], landmarks[_RIGHT_MOUTH]]).astype(np.float32)


def _load(paths: dict[str, Path], min_score: float) -> Any:
    # Takes seconds to import and is needed by this backend only.
    import torch
    from face_alignment import FaceAlignment, LandmarksType

    hub = torch.hub.get_dir()
    try:
        with tempfile.TemporaryDirectory() as folder:
            # The package reads FAN from torch's hub and takes no path; a hub of our own is the way without patching it.
            checkpoints = Path(folder) / "checkpoints"
            checkpoints.mkdir()
            (checkpoints / FAN).symlink_to(paths[FAN].resolve())
            torch.hub.set_dir(folder)
            return FaceAlignment(
                LandmarksType.TWO_D,
                device="cuda" if torch.cuda.is_available() else "cpu",
                face_detector_kwargs={"path_to_detector": str(paths[S3FD]), "filter_threshold": min_score},
                compile=False,
            )
    except UnpicklingError as error:  # its message advises to load the file unsafely
        raise _bad_weights(paths, "a file is not a torch file, or holds more than tensors") from error
    except (RuntimeError, KeyError, AttributeError, EOFError, ValueError, OSError) as error:
        raise _bad_weights(paths, first_line(error)) from error
    finally:
        torch.hub.set_dir(hub)


def _bad_weights(paths: dict[str, Path], reason: str) -> FasError:
    cause = f"face-alignment cannot load its weights: {reason}"
    return FasError(cause, path=paths[S3FD].parent, remedy=f"use {S3FD} and {FAN} as published")
