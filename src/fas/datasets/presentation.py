"""The unit that everything counts: one presentation of one subject to one camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Presentation:
    """One capture attempt: a video, or a still image.

    Attributes:
        video_id: Unique in its dataset; a relative POSIX path without extension and without `..`, since the store
            names its shards after it.
        path: The media file, relative to the dataset's root, POSIX separators.
        subject: The subject's identifier, as the dataset writes it.
        split: `train`, `dev` or `test`, as distributed (a protocol may use it differently).
        label: 1 for bona fide, 0 for an attack.
        attack_type: PAI species such as `print/printer1`; empty for bona fide.
        attributes: Further facts from the name (`phone`, `session`, ...), by which protocols select.
    """

    video_id: str
    path: str
    subject: str
    split: str
    label: int
    attack_type: str
    attributes: Mapping[str, str] = field(default_factory=dict)
