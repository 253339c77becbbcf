"""Layers that only tests have: they need what no layer of fas needs yet.

- `change`: per frame, from two successive stored crops.
- `jump`: per frame, from two successive whole frames cut with one box.
- `glow`: one vector per presentation, from every whole frame, whichever of them the recipe keeps.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.layers import LAYERS, Layer
from fas.preprocessing import worker
from fas.preprocessing.layers import MAKERS
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame
from fas.preprocessing.settings import LayerSettings
from fas.preprocessing.worker import WorkerSettings

TABLE = (
    Layer("change", "difference to the stored crop before", "image", 3),
    Layer("jump", "difference to the frame before, cut with the same box", "image", 3),
    Layer("glow", "what every frame shows", "vector", 1, unit="presentation"),
)


class Change(LayerMaker):
    def __init__(self, settings: LayerSettings) -> None:
        self.settings = {"size": settings.map_size}
        self._size = settings.map_size
        self._before: NDArray[np.uint8] | None = None

    def start(self) -> None:
        self._before = None

    def see(self, frame: SeenFrame) -> NDArray[np.uint8] | None:
        assert frame.stored and frame.face is not None and frame.image is None
        before, self._before = self._before, frame.face.image
        if before is None:
            return None
        return cv2.resize(cv2.absdiff(before, self._before), (self._size, self._size), interpolation=cv2.INTER_AREA)


class Jump(LayerMaker):
    needs_media = True

    def __init__(self, settings: LayerSettings) -> None:
        self.settings = {}
        self._before: NDArray[np.uint8] | None = None

    def start(self) -> None:
        self._before = None

    def see(self, frame: SeenFrame) -> NDArray[np.uint8] | None:
        assert frame.image is not None
        before, self._before = self._before, frame.image
        if before is None or not frame.stored or frame.face is None:
            return None
        side = frame.face.image.shape[0]
        crops = [cv2.warpAffine(image, frame.face.transform, (side, side)) for image in (before, frame.image)]
        return np.asarray(cv2.absdiff(*crops), np.uint8)


class Glow(LayerMaker):
    """Per frame: number, time, whether it is stored, mean of the image, mean of the crop, mean x of the mesh."""

    needs_media = True

    def __init__(self, settings: LayerSettings) -> None:
        self.settings = {}
        self._rows: list[list[float]] = []

    def start(self) -> None:
        self._rows = []

    def see(self, frame: SeenFrame) -> None:
        assert frame.image is not None
        face = [0.0, 0.0] if frame.face is None else [frame.face.image.mean(), frame.face.mesh[:, 0].mean()]
        self._rows.append([frame.number, frame.time or 0.0, float(frame.stored), frame.image.mean(), *face])

    def finish(self) -> NDArray[np.float32]:
        return np.array(self._rows, np.float32).ravel()


def register() -> None:
    """Puts the layers into the tables of this process."""
    LAYERS.update({layer.name: layer for layer in TABLE})
    MAKERS.update(change=Change, jump=Jump, glow=Glow)


def start_process(settings: WorkerSettings) -> None:
    """Prepares a worker process that knows these layers."""
    register()
    worker.start_process(settings)
