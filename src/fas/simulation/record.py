"""SIMULATED.json: the record of a tree, and the check that an unfinished tree is completed with the same settings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from fas import __version__
from fas.errors import FasError
from fas.simulation.photos import PACKAGED_LICENCE, Person
from fas.simulation.protocols import ALL_PHONES, ALL_SESSIONS, VideoName, check_protocol
from fas.simulation.sensor import HEIGHT, WIDTH

GENERATOR = 1
"""Increases whenever the same settings and seed give different pictures."""
RECORD = "SIMULATED.json"
PACKAGES = "installed packages"
"""The source of the default photographs."""

_README = """This tree is SIMULATED. It is not OULU-NPU.

fas made it from photographs: the layout and the names are those of OULU-NPU, so that the same commands read it, but no
person was filmed and no attack was made. A number measured on it says nothing about OULU-NPU or about real attacks.
SIMULATED.json says how it was made; Truth/ holds what the simulation knows about each video.
The rights of the photographs hold for the videos, too: see "faces" in SIMULATED.json.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tree depends on, apart from the photographs.

    Attributes:
        phones: Of 1 to 6.
        sessions: Of 1 to 3.
        frames: Per video.
        fps: Frames per second.
        size: Width and height of the videos: upright, 9:16, at most 1080 x 1920.
        seed: Of everything random.
        protocol: Only the videos that are in a split of this protocol of OULU-NPU; None for all.
        fold: Which fold of it, from 1; None for a protocol without folds.
    """

    phones: tuple[int, ...] = ALL_PHONES
    sessions: tuple[int, ...] = ALL_SESSIONS
    frames: int = 24
    fps: int = 15
    size: tuple[int, int] = (540, 960)
    seed: int = 0
    protocol: str | None = None
    fold: int | None = None

    def __post_init__(self) -> None:
        """Rejects invalid settings."""
        for name, given, known in (("phone", self.phones, ALL_PHONES), ("session", self.sessions, ALL_SESSIONS)):
            if not given or not set(given) <= set(known) or len(set(given)) < len(given):
                raise FasError(
                    f"unknown or repeated {name} in {','.join(map(str, given)) or 'an empty list'}",
                    remedy=f"choose each once of {','.join(map(str, known))}",
                )
        width, height = self.size
        if width * HEIGHT != height * WIDTH or width % 2 or height % 2 or not 90 <= width <= WIDTH:
            raise FasError(
                f"a resolution of {width}x{height} is not possible: upright 9:16, even, at most {WIDTH}x{HEIGHT}",
                remedy="--resolution 270x480, 540x960, 720x1280 or 1080x1920",
            )
        if self.frames < 1 or self.fps < 1 or self.seed < 0:
            raise FasError(
                f"{self.frames} frames at {self.fps} per second from seed {self.seed} are not possible",
                remedy="a video needs at least one frame, and the seed must be 0 or more",
            )
        check_protocol(self.protocol, self.fold)


def describe(cast: dict[int, Person], faces: str, settings: Settings) -> dict[str, Any]:
    """The content of SIMULATED.json.

    `subjects`, `phones`, `sessions`, `protocol`, `fold` and `other_files` tell `fas datasets` what belongs in the tree.

    Args:
        cast: Subject's number -> person.
        faces: Where the photographs come from.
        settings: Everything else.
    """
    given = "that of the photographs in the given folder holds for the videos, too"
    given_settings = {key: value for key, value in asdict(settings).items() if value is not None}
    return {
        "simulated": True,
        "note": "Simulated from photographs; not OULU-NPU. No result on it is a result on OULU-NPU.",
        "layout": "OULU-NPU",
        "generator": GENERATOR,
        "subjects": [f"{number:02d}" for number in cast],
        "phones": [str(phone) for phone in settings.phones],
        "sessions": [str(session) for session in settings.sessions],
        **{key: given_settings[key] for key in ("protocol", "fold") if key in given_settings},
        "other_files": ["README.txt", "Truth/*.npz"],
        "settings": json.loads(json.dumps(given_settings)),  # lists for tuples, as they are read again
        "faces": {"source": faces, "licence": PACKAGED_LICENCE if faces == PACKAGES else given},
        "cast": {
            f"{number:02d}": {
                "photo": person.source,
                "sha256": hashlib.sha256(person.photo.tobytes()).hexdigest(),
                "split": VideoName(1, 1, number, 1).split,
            }
            for number, person in cast.items()
        },
        "made_with": {"fas": __version__, "numpy": np.__version__, "opencv": cv2.__version__, "av": av.__version__},
    }


def claim(root: Path, record: dict[str, Any]) -> None:
    """Begins a tree, or checks that the one in the folder has the same settings."""
    path = root / RECORD
    if not path.exists():
        # A run that was killed immediately leaves its first temporary file and nothing else.
        begun = {path.with_name(f".{RECORD}.tmp")}
        if root.exists() and (not root.is_dir() or set(root.iterdir()) - begun):
            raise FasError(
                f"the output folder is not empty and has no {RECORD}",
                path=root,
                remedy="give --out an empty or new folder",
            )
        # The note is written first, so that not even an interrupted tree can be mistaken for OULU-NPU.
        write_whole(path, (json.dumps(record, indent=2) + "\n").encode())
    try:
        found = json.loads(path.read_text())
        differing = [key for key in ("generator", "settings", "cast") if found[key] != record[key]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FasError(f"{RECORD} cannot be read", path=path, remedy="give --out an empty or new folder") from error
    if differing:
        changes = "; ".join(f"{key}: {_changes(found[key], record[key])}" for key in differing)
        raise FasError(
            f"the folder holds a simulated tree with other settings ({changes})",
            path=root,
            remedy="repeat the settings in its SIMULATED.json to complete it, or give --out another folder",
        )
    write_whole(root / "README.txt", _README.encode())


def _changes(there: Any, wanted: Any) -> str:
    if isinstance(there, dict) and isinstance(wanted, dict):
        keys = [key for key in sorted({*there, *wanted}) if there.get(key) != wanted.get(key)]
        return ", ".join(keys)
    return f"{there} there, {wanted} wanted"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file completely or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        remedy = "check the permissions of the folder and the free space on the disk"
        raise FasError(f"cannot write: {error.strerror}", path=path, remedy=remedy) from error
