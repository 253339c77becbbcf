"""The interface between the pipeline and the files of this folder: a maker computes a layer of one presentation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fas.preprocessing.acquire import FaceCrop


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """One frame of a presentation as a maker sees it. Arrays are shared between makers and must not be changed.

    Attributes:
        number: 0-based position in the medium.
        time: Seconds from its start; None if the container has no time stamps.
        stored: Whether the store holds this frame. Only then may a maker give a value for it.
        face: Crop, mesh and transform; None if no face was found. Of a stored frame it is exactly what the store holds,
            lossy coding included. Between stored frames the face is followed and cut in the same way.
        image: The whole frame, uint8 `(H, W, 3)` RGB, upright; None unless the maker needs media. `face.transform`
            leads from it to the crop.
    """

    number: int
    time: float | None
    stored: bool
    face: FaceCrop | None
    image: NDArray[np.uint8] | None = None


class LayerMaker(ABC):
    """Computes one layer. One maker serves all presentations of a worker, one after another.

    The values must not depend on whether the layer is computed with the crops or added later: they depend only on
    the frames seen and on `settings`. Bona fide and attacks are treated the same; data loading applies `zero_for`.

    Attributes:
        needs_media: False: the maker sees the stored frames, and the layer can be added later without the media. True:
            it sees every frame of the medium in order, whichever of them the recipe keeps, with its whole image; a
            layer added later reads the media again.
        settings: Everything that determines the layer's values: JSON content, recorded in `layer.json`.
    """

    needs_media: ClassVar[bool] = False
    settings: dict[str, Any]

    def start(self) -> None:  # noqa: B027 (optional: most makers keep nothing)
        """Begins a presentation: forgets the state of the previous one."""

    @abstractmethod
    def see(self, frame: SeenFrame) -> NDArray[Any] | None:
        """Receives the next frame, in order.

        Returns:
            The frame's value in the form that `fas.layers` says, for a layer with one value per frame. None: the layer
            lacks this frame, or it has one value per presentation.
        """

    def finish(self) -> NDArray[Any] | None:
        """Ends a presentation.

        Returns:
            The value of the presentation for a layer that has one, else None.
        """
        return None


def to_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values in [0, 1] as they are stored in an image: 255 stands for 1."""
    scaled: NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return scaled
