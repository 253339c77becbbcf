"""InsightFace's SCRFD detector (its package also calls it RetinaFace), run by onnxruntime through that package."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError, first_line
from fas.faces.face import Face
from fas.weights.fetching import model_file
from fas.weights.onnx import session_options
from fas.weights.per_process import PerProcess
from fas.weights.sources import file_hash
from fas.weights.table import SCRFD

_INPUT_SIZE = (640, 640)
"""The size that the published weights were evaluated at; the image is letterboxed into it."""


class InsightFaceDetector:
    """SCRFD with five points (Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021).

    Args:
        weights: A folder that holds `det_10g.onnx`, or None for the one of `fas models`.
        min_score: Faces below this confidence are not returned.
    """

    def __init__(self, weights: Path | None = None, min_score: float = 0.5) -> None:
        self._path = model_file(SCRFD, weights)
        self._model: PerProcess[Any] = PerProcess(partial(_load, self._path, min_score))

    @cached_property
    def identity(self) -> dict[str, str]:
        """Name and hash of the weights."""
        return {"name": "insightface", SCRFD: file_hash(self._path)}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """All faces of an RGB image `(H, W, 3)`, the best score first."""
        boxes, points = self._model.get().detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        faces = zip(boxes.astype(np.float32), points.astype(np.float32), strict=True)
        return [Face(box=box[:4], score=float(box[4]), points=five) for box, five in faces]


def _load(path: Path, min_score: float) -> Any:
    from insightface.model_zoo import get_model  # takes seconds to import, and only this backend needs it

    try:
        model = get_model(str(path), sess_options=session_options(cv2.getNumThreads()))
    except Exception as error:  # onnxruntime's exceptions share no base class
        cause = f"insightface cannot load the weights: {first_line(error)}"
        raise FasError(cause, path=path, remedy=f"use {SCRFD}") from error
    if not getattr(model, "use_kps", False):
        raise FasError("these weights are not an SCRFD detector with five points", path=path, remedy=f"use {SCRFD}")
    model.prepare(ctx_id=0, input_size=_INPUT_SIZE, det_thresh=min_score)
    return model
