"""Writes small real video files for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def write_video(
    path: Path, images: Iterable[NDArray[np.uint8]], *, rate: int = 25, codec: str = "libx264", rotation: int = 0
) -> None:
    """Encodes RGB images of one even size; `rotation` is counter-clockwise degrees written as display metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = None
        for image in images:
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                stream.thread_type = "NONE"
                if rotation:
                    stream.set_display_rotation(rotation)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        assert stream is not None, "a video needs a frame"
        container.mux(stream.encode())


def numbered_images(count: int, *, height: int = 96, width: int = 64, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Grey levels that rise with the frame's number over a fixed texture, so that a frame can be recognised."""
    texture = np.random.default_rng(seed).integers(0, 40, (height, width, 3), dtype=np.uint8)
    return [texture + np.uint8(200 * i // max(count, 1)) for i in range(count)]
