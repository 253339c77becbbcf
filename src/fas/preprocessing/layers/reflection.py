"""The layer `reflection`: light that a medium reflects, inside the face of each crop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.maps.depth import depth_map
from fas.maps.reflection import make_estimator, reflection_map
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame, to_bytes
from fas.preprocessing.settings import LayerSettings


class ReflectionMaker(LayerMaker):
    """Estimates the reflection in each crop; see `fas.maps.reflection`.

    Args:
        settings: The side of the map, and the estimator.

    Raises:
        FasError: There is no such estimator, or its weights are missing.
    """

    def __init__(self, settings: LayerSettings) -> None:
        self._size = settings.map_size
        self._estimator = make_estimator(settings.reflection_estimator, settings.reflection_weights)
        self.settings = {"size": settings.map_size, **self._estimator.identity}

    def see(self, frame: SeenFrame) -> NDArray[np.uint8] | None:
        """The reflection in one crop: uint8 `(size, size, 3)`."""
        if frame.face is None:
            return None
        # Drawn again even if the depth layer is computed too: that takes 0.1 ms, the estimator tens of times as long.
        depth = depth_map(frame.face.mesh, frame.face.image.shape[0], self._size)
        return to_bytes(reflection_map(frame.face.image, depth, self._estimator, self._size))
