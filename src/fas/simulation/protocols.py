"""OULU-NPU's names, splits and the text files of its four protocols, for whatever part of the dataset exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from fas.datasets.contents import published_presentations
from fas.datasets.loading import load_recipe
from fas.datasets.protocol import find_protocol, protocol_splits
from fas.errors import FasError

ALL_PHONES = (1, 2, 3, 4, 5, 6)
ALL_SESSIONS = (1, 2, 3)
BONA_FIDE_ACCESS, PRINT_ACCESS, REPLAY_ACCESS = 1, (2, 3), (4, 5)
ALL_ACCESS = (BONA_FIDE_ACCESS, *PRINT_ACCESS, *REPLAY_ACCESS)
SPLITS: dict[str, range] = {"Train": range(1, 21), "Dev": range(21, 36), "Test": range(36, 56)}
"""OULU-NPU's subjects of each split."""
MOST_SUBJECTS = sum(len(subjects) for subjects in SPLITS.values())
_SHARES = {"Train": 0.40, "Dev": 0.27}


@dataclass(frozen=True, slots=True, order=True)
class VideoName:
    """The four fields of a video's name."""

    phone: int
    session: int
    subject: int
    access: int

    @property
    def stem(self) -> str:
        """`P_S_UU_A`."""
        return f"{self.phone}_{self.session}_{self.subject:02d}_{self.access}"

    @property
    def split(self) -> str:
        """`Train`, `Dev` or `Test`, by the subject."""
        return next(split for split, subjects in SPLITS.items() if self.subject in subjects)

    @property
    def label(self) -> int:
        """+1 bona fide, -1 print, -2 replay."""
        return {BONA_FIDE_ACCESS: 1, 2: -1, 3: -1, 4: -2, 5: -2}[self.access]


def subject_numbers(count: int) -> list[int]:
    """OULU-NPU numbers for so many subjects, so that each split has its share (about 40, 27 and 33 per cent).

    Three or more subjects give each split at least one; two give one to train and one to test.

    Raises:
        FasError: OULU-NPU has no numbers for so many, or there is none.
    """
    if not 1 <= count <= MOST_SUBJECTS:
        raise FasError(
            f"OULU-NPU has 1 to {MOST_SUBJECTS} subjects, not {count}", remedy=f"--subjects from 1 to {MOST_SUBJECTS}"
        )
    train = min(max(round(_SHARES["Train"] * count), 1), len(SPLITS["Train"]))
    dev = min(max(round(_SHARES["Dev"] * count), 1), len(SPLITS["Dev"])) if count >= 3 else 0
    sizes = {"Train": train, "Dev": dev, "Test": count - train - dev}
    return [number for split, size in sizes.items() for number in SPLITS[split][:size]]


def all_videos(phones: Iterable[int], sessions: Iterable[int], subjects: Iterable[int]) -> list[VideoName]:
    """Every video of these phones, sessions and subjects."""
    return [VideoName(*fields) for fields in product(phones, sessions, subjects, ALL_ACCESS)]


def check_protocol(protocol: str | None, fold: int | None) -> None:
    """Rejects a protocol or a fold that OULU-NPU does not have.

    Raises:
        FasError: There is no such protocol or fold, the protocol has folds and none is given, or a fold is given alone.
    """
    if protocol is not None:
        find_protocol(load_recipe("oulu"), protocol, fold)
    elif fold is not None:
        raise FasError(f"fold {fold} is given without a protocol", remedy=f"such as --protocol 3 --fold {fold}")


def videos_of_protocol(videos: list[VideoName], protocol: str, fold: int | None) -> list[VideoName]:
    """Those of the videos that a protocol of OULU-NPU uses, by the rules of its recipe.

    Args:
        videos: What to choose from.
        protocol: The protocol's name in the recipe, such as `1`.
        fold: Which fold, from 1; None for a protocol without folds.

    Raises:
        FasError: There is no such protocol or fold, or one of its splits would have no video.
    """
    recipe = load_recipe("oulu")
    chosen = {video.stem for video in videos}
    published = [one for one in published_presentations(recipe) if one.video_id in chosen]
    splits = protocol_splits(recipe, published, protocol, fold)
    if empty := [split for split, members in splits.items() if not members]:
        named = f"protocol {protocol}" + (f", fold {fold}" if fold else "")
        raise FasError(
            f"{named} has no {' and no '.join(empty)} video among these subjects, phones and sessions",
            remedy="use three subjects or more, and all phones and sessions that the protocol uses",
        )
    used = {one.video_id for members in splits.values() for one in members}
    return [video for video in videos if video.stem in used]


def protocol_files(videos: list[VideoName]) -> dict[str, str]:
    """The lists of the four protocols, restricted to the given videos.

    Rules and format are those of OULU-NPU: `label,stem`; +1 bona fide and -1 attack in Train and Dev; in Test -1 is
    print and -2 replay. A fold of which a list would be empty is left out, since it could not be used.

    Returns:
        File name relative to `Protocols` -> its text.
    """
    files = {}
    folds = [("Protocol_1", "", 0), ("Protocol_2", "", 0)]
    folds += [(f"Protocol_{number}", f"_{phone}", phone) for number in (3, 4) for phone in ALL_PHONES]
    for protocol, suffix, phone in folds:
        chosen = {split: [v for v in videos if v.split == split and _belongs(protocol, phone, v)] for split in SPLITS}
        if all(chosen.values()):
            for split, members in chosen.items():
                files[f"{protocol}/{split}{suffix}.txt"] = "".join(_line(video) for video in sorted(members))
    return files


def _belongs(protocol: str, phone: int, video: VideoName) -> bool:
    test = video.split == "Test"
    session = test == (video.session == 3)  # trained and tuned on sessions 1 and 2, tested on 3
    instrument = video.access in ((1, 3, 5) if test else (1, 2, 4))
    camera = test == (video.phone == phone)
    return {
        "Protocol_1": session,
        "Protocol_2": instrument,
        "Protocol_3": camera,
        "Protocol_4": session and instrument and camera,
    }[protocol]


def _line(video: VideoName) -> str:
    label = video.label if video.split == "Test" else max(video.label, -1)
    return f"{label:+d},{video.stem}\n"
