"""Makes OULU-NPU trees with the real names, protocol files and eye files, from constants of its own.

It shares nothing with fas or its recipe, so that a test on such a tree can fail when one of them is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SUBJECTS = {"Train": range(1, 21), "Dev": range(21, 36), "Test": range(36, 56)}
PHONES = (1, 2, 3, 4, 5, 6)
SESSIONS = (1, 2, 3)
BONA_FIDE, PRINT_1, PRINT_2, REPLAY_1, REPLAY_2 = ACCESS_TYPES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Video:
    """One video of the tree: `folder` is `Train`, `Dev` or `Test`."""

    folder: str
    phone: int
    session: int
    subject: int
    access: int

    @property
    def stem(self) -> str:
        return f"{self.phone}_{self.session}_{self.subject:02d}_{self.access}"


MediaWriter = Callable[[Path, Video], None]


def empty_file(path: Path, video: Video) -> None:
    """The media of a tree in which only names matter."""
    path.touch()


def make_oulu(
    root: Path,
    *,
    subjects: Collection[int] = range(1, 56),
    phones: Sequence[int] = PHONES,
    sessions: Sequence[int] = SESSIONS,
    write_media: MediaWriter = empty_file,
    frames: int = 2,
    nested: bool = False,
    simulated: bool = False,
) -> list[Video]:
    """Writes a tree.

    Args:
        root: Where; made if need be.
        subjects: Which of 1 to 55; 1-20 are Train, 21-35 Dev, 36-55 Test.
        phones: Which phones.
        sessions: Which sessions.
        write_media: Writes one media file; by default an empty one.
        frames: Lines of each eye file; the last line of every attack is `0,0,0,0`, not found.
        nested: Put the videos into `Train_files/Train_files/`, as some archives unpack.
        simulated: Mark the tree as simulated, which also says that the subset is all there is.

    Returns:
        The videos, in the order written.
    """
    videos = [
        Video(folder, phone, session, subject, access)
        for folder, members in SUBJECTS.items()
        for subject in members
        if subject in subjects
        for phone in phones
        for session in sessions
        for access in ACCESS_TYPES
    ]
    for video in videos:
        path = video_path(root, video, nested)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_media(path, video)
        path.with_suffix(".txt").write_text("".join(_eye_lines(video, frames)))
    for path, lines in protocol_lists(videos):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines))
    if simulated:
        mark = {
            "simulated": True,
            "subjects": [f"{subject:02d}" for subject in sorted(subjects)],
            "phones": list(phones),
            "sessions": list(sessions),
        }
        (root / "SIMULATED.json").write_text(json.dumps(mark))
    return videos


def video_path(root: Path, video: Video, nested: bool = False) -> Path:
    """Where a video lies."""
    folder = f"{video.folder}_files"
    return root / folder / (folder if nested else "") / f"{video.stem}.avi"


def protocol_lists(videos: Sequence[Video]) -> Iterator[tuple[str, list[str]]]:
    """The 42 text files of the protocols: path and lines."""
    for folder in SUBJECTS:
        here = [video for video in videos if video.folder == folder]
        test = folder == "Test"
        sessions = (3,) if test else (1, 2)
        instruments = (BONA_FIDE, PRINT_2, REPLAY_2) if test else (BONA_FIDE, PRINT_1, REPLAY_1)
        yield f"Protocols/Protocol_1/{folder}.txt", [_line(v) for v in here if v.session in sessions]
        yield f"Protocols/Protocol_2/{folder}.txt", [_line(v) for v in here if v.access in instruments]
        for phone in PHONES:
            fold = [v for v in here if (v.phone == phone) == test]
            yield f"Protocols/Protocol_3/{folder}_{phone}.txt", [_line(v) for v in fold]
            everything = [v for v in fold if v.session in sessions and v.access in instruments]
            yield f"Protocols/Protocol_4/{folder}_{phone}.txt", [_line(v) for v in everything]


def _line(video: Video) -> str:
    if video.access == BONA_FIDE:
        code = "+1"
    elif video.folder == "Test" and video.access in (REPLAY_1, REPLAY_2):
        code = "-2"
    else:
        code = "-1"
    return f"{code},{video.stem}"


def _eye_lines(video: Video, frames: int) -> Iterator[str]:
    for frame in range(frames):
        lost = video.access != BONA_FIDE and frame == frames - 1
        yield f"{frame},0,0,0,0\n" if lost else f"{frame},455,779,638,756\n"
