"""What a store's faces and maps depend on, as plain values that go into its recipe hash and its layers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fas.errors import FasError
from fas.faces.align import check_alignment
from fas.maps.reflection import DEFAULT_ESTIMATOR
from fas.preprocessing.decode import FrameSelection
from fas.store.codec import codec_extension

RGB = "rgb"
MESH = "mesh"
DEPTH = "depth"
REFLECTION = "reflection"
ROTATIONS = ("metadata", "face")
FACE_LAYERS = (MESH, RGB)
"""The layers that one pass over the media writes, in the order of writing: a stored crop always has its mesh."""


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """How faces are found and cut. Another value is another recipe: another folder of the store.

    Attributes:
        frames: Which frames of a video are used.
        size: Side of the square crop in pixels.
        margin: Share of the face's size added on each side of it.
        alignment: `none` (upright square, as BASN's S3FD crops) or an alignment of `fas.faces.align`.
        codec: Codec of the crops; lossless unless the user says otherwise, since lossy coding erases what we look for.
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
class MapSettings:
    """How the maps of a crop are computed. They can be added to a store later, without touching its crops.

    Attributes:
        layers: Which of `depth` and `reflection` are wanted.
        size: Side of the stored maps in pixels.
        reflection_estimator: Name of the reflection estimator of `fas.maps.reflection`.
        reflection_weights: Weight file of an estimator that needs one.
    """

    layers: tuple[str, ...]
    size: int = 64
    reflection_estimator: str = DEFAULT_ESTIMATOR
    reflection_weights: Path | None = None
