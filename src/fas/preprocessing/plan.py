"""Plans a run: which presentations lack which layers of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fas.datasets.presentation import Presentation
from fas.errors import FasError
from fas.preprocessing.settings import FACE_LAYERS
from fas.store.store import Store


@dataclass(frozen=True, slots=True)
class Task:
    """One presentation's missing work.

    Attributes:
        presentation: The presentation.
        source: Its media file.
        faces: Whether the faces must be acquired from the media.
        layers: The optional layers that are missing.
    """

    presentation: Presentation
    source: Path
    faces: bool
    layers: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """The work of one run.

    Attributes:
        tasks: The missing work.
        complete: Number of presentations that already have every requested layer.
        failed_before: The presentations that an earlier run could not acquire, with the reason; their media have not
            changed since.
    """

    tasks: list[Task] = field(default_factory=list)
    complete: int = 0
    failed_before: dict[str, str] = field(default_factory=dict)


def source_stamp(source: Path) -> list[int]:
    """Size and modification time of a media file: a failed presentation is tried again when they change."""
    try:
        stat = source.stat()
    except FileNotFoundError:
        return []
    return [stat.st_size, stat.st_mtime_ns]


def parse_part(text: str) -> tuple[int, int]:
    """Reads `I/N`, the I-th of N parts of a dataset, 1-based.

    Raises:
        FasError: The text is not of that form, or I is outside 1..N.
    """
    left, _, right = text.partition("/")
    if not (left.isdecimal() and right.isdecimal() and 1 <= int(left) <= int(right)):
        raise FasError(f"{text!r} is not a part of a dataset", remedy="write I/N with 1 <= I <= N, such as 3/16")
    return int(left), int(right)


def make_plan(
    store: Store,
    root: Path,
    presentations: Sequence[Presentation],
    layers: tuple[str, ...],
    *,
    retry_failed: bool = False,
) -> Plan:
    """Compares the requested layers with the content of the store.

    Args:
        store: The store to fill.
        root: The dataset's root.
        presentations: The requested presentations.
        layers: The requested optional layers.
        retry_failed: Try presentations again that failed before, even if their media have not changed.
    """
    plan = Plan()
    # A layer may fail because of a damaged crop; the face is still acquired again once the crop was removed.
    failures = {record["video_id"]: record for record in store.failures() if "layer" not in record}
    for presentation in presentations:
        video_id, source = presentation.video_id, root / presentation.path
        faces = not all(store.has(layer, video_id) for layer in FACE_LAYERS)
        missing = tuple(layer for layer in layers if faces or not store.has(layer, video_id))
        if not faces and not missing:
            plan.complete += 1
            continue
        failure = failures.get(video_id)
        if faces and failure is not None and not retry_failed and failure.get("source") == source_stamp(source):
            plan.failed_before[video_id] = failure["reason"]
            continue
        plan.tasks.append(Task(presentation, source, faces, missing))
    return plan
