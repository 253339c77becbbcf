"""A simulated OULU-NPU tree: names, videos, eye files, protocols, truth, and the note that it is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.progress import progress_bar
from fas.simulation.camera import PHONES
from fas.simulation.photos import Person
from fas.simulation.pool import run_all
from fas.simulation.protocols import (
    BONA_FIDE_ACCESS,
    PRINT_ACCESS,
    VideoName,
    all_videos,
    protocol_files,
    subject_numbers,
    videos_of_protocol,
)
from fas.simulation.record import Settings, claim, describe, write_whole
from fas.simulation.recording import Shot, Source, Take, capture_source, film_face, film_print, film_replay
from fas.simulation.sensor import HEIGHT, WIDTH
from fas.simulation.subjects import Subject, make_subject
from fas.simulation.truth import eye_file, truth_file
from fas.simulation.video import VideoWriter

_SOURCE_PHONE = 1
"""With which the attacker captures what is printed and replayed."""
_SOURCE_SIZE = (720, 1280)
"""The attacker's video while the tree's videos are smaller than that; else it has the sensor's size."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The result of a run.

    Attributes:
        root: The tree.
        made: Videos that this run wrote.
        kept: Complete videos with the same settings that existed before.
        left_out: Videos of these subjects, phones and sessions that the wanted protocol does not use.
        subjects: OULU-NPU number -> photograph.
    """

    root: Path
    made: int
    kept: int
    left_out: int
    subjects: dict[str, str]


def simulate_oulu(root: Path, people: list[Person], faces: str, settings: Settings, workers: int) -> Tree:
    """Creates a tree, or completes one that was begun with the same settings.

    Every video has its own random stream, from the seed and its name alone: neither order nor workers change a byte.

    Args:
        root: The folder to create or to complete.
        people: One per subject; who gets which number is drawn by the seed.
        faces: Where the photographs come from, for the record.
        settings: Everything else.
        workers: Processes, each with one thread; 1 works in this process.

    Raises:
        FasError: The folder holds something else, or a tree of other settings; a split of the wanted protocol would be
            empty; a file cannot be written.
    """
    numbers = subject_numbers(len(people))
    order = np.random.default_rng(np.random.SeedSequence(settings.seed)).permutation(len(people))
    cast = {number: people[index] for number, index in zip(numbers, order.tolist(), strict=True)}
    possible = all_videos(settings.phones, settings.sessions, numbers)
    videos = possible
    if settings.protocol is not None:
        videos = videos_of_protocol(possible, settings.protocol, settings.fold)
    claim(root, describe(cast, faces, settings))

    missing = [video for video in videos if not _is_complete(root, video)]
    groups = []
    for number, session in product(numbers, settings.sessions):
        wanted = tuple(video for video in missing if (video.subject, video.session) == (number, session))
        if wanted:
            groups.append(_Group(root, cast[number], settings, session, number, wanted))
    with progress_bar("simulating", len(missing), "video") as advance:
        run_all(_make_group, groups, workers, advance)
    for name, text in protocol_files(videos).items():
        write_whole(root / "Protocols" / name, text.encode())
    subjects = {f"{number:02d}": person.source for number, person in cast.items()}
    kept, left_out = len(videos) - len(missing), len(possible) - len(videos)
    return Tree(root, len(missing), kept, left_out, subjects)


@dataclass(frozen=True, slots=True)
class _Group:
    """The videos of one subject in one session: they share the attacker's earlier capture."""

    root: Path
    person: Person
    settings: Settings
    session: int
    number: int
    videos: tuple[VideoName, ...]


def _make_group(group: _Group) -> Iterator[VideoName]:
    settings = group.settings
    subject = make_subject(group.person, _stream(settings, group.number))
    times = np.arange(settings.frames) / settings.fps
    source = None
    if any(video.access != BONA_FIDE_ACCESS for video in group.videos):
        size = _SOURCE_SIZE if settings.size[0] < _SOURCE_SIZE[0] else (WIDTH, HEIGHT)
        rng = _stream(settings, group.number, group.session)
        source = capture_source(subject, Take(_SOURCE_PHONE, group.session, times, size, rng))
    for video in group.videos:
        _make_video(group.root, video, _film(video, subject, source, times, settings), settings)
        yield video


def _film(
    video: VideoName, subject: Subject, source: Source | None, times: NDArray[np.float64], settings: Settings
) -> Iterator[Shot]:
    rng = _stream(settings, video.subject, video.session, video.phone, video.access)
    take = Take(video.phone, video.session, times, settings.size, rng)
    if video.access == BONA_FIDE_ACCESS:
        return film_face(subject, take)
    assert source is not None
    if video.access in PRINT_ACCESS:
        return film_print(source, video.access - 1, take)
    return film_replay(source, video.access - 3, take)


def _stream(settings: Settings, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=key))


def _make_video(root: Path, video: VideoName, shots: Iterator[Shot], settings: Settings) -> None:
    """Writes eye file, truth and, last, the video: where the video exists, so do the others."""
    path = _video_path(root, video)
    temporary = path.with_name(f".{path.name}.tmp")
    phone = PHONES[video.phone]
    truths = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(temporary, settings.size, settings.fps, phone.bits_per_pixel) as writer:
            for image, truth in shots:
                writer.write(image)
                truths.append(truth)
        write_whole(path.with_suffix(".txt"), eye_file(truths, settings.size).encode())
        write_whole(root / "Truth" / f"{video.stem}.npz", truth_file(truths, phone.distortion))
        temporary.replace(path)
    except (OSError, av.FFmpegError) as error:
        raise FasError(
            f"cannot write the video: {error.strerror or error}",
            path=path,
            remedy="free space on the disk, then run the same command again",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _video_path(root: Path, video: VideoName) -> Path:
    return root / f"{video.split}_files" / f"{video.stem}.avi"


def _is_complete(root: Path, video: VideoName) -> bool:
    return _video_path(root, video).is_file()
