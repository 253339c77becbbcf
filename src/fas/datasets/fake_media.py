"""Tiny playable media for fake trees: a face photograph that moves a little, tinted for an attack."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut

from fas.datasets.fake import FRAMES
from fas.datasets.index import FRAME_SUFFIXES
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.errors import FasError
from fas.labels import BONA_FIDE

_SIDE = 160
_FPS = 25
_CODECS = {".avi": "mjpeg", ".mov": "mjpeg", ".mp4": "mpeg4"}


class FakeMedia:
    """Writes media files; files of one kind and class have the same bytes.

    Args:
        recipe: The dataset; for HDF5 files it names the array of the frames.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._files: dict[bool, bytes] = {}

    def __call__(self, path: Path, presentation: Presentation) -> None:
        """Writes one file.

        Raises:
            FasError: Fake media of this suffix are not supported.
        """
        bona_fide = presentation.label == BONA_FIDE
        suffix = path.suffix.lower()
        if suffix in FRAME_SUFFIXES:
            path.write_bytes(_image(suffix, bona_fide))
        elif suffix in _CODECS:
            path.write_bytes(_video(suffix, bona_fide))
        elif suffix in (".hdf5", ".h5"):
            path.write_bytes(self._hdf5(bona_fide))
        else:
            raise FasError(f"fake media with the suffix {suffix!r} are not supported", path=path)

    def _hdf5(self, bona_fide: bool) -> bytes:
        import h5py

        if bona_fide in self._files:
            return self._files[bona_fide]
        frames = np.stack(_frames(bona_fide)).transpose(0, 3, 1, 2)
        array, annotations = self._recipe.hdf5_array, self._recipe.annotations
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            if array.startswith("*/"):
                for number, frame in enumerate(frames):
                    file[f"Frame_{number}/{array.removeprefix('*/')}"] = frame
            else:
                file[array] = frames
            if annotations is not None and annotations.array:
                file[annotations.array] = [[int(value) for value in annotations.example.split(",")]] * FRAMES
        return self._files.setdefault(bona_fide, buffer.getvalue())


def _frames(bona_fide: bool) -> list[NDArray[np.uint8]]:
    face = cv2.resize(astronaut()[0:280, 84:364], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    if not bona_fide:
        face = cv2.convertScaleAbs(face, alpha=0.7, beta=40)
    return [np.roll(face, number, axis=1) for number in range(FRAMES)]


@lru_cache
def _image(suffix: str, bona_fide: bool) -> bytes:
    _, data = cv2.imencode(suffix, cv2.cvtColor(_frames(bona_fide)[0], cv2.COLOR_RGB2BGR))
    return data.tobytes()


@lru_cache
def _video(suffix: str, bona_fide: bool) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=suffix.removeprefix(".")) as container:
        stream = container.add_stream(_CODECS[suffix], rate=_FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuvj420p" if _CODECS[suffix] == "mjpeg" else "yuv420p"
        for frame in _frames(bona_fide):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()
