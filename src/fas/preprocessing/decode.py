"""Videos and still images to RGB frames: selection of frames, rotation metadata, damage distinguished from the end."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError, FasWarning
from fas.image_files import IMAGE_SUFFIXES

HDF5_SUFFIXES = frozenset({".hdf5", ".h5"})
"""Suffixes of files that are read as arrays. Any other file that is not an image is opened as a video."""


class MediaError(FasError):
    """A media file that is missing, damaged or not media: its presentation fails, the others continue."""


TOLERATED_MISSING = 2
TOLERATED_MISSING_SHARE = 0.02
"""Headers of intact AVI files count dropped frames that carry no data; more missing frames than this is damage."""


@dataclass(frozen=True, slots=True)
class FrameSelection:
    """Which frames of a video are used.

    Attributes:
        kind: `all`; `every` n-th, beginning with the first; `even`: n spread evenly over the whole video.
        n: The step or the number of frames; 1 for `all`.
    """

    kind: Literal["all", "every", "even"] = "all"
    n: int = 1

    @classmethod
    def parse(cls, text: str) -> FrameSelection:
        """Reads `all`, `every:N` or `even:N`.

        Raises:
            FasError: The text has another form.
        """
        if text == "all":
            return cls()
        match = re.fullmatch(r"(every|even):([1-9]\d*)", text)
        if match is None:
            raise FasError(
                f"{text!r} is not a selection of frames",
                remedy="write all, every:N (each N-th frame) or even:N (N frames spread over the whole video)",
            )
        return cls("every" if match[1] == "every" else "even", int(match[2]))

    def __str__(self) -> str:
        return "all" if self.kind == "all" else f"{self.kind}:{self.n}"

    def wanted(self, total: int) -> NDArray[np.int64]:
        """The ascending 0-based numbers of the chosen frames of a video that has `total` frames.

        `even` takes the middles of n equal parts, so no frame stands for more of the video than another; a video
        shorter than n gives every frame once.
        """
        if self.kind == "even" and total > self.n:
            return ((2 * np.arange(self.n) + 1) * total) // (2 * self.n)
        return np.arange(0, total, self.n if self.kind == "every" else 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame, upright.

    Attributes:
        number: 0-based position in the video.
        time: Seconds from the video's start; None if the container has no time stamps.
        image: uint8 `(H, W, 3)` RGB.
        selected: Whether the selection of frames has it.
    """

    number: int
    time: float | None
    image: NDArray[np.uint8]
    selected: bool = True


def read_frames(
    path: Path, selection: FrameSelection, hdf5_array: str = "", *, every_frame: bool = False
) -> Iterator[Frame]:
    """Yields the selected frames of a video, a still image, a folder of frames or an HDF5 file, upright.

    Rotation metadata of videos and the EXIF orientation of images are applied. Frames decode in order on one
    thread: the pipeline's parallelism is over presentations.

    Args:
        path: A folder of images in the order of their numbers, or a file, whose kind is known by its suffix.
        selection: Which frames.
        hdf5_array: The array with the frames of an HDF5 file, see `Recipe.hdf5_array`.
        every_frame: Also yield the frames that are not selected, in order with the others.

    Raises:
        MediaError: The file is missing, empty, not a video, has no frame, or its data ends or breaks before the last
            frame that its container announces. Frames decoded before the damage were yielded already. (Matroska
            announces no count, so a truncated file of that kind looks like a short video.)

    Warns:
        FasWarning: A few announced frames are missing at the end, as in intact files of some cameras.
    """
    if path.is_dir():
        yield from _read_folder(path, selection, every_frame)
        return
    if not path.is_file():
        raise MediaError("the media file does not exist", path=path, remedy="check the root folder and the file's name")
    if path.stat().st_size == 0:
        raise MediaError("the media file is empty", path=path, remedy="copy it again from the distribution")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        yield Frame(0, None, _read_image(path))
    elif path.suffix.lower() in HDF5_SUFFIXES:
        yield from _read_hdf5(path, selection, hdf5_array, every_frame)
    else:
        yield from _read_video(path, selection, every_frame)


def _numbers(selection: FrameSelection, total: int, every_frame: bool) -> Iterator[tuple[int, bool]]:
    """Frame numbers to read, and whether each is selected."""
    selected = set(selection.wanted(total).tolist())
    for number in range(total) if every_frame else sorted(selected):
        yield number, number in selected


