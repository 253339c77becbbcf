from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from fas.errors import FasError
from fas.simulation import video
from fas.simulation.video import VideoWriter, decode


def frames(count: int) -> list[np.ndarray]:
    y, x = np.mgrid[0:96, 0:54]
    return [
        np.dstack([x * 4 + 5 * index, y * 2, np.full_like(x, 90)]).clip(0, 255).astype(np.uint8)
        for index in range(count)
    ]


def encode(count: int = 7) -> bytes:
    buffer = io.BytesIO()
    with VideoWriter(buffer, (54, 96), 15, 0.5) as writer:
        for frame in frames(count):
            writer.write(frame)
    return buffer.getvalue()


def test_the_same_frames_give_the_same_bytes() -> None:
    assert encode() == encode()


def test_every_frame_comes_back() -> None:
    back = list(decode(encode()))
    assert len(back) == 7
    for sent, received in zip(frames(7), back, strict=True):
        assert np.abs(sent.astype(int) - received).mean() < 6


def test_the_file_is_h264_in_avi_at_the_rate_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.avi"
    with VideoWriter(path, (54, 96), 15, 0.5) as writer:
        for frame in frames(15):
            writer.write(frame)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert container.format.name == "avi"
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height, stream.average_rate) == (54, 96, 15)
        times = [frame.time for frame in container.decode(stream)]
    # AVI stores no presentation times; FFmpeg's reader begins H.264 one frame late.
    assert np.diff(times) == pytest.approx(np.full(14, 1 / 15))


def test_more_bits_give_larger_files() -> None:
    sizes = []
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (96, 54, 3), np.uint8) for _ in range(8)]
    for bits in (0.1, 2.0):
        buffer = io.BytesIO()
        with VideoWriter(buffer, (54, 96), 15, bits) as writer:
            for frame in noise:
                writer.write(frame)
        sizes.append(len(buffer.getvalue()))
    assert sizes[1] > 1.5 * sizes[0]


def test_a_build_without_the_encoder_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_ENCODER", "nosuchcoder")
    with pytest.raises(FasError, match="nosuchcoder"):
        encode()
