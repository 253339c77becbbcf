"""The detectors by name, as a recipe or `--detector` gives it."""

from __future__ import annotations

from pathlib import Path

from fas.errors import FasError
from fas.faces.face import FaceDetector
from fas.faces.face_alignment import FaceAlignmentDetector
from fas.faces.given import GIVEN, GivenFaces
from fas.faces.insightface import InsightFaceDetector
from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
from fas.weights.table import FACE_MESH

DETECTORS: dict[str, type[MediaPipeDetector] | type[InsightFaceDetector] | type[FaceAlignmentDetector]] = {
    "mediapipe": MediaPipeDetector,
    "insightface": InsightFaceDetector,
    "face-alignment": FaceAlignmentDetector,
}
"""Name -> class; each takes a folder of weights, or None."""


def make_detector(name: str, weights: Path | None = None) -> FaceDetector:
    """The detector of this name. Its files are found or fetched now, and loaded at the first image.

    Args:
        name: A key of `DETECTORS`, or `annotations` for the faces that come with the dataset.
        weights: A folder with the detector's files, instead of those of `fas models`.

    Raises:
        FasError: Unknown name, or the weights are missing.
    """
    if name == GIVEN:
        return GivenFaces()
    if name not in DETECTORS:
        known = ", ".join((*DETECTORS, GIVEN))
        raise FasError(f"there is no face detector {name!r}", remedy=f"choose one of: {known}")
    return DETECTORS[name](weights)


def make_mesh_model(weights: Path | None = None) -> MediaPipeMesh:
    """The mesh model, which is the same for every detector.

    Args:
        weights: The folder that was given for the detector; the mesh's file is taken from it if it is there.
    """
    return MediaPipeMesh(weights if weights is not None and (weights / FACE_MESH).is_file() else None)
