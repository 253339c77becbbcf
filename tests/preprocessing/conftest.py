from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.faces import face_frames
from tests.fakes.oulu import Video, make_oulu
from tests.fakes.video import write_video

FRAMES = 6


def write_face_video(path: Path, video: Video) -> None:
    write_video(path, face_frames(FRAMES, step=1 + video.access), codec="mjpeg")


@pytest.fixture
def oulu_tree(tmp_path: Path) -> Path:
    """Ten playable videos of a real face: two subjects, one phone, one session, five access types."""
    root = tmp_path / "oulu"
    make_oulu(root, subjects=(1, 36), phones=(1,), sessions=(1,), write_media=write_face_video, simulated=True)
    return root
