"""Video files: H.264 in AVI at a phone's bitrate, the same bytes for the same frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from fas.errors import FasError

_ENCODER = "libx264"


class VideoWriter:
    """Encodes frames one after another.

    Args:
        target: A path, or a buffer in memory.
        size: Width and height, both even.
        fps: Frames per second.
        bits_per_pixel: Of the encoder, as a long-time mean.

    Raises:
        FasError: PyAV was built without an H.264 encoder.
    """

    def __init__(self, target: Path | io.BytesIO, size: tuple[int, int], fps: int, bits_per_pixel: float) -> None:
        if _ENCODER not in av.codecs_available:
            raise FasError(
                f"PyAV was built without {_ENCODER}, the encoder of the simulated phones",
                remedy="install PyAV from the Python package index: pip install --force-reinstall av",
            )
        file = str(target) if isinstance(target, Path) else target
        # bitexact leaves the library's version out of the file; one thread cuts slices alike on every machine.
        self._container = av.open(file, "w", format="avi", options={"fflags": "+bitexact"})
        stream = cast(VideoStream, self._container.add_stream(_ENCODER, rate=Fraction(fps)))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = int(bits_per_pixel * size[0] * size[1] * fps)
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "superfast", "bf": "0", "g": str(fps), "threads": "1"}
        self._stream = stream

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Adds one RGB frame `(h, w, 3)`."""
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))


def decode(video: bytes) -> Iterator[NDArray[np.uint8]]:
    """The RGB frames of a video in memory."""
    with cast(InputContainer, av.open(io.BytesIO(video))) as container:
        container.streams.video[0].thread_count = 1
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
