"""The layer `depth`: pseudo depth of each crop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fas.maps.depth import depth_map
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame, to_bytes
from fas.preprocessing.settings import LayerSettings


class DepthMaker(LayerMaker):
    """Draws the mesh of each crop with a z-buffer; see `fas.maps.depth`.

    Args:
        settings: The side of the map.
    """

    def __init__(self, settings: LayerSettings) -> None:
        self._size = settings.map_size
        self.settings = {"size": settings.map_size}

    def see(self, frame: SeenFrame) -> NDArray[np.uint8] | None:
        """The depth of one crop: uint8 `(size, size)`."""
        if frame.face is None:
            return None
        return to_bytes(depth_map(frame.face.mesh, frame.face.image.shape[0], self._size))
