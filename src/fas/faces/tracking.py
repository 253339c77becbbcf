"""One face through a video: detected once, then followed by its mesh, and detected again only when it is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.faces.face import Face, FaceDetector, MeshModel

_MIN_OVERLAP = 0.3
"""Intersection over union of the boxes in successive frames below which the mesh has jumped."""


class FaceTracker:
    """Follows one face. Stateful over one video; not for use from several threads.

    Policy: the largest face of the first frame that shows one is followed. If it is lost, the detector runs; of the
    detected faces, the one that overlaps its last known place most is chosen, else the largest.

    Args:
        detector: Finds faces where none is being followed.
        mesh_model: Fits the mesh, and says whether a face is there.

    Attributes:
        detector: The argument.
        detections: How often the detector ran since construction.
    """

    def __init__(self, detector: FaceDetector, mesh_model: MeshModel) -> None:
        self.detector = detector
        self._mesh_model = mesh_model
        self._followed: Face | None = None
        self._last_box: NDArray[np.float32] | None = None
        self.detections = 0

    def track(self, image: NDArray[np.uint8]) -> Face | None:
        """The face in the next frame, with its mesh; None if the frame shows none.

        Args:
            image: RGB `(H, W, 3)`. Frames may be far apart: a face that moved too far to be followed is detected.
        """
        face = self._follow(image) or self._find(image)
        self._followed = face
        if face is not None:
            self._last_box = face.box
        return face

    def reset(self) -> None:
        """Forgets the face: the next frame begins another video."""
        self._followed = None
        self._last_box = None

    def _follow(self, image: NDArray[np.uint8]) -> Face | None:
        if self._followed is None:
            return None
        face = self._mesh_model.fit(image, self._followed)
        if face is None or box_overlap(face.box, self._followed.box) < _MIN_OVERLAP:
            return None
        return face

    def _find(self, image: NDArray[np.uint8]) -> Face | None:
        self.detections += 1
        # A detection that the mesh model does not confirm is not a face; the next best is tried.
        for candidate in sorted(self.detector.detect(image), key=self._preference, reverse=True):
            face = self._mesh_model.fit(image, candidate)
            if face is not None:
                return face
        return None

    def _preference(self, face: Face) -> tuple[float, float]:
        overlap = 0.0 if self._last_box is None else box_overlap(face.box, self._last_box)
        return overlap, face.area


def box_overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2; 0 for boxes without area."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    intersection = float(np.prod(np.maximum(sides, 0.0)))
    union = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - intersection
    return intersection / union if union > 0 else 0.0
