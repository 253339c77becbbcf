"""A dataset's own face annotations, instead of the detector or as a check on it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fas.datasets.annotations import FrameAnnotation, read_annotations
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.errors import FasWarning
from fas.faces.face import Face
from fas.faces.given import face_at


class BundledFaces:
    """The annotations of one presentation.

    Args:
        recipe: The dataset.
        root: Its raw tree.
        presentation: The presentation.
    """

    def __init__(self, recipe: Recipe, root: Path, presentation: Presentation) -> None:
        self._recipe = recipe
        self._root = root
        self._presentation = presentation
        self._rows: dict[int, FrameAnnotation] | None = None
        self._compared = 0
        self._elsewhere = 0

    def face(self, number: int, image: NDArray[np.uint8]) -> Face | None:
        """The annotated face of a frame; None if there is none.

        Args:
            number: The frame, from 0.
            image: The frame.

        Raises:
            AnnotationError: The annotations cannot be read.
        """
        if self._rows is None:
            size = image.shape[1], image.shape[0]
            self._rows = read_annotations(self._recipe, self._root, self._presentation, size)
        row = self._rows.get(number)
        return None if row is None else face_at(row.box, row.eyes)

    def compare(self, number: int, image: NDArray[np.uint8], found: Face) -> bool | None:
        """Whether the centre of the annotated face is inside the box of the detected one; None if unknown."""
        annotated = self.face(number, image)
        if annotated is None:
            return None
        middle = annotated.points[:2].mean(axis=0)
        agrees = bool(np.all((found.box[:2] <= middle) & (middle <= found.box[2:])))
        self._compared += 1
        self._elsewhere += not agrees
        return agrees

    def report(self) -> None:
        """Warns if the faces of the presentation disagree with the dataset's annotations.

        Warns:
            FasWarning: Some disagree, or nothing could be compared.
        """
        if not self._compared:
            warnings.warn(FasWarning("no annotation to compare the faces with"), stacklevel=2)
        elif self._elsewhere:
            message = f"in {self._elsewhere} of {self._compared} frames the face is not where the dataset annotates it"
            warnings.warn(FasWarning(message), stacklevel=2)
