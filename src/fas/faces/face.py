"""The result of every face backend, and the interfaces that backends implement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)  # comparing arrays gives no truth value
class Face:
    """One face in one image, in that image's pixel coordinates (x right, y down, pixel centres at integers).

    Attributes:
        box: float32 `(4,)`: x1, y1, x2, y2 of the detector (or the mesh's bounds while following). May reach
            beyond the image.
        score: The detector's or mesh model's confidence in [0, 1].
        points: float32 `(5, 2)`: the eye on the image's left, the eye on its right, the nose tip, the mouth corner
            on the left, the one on the right.
        mesh: float32 `(468, 3)` of the MediaPipe topology, or None before a mesh was fitted. z is in pixels like
            x and y, **smaller is nearer** to the camera, relative to the head's centre.
    """

    box: NDArray[np.float32]
    score: float
    points: NDArray[np.float32]
    mesh: NDArray[np.float32] | None = None

    @property
    def area(self) -> float:
        """The area of the box in square pixels."""
        return float(max(self.box[2] - self.box[0], 0.0) * max(self.box[3] - self.box[1], 0.0))


class FaceDetector(Protocol):
    """Finds the faces of an image. One file per backend."""

    @property
    def identity(self) -> dict[str, str]:
        """Name and weight hashes: goes into the store's recipe, since other weights give other crops."""

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """All faces of an RGB image `(H, W, 3)`, the best score first; an empty list if there is none."""


class MeshModel(Protocol):
    """Fits the dense mesh to a roughly located face."""

    @property
    def identity(self) -> dict[str, str]:
        """Name and weight hashes."""

    def fit(self, image: NDArray[np.uint8], face: Face) -> Face | None:
        """The face with its mesh (and box, points and score updated from it), or None if there is no face there."""