def _read_folder(path: Path, selection: FrameSelection, every_frame: bool) -> Iterator[Frame]:
    files = sorted((file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES), key=_natural)
    if not files:
        raise MediaError("the folder holds no image", path=path, remedy="copy it again from the distribution")
    for number, selected in _numbers(selection, len(files), every_frame):
        yield Frame(number, None, _read_image(files[number]), selected)


def _natural(file: Path) -> tuple[list[int], str]:
    """Orders 2.jpg before 10.jpg."""
    return [int(digits) for digits in re.findall(r"\d+", file.stem)], file.name


def _read_hdf5(path: Path, selection: FrameSelection, array: str, every_frame: bool) -> Iterator[Frame]:
    import h5py  # only needed for such files

    each = array.removeprefix("*/")
    try:
        with h5py.File(path) as content:
            if array.startswith("*/"):
                groups = sorted(content, key=lambda name: _natural(Path(name)))
                count = len(groups)
            else:
                count = len(content[array])
            for number, selected in _numbers(selection, count, every_frame):
                frame = content[groups[number]][each][()] if array.startswith("*/") else content[array][number]
                yield Frame(number, None, _channels_last(path, np.asarray(frame)), selected)
    except (OSError, KeyError, RuntimeError) as error:
        remedy = f"copy it again; frames are expected in {array or 'no array: the recipe has no hdf5_array'}"
        raise MediaError(f"the file cannot be read as HDF5 ({error})", path=path, remedy=remedy) from error
    if not count:
        raise MediaError("the file has no frame", path=path, remedy="copy it again from the distribution")


def _channels_last(path: Path, frame: NDArray[Any]) -> NDArray[np.uint8]:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[0] != 3:
        raise MediaError(
            f"a frame is {frame.dtype} {frame.shape}, not uint8 (3, H, W)",
            path=path,
            remedy="give the colour array as hdf5_array in the recipe",
        )
    return np.ascontiguousarray(frame.transpose(1, 2, 0))


def _read_image(path: Path) -> NDArray[np.uint8]:
    # imread applies the EXIF orientation. It returns None for anything that it cannot read, except too many pixels.
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        image = None
    if image is None:
        raise MediaError("the file cannot be decoded as an image", path=path, remedy="copy it again, or leave it out")
    return np.asarray(image, dtype=np.uint8)


def _read_video(path: Path, selection: FrameSelection, every_frame: bool) -> Iterator[Frame]:
    announced = _announced_frames(path) if selection.kind == "even" else None
    wanted = None if announced is None else set(selection.wanted(announced).tolist())
    number = -1
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError("the file has no video stream", path=path, remedy="check that it is a video")
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            header_frames = stream.frames
            for number, frame in enumerate(container.decode(stream)):
                selected = number % selection.n == 0 if wanted is None else number in wanted
                if selected or every_frame:
                    yield Frame(number, frame.time, _upright(frame), selected)
    except av.error.FFmpegError as error:
        decoded = number + 1
        where = f"after {decoded} good frames" if decoded else "at its beginning"
        raise MediaError(
            f"the video cannot be decoded {where} ({error.strerror or error})",
            path=path,
            remedy="copy it again from the distribution; other videos are not affected",
        ) from error
    decoded = number + 1
    if decoded == 0:
        raise MediaError("the video has no frame", path=path, remedy="copy it again from the distribution")
    _check_count(path, decoded, announced if announced is not None else header_frames)


def _check_count(path: Path, decoded: int, announced: int) -> None:
    if decoded >= announced:
        return
    message = f"{decoded} of {announced} announced frames decode"
    if announced - decoded > max(TOLERATED_MISSING, TOLERATED_MISSING_SHARE * announced):
        raise MediaError(
            f"the video is truncated: {message}",
            path=path,
            remedy="copy it again from the distribution; other videos are not affected",
        )
    warnings.warn(FasWarning(message), stacklevel=3)


def _announced_frames(path: Path) -> int:
    """Counts the video's packets: exact even if a header is wrong or silent, and far cheaper than decoding."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return 0
            stream = container.streams.video[0]
            packets = sum(1 for packet in container.demux(stream) if packet.size)
            return max(packets, stream.frames)
    except av.error.FFmpegError:
        return 0  # decoding, which follows, meets the same error and reports it


def _upright(frame: av.VideoFrame) -> NDArray[np.uint8]:
    image = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    # The display matrix rotates counter-clockwise, as rot90 does.
    quarter_turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
