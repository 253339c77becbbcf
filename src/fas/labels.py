"""The two classes and the three splits, with the names and numbers that all of fas uses."""

from __future__ import annotations

from typing import Literal

BONA_FIDE = 1
"""The label of a presentation of a live person; high scores mean this class."""

ATTACK = 0
"""The label of a presentation attack."""

Split = Literal["train", "dev", "test"]
"""A part of a protocol."""

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
"""The splits in their order of use: train, choose a threshold, report."""
