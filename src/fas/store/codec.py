"""Images to bytes and back: PNG and WebP without loss, JPEG with a quality that the user named."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError

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


IMAGE_EXTENSIONS = ("png", "webp", "jpg")
"""What `decode_image` reads."""


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
        ValueError: The array is no such image.
    """
    extension = codec_extension(codec)
    if image.dtype != np.uint8 or image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ValueError(f"not a uint8 image (H, W) or (H, W, 3): {image.dtype} {image.shape}")
    if extension == "webp" and image.ndim == 2:
        raise ValueError("WebP has no grey images; store maps as png")
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
    """Decodes what `encode_image` made.

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
