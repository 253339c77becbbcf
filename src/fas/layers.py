"""The table of layers: every modality of a presentation that can be stored, described once.

Store, preprocessing, data loading, report and command line read this table. A new layer is one row here, one pure
function in `fas.maps`, one file in `fas.preprocessing.layers` and its `--<name>` option of `fas preprocess`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fas.labels import ATTACK, BONA_FIDE

RGB = "rgb"
MESH = "mesh"
DEPTH = "depth"
REFLECTION = "reflection"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        name: Name of its folder in the store and of its option on the command line.
        about: What it is, for users.
        kind: `image`: uint8 `(H, W)` or `(H, W, 3)`, 255 standing for 1, encoded as an image. `points`: float32
            `(N, D)`, the first two of D being x and y in pixels of the crop, encoded as .npy. `vector`: float32
            `(N,)`, encoded as .npy.
        channels: Number of channels of an image; D of points; N of a vector.
        unit: Whether there is a value for every frame or one for the presentation.
        zero_for: The label whose training target is zeros; the stored value is not read for it. None: no such rule.
        sign_of: The label that a high value indicates, if any; it decides the colour in pictures.
        optional: Whether `fas preprocess` computes it only on request (`--<name>`).
    """

    name: str
    about: str
    kind: Literal["image", "points", "vector"]
    channels: int
    unit: Literal["frame", "presentation"] = "frame"
    zero_for: int | None = None
    sign_of: int | None = None
    optional: bool = True


LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer(RGB, "face crop", "image", 3, optional=False),
        Layer(MESH, "mesh of 468 points: x, y and relative depth, in pixels of the crop", "points", 3, optional=False),
        # A print or a display is flat: no depth (BASN, section 3.1, equation 1).
        Layer(DEPTH, "pseudo depth: 1 nearest, 0 outside the face", "image", 1, zero_for=ATTACK, sign_of=BONA_FIDE),
        # A bona fide face has no reflecting medium in front of it (BASN, section 3.1, equation 2).
        Layer(REFLECTION, "light reflected by a medium", "image", 3, zero_for=BONA_FIDE, sign_of=ATTACK),
    )
}
"""Layer name -> its description, in the order in which layers are computed and shown."""


def is_per_presentation(name: str) -> bool:
    """Whether a layer has one value for the whole presentation; False for a layer that the table does not know."""
    return name in LAYERS and LAYERS[name].unit == "presentation"


def layer_options(name: str) -> tuple[str, ...]:
    """The option of `fas preprocess` that adds a layer: `--<name>`; none for a layer that is always stored."""
    return () if name in LAYERS and not LAYERS[name].optional else (f"--{name}",)
