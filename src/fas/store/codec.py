"""Values of layers to bytes and back: images as PNG, WebP (lossless) or JPEG (lossy), points and vectors as .npy."""

from __future__ import annotations

import io
import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.layers import Layer

# Measured on 256 x 256 face crops (benchmarks/store.py): against OpenCV's default this decodes in two thirds of the
# time and encodes faster, for at most 5 % more bytes. Run-length coding leaves little for the decoder to do, and the
# difference to the row above is the cheapest filter that compresses well.
_PNG = [
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_UP,
]
_WEBP = [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_ON]
_JPEG = re.compile(r"jpeg([1-9][0-9]?|100)")


ARRAY_EXTENSION = "npy"
"""The file extension of points and vectors."""

MAP_CODEC = "png"
"""The codec of every image layer except the crops, whose codec the user may choose."""


def layer_extension(layer: Layer, codec: str = MAP_CODEC) -> str:
    """The file extension of a layer's values: of the codec for images, `npy` for points and vectors.

    Raises:
        FasError: There is no such codec.
    """
    return codec_extension(codec) if layer.kind == "image" else ARRAY_EXTENSION


def encode_value(layer: Layer, values: NDArray[Any], codec: str = MAP_CODEC) -> bytes:
    """Checks one value of a layer against the table of layers and encodes it.

    Args:
        layer: The layer.
        values: As `Layer.kind` says.
        codec: Of an image.

    Raises:
        FasError: There is no such codec.
        ValueError: The array has another type or shape.
    """
    check_value(layer, values)
    return encode_image(values, codec) if layer.kind == "image" else encode_array(values)


def check_value(layer: Layer, values: NDArray[Any]) -> None:
    """Checks type and shape of a layer's value against the table of layers.

    Raises:
        ValueError: It does not match the table.
    """
    if layer.kind == "image":
        fits = values.dtype == np.uint8 and values.ndim == (2 if layer.channels == 1 else 3)
        wanted = "uint8 (H, W)" if layer.channels == 1 else f"uint8 (H, W, {layer.channels})"
        fits = fits and (layer.channels == 1 or values.shape[-1] == layer.channels)
    elif layer.kind == "points":
        fits = values.dtype == np.float32 and values.ndim == 2 and values.shape[1] == layer.channels
        wanted = f"float32 (N, {layer.channels})"
    else:
        fits, wanted = values.dtype == np.float32 and values.ndim == 1, "float32 (N,)"
    if not fits or values.size == 0:
        raise ValueError(f"a value of layer {layer.name!r} is {wanted}, not {values.dtype} {values.shape}")


def encode_array(values: NDArray[np.float32]) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes, layer: Layer | None = None) -> NDArray[np.float32]:
    """Decodes the bytes of `encode_array`; never unpickles.

    Args:
        data: The bytes of a .npy file.
        layer: The layer that the value must fit; None for a layer that the table does not know.

    Raises:
        ValueError: These are not the bytes of a whole array, or the array has another type or shape.
    """
    try:
        # Not np.load, which would also open a zip.
        values: NDArray[np.float32] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, SyntaxError, MemoryError) as error:
        raise ValueError(f"not a whole array: {error}") from error
    if layer is not None:
        check_value(layer, values)
    return values


def codec_extension(codec: str) -> str:
    """The file extension of a codec: `png`, `webp` or `jpg`.

    Raises:
        FasError: There is no such codec.
    """
    if codec in ("png", "webp"):
        return codec
    if _JPEG.fullmatch(codec):
        return "jpg"
    raise FasError(
        f"there is no codec {codec!r}",
        remedy="choose png (lossless), webp (lossless, smaller, slow to write) or jpeg1 to jpeg100 (lossy)",
    )


def encode_image(image: NDArray[np.uint8], codec: str = "png") -> bytes:
    """Encodes one image.

    Args:
        image: uint8 `(H, W, 3)` RGB or `(H, W)` grey.
        codec: `png`, `webp` (colour only), or `jpeg<quality>` with quality 1 to 100, which keeps full colour
            resolution (4:4:4) since colour moire is a cue.

    Returns:
        The bytes of a file of that format.

    Raises:
        FasError: There is no such codec.
        ValueError: The array is not such an image.
    """
    extension = codec_extension(codec)
    if image.dtype != np.uint8 or image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ValueError(f"not a uint8 image (H, W) or (H, W, 3): {image.dtype} {image.shape}")
    if extension == "webp" and image.ndim == 2:
        raise ValueError("WebP does not support grey images; store maps as png")
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode("." + extension, pixels, _parameters(codec))
    if not done:
        raise ValueError(f"OpenCV cannot encode an image of shape {image.shape} as {codec}")
    return data.tobytes()


def _parameters(codec: str) -> list[int]:
    if codec == "png":
        return _PNG
    if codec == "webp":
        return _WEBP
    quality = int(codec.removeprefix("jpeg"))
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return [cv2.IMWRITE_JPEG_QUALITY, quality, *sampling]


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """Decodes the bytes of `encode_image`.

    Args:
        data: The bytes of a PNG, WebP or JPEG file.

    Returns:
        uint8 `(H, W, 3)` RGB or `(H, W)` grey.

    Raises:
        ValueError: These are not the bytes of a whole image.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError("not a whole image")
    pixels: NDArray[np.uint8] = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return pixels
