"""The settings of a store's faces and layers, as plain values for its recipe hash and its layers' settings."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fas.errors import FasError
from fas.faces.align import check_alignment
from fas.layers import LAYERS, RGB
from fas.maps.reflection import DEFAULT_ESTIMATOR
from fas.preprocessing.decode import FrameSelection
from fas.store.codec import codec_extension

ROTATIONS = ("metadata", "face")
FACE_LAYERS = tuple(sorted((name for name in LAYERS if not LAYERS[name].optional), key=lambda name: name == RGB))
"""The layers that are always stored, in the order of writing: rgb last, so that a stored crop always has its mesh."""
DEFAULT_MAP_SIZE = 64


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """How faces are found and cropped. Another value means another recipe, so another folder of the store.

    Attributes:
        frames: Which frames of a video are used.
        size: Side of the square crop in pixels.
        margin: Share of the face's size added on each side of it.
        alignment: `none` (upright square, as BASN's S3FD crops) or an alignment of `fas.faces.align`.
        codec: Codec of the crops; lossless unless the user chooses another, since lossy coding erases traces.
        detector: Name of the face detector backend, or `annotations`.
        rotation: `metadata`: frames are turned as their container says; `face`: then also so that the face is upright.

    Raises:
        FasError: There is no such alignment, codec or rotation.
    """

    frames: FrameSelection
    size: int
    margin: float
    alignment: str
    codec: str
    detector: str
    rotation: str = "metadata"

    def __post_init__(self) -> None:
        if not 0 <= self.margin < math.inf:
            raise FasError(f"a margin of {self.margin} is not possible", remedy="give 0 or more, such as 0.25")
        check_alignment(self.alignment)
        codec_extension(self.codec)
        if self.rotation not in ROTATIONS:
            raise FasError(f"there is no rotation {self.rotation!r}", remedy=f"choose one of: {', '.join(ROTATIONS)}")

    def recipe(self, identities: dict[str, dict[str, str]]) -> dict[str, Any]:
        """The part of a store's recipe that these settings make up.

        Args:
            identities: Name and weight hashes of the detector and the mesh model.
        """
        return {**asdict(self), "frames": str(self.frames), "faces": "largest, followed", **identities}


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """The requested optional layers and their settings. They can be added later without changing the crops.

    Attributes:
        layers: Names of optional layers.
        map_size: Side of stored maps in pixels.
        reflection_estimator: Name of the reflection estimator of `fas.maps.reflection`.
        reflection_weights: Weight file of an estimator that needs one.
    """

    layers: tuple[str, ...]
    map_size: int = DEFAULT_MAP_SIZE
    reflection_estimator: str = DEFAULT_ESTIMATOR
    reflection_weights: Path | None = None
