"""The ground truth of a video: what the simulation knows, and nobody knows of a real recording.

`Truth/<video_id>.npz`, numpy's format without pickle. All videos: `eyes` `(T, 2, 2)`. Bona fide: `head` `(T, 8)`.
Attacks: `homography` `(T, 3, 3)`, `distortion`, `bend`, `reflection` `(K, 480, 270, 3)` and `reflection_frames` `(K,)`.
What each of them means is in docs/simulation.md.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

from fas.simulation.recording import FrameTruth


def truth_file(frames: list[FrameTruth], distortion: float) -> bytes:
    """The content of a truth file.

    Args:
        frames: The frames of a video in order.
        distortion: Of the lens: the radial coefficient of `Camera.undistort`.
    """
    arrays: dict[str, NDArray[np.generic]] = {"eyes": np.stack([frame.eyes for frame in frames])}
    motion = np.stack([frame.motion for frame in frames])
    if motion.ndim == 2:
        arrays["head"] = motion
    else:
        kept = [index for index, frame in enumerate(frames) if frame.reflection is not None]
        arrays["homography"] = motion
        arrays["distortion"] = np.array(distortion)
        arrays["bend"] = np.array(frames[0].bend)
        arrays["reflection_frames"] = np.array(kept)
        arrays["reflection"] = np.stack([frame.reflection for frame in frames if frame.reflection is not None])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            # Without a date, so that the bytes are the same; numpy's own writer packs harder, five times as slowly.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


def eye_file(frames: list[FrameTruth], size: tuple[int, int]) -> str:
    """The text of OULU-NPU's eye file: `frame,x1,y1,x2,y2`, the eye on the image's left first.

    Eyes outside the frame are `0,0,0,0`, which in OULU-NPU means not found.

    Args:
        frames: The frames of a video in order.
        size: Width and height of the frames.
    """
    lines = []
    for index, frame in enumerate(frames):
        eyes = np.round(frame.eyes).astype(int)
        if (eyes < 0).any() or (eyes >= size).any():
            eyes[:] = 0
        lines.append(",".join(map(str, (index, *eyes.ravel()))))
    return "\n".join(lines) + "\n"
