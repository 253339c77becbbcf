"""Which frames an epoch sees: as many of bona fide as of attacks, drawn anew every epoch, shared among the ranks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from fas.errors import FasError
from fas.labels import ATTACK, BONA_FIDE


class BalancedSampler(Sampler[int]):
    """Draws bona fide and attack samples 1 : 1, the larger class anew in every epoch (BASN, section 4.1).

    An epoch has three steps: `frames_per_video` frames of every presentation are drawn; the larger class is reduced to
    the size of the smaller one; the result is shuffled and dealt to the ranks. The draw depends on `seed` and the epoch
    alone, so all ranks agree on it without talking, and a resumed run sees what the uninterrupted one would have seen.
    Every rank gets the same number of samples of either class: up to `world_size - 1` samples a class are left out of
    an epoch, rather than shown twice.

    Lightning calls `set_epoch` before every epoch.

    Args:
        labels: `(N,)`, 1 for bona fide, 0 for an attack.
        presentations: `(N,)` integer codes; samples of one presentation share a code.
        frames_per_video: The number of frames drawn from each presentation in an epoch; all of a presentation that
            has fewer. None takes every frame.
        seed: The run's seed.
        rank: This process's rank.
        world_size: The number of processes.

    Raises:
        FasError: A class has fewer samples than there are processes.
    """

    def __init__(
        self,
        labels: NDArray[np.integer],
        presentations: NDArray[np.integer],
        *,
        frames_per_video: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._labels = np.asarray(labels)
        self._presentations = np.asarray(presentations)
        self._frames_per_video = frames_per_video
        self._seed = seed
        self._rank = rank
        self._world_size = world_size
        self._epoch = 0
        drawn = self._labels[self._draw_frames(np.random.default_rng(seed))]
        smaller = min(np.count_nonzero(drawn == BONA_FIDE), np.count_nonzero(drawn == ATTACK))
        # How many frames a presentation gives does not depend on the epoch, so the length holds for all epochs.
        self._per_class = int(smaller) // world_size * world_size
        if self._per_class == 0:
            raise FasError(
                f"the smaller class has {smaller} training samples, too few for {world_size} process(es)",
                remedy="use fewer devices or more data",
            )

    def __len__(self) -> int:
        """The number of samples that this rank sees in an epoch."""
        return 2 * self._per_class // self._world_size

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch that the next iteration draws for."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """This rank's positions of the current epoch, in a random order."""
        rng = np.random.default_rng([self._seed, self._epoch])
        rows = self._draw_frames(rng)
        labels = self._labels[rows]
        mine = [
            rng.choice(rows[labels == label], self._per_class, replace=False)[self._rank :: self._world_size]
            for label in (BONA_FIDE, ATTACK)
        ]
        yield from rng.permutation(np.concatenate(mine)).tolist()

    def _draw_frames(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """Positions of at most `frames_per_video` frames of each presentation."""
        if self._frames_per_video is None:
            return np.arange(len(self._labels))
        order = np.lexsort((rng.random(len(self._presentations)), self._presentations))
        return order[_rank_in_group(self._presentations[order]) < self._frames_per_video]


def evenly_spaced(presentations: NDArray[np.integer], frames: NDArray[np.integer], count: int) -> NDArray[np.intp]:
    """Positions of `count` frames of each presentation, spread over its whole length, first and last included.

    Args:
        presentations: `(N,)` integer codes.
        frames: `(N,)` frame numbers.
        count: How many to take of each; all of a presentation that has fewer; the middle one if 1.

    Returns:
        Positions in 0..N-1, ordered by presentation and frame.
    """
    order = np.lexsort((frames, presentations))
    _, starts, sizes = np.unique(presentations[order], return_index=True, return_counts=True)
    taken = np.minimum(sizes, count)
    step = np.repeat(np.where(taken > 1, (sizes - 1) / np.maximum(taken - 1, 1), 0.0), taken)
    start = np.repeat(np.where(taken > 1, 0.0, (sizes - 1) / 2), taken)
    nth = _rank_in_group(np.repeat(np.arange(len(sizes)), taken))
    # Steps are at least 1, so rounding down never takes a frame twice; the addend keeps 2.9999 at 3.
    chosen: NDArray[np.intp] = order[np.repeat(starts, taken) + np.floor(start + nth * step + 1e-9).astype(np.intp)]
    return chosen


def _rank_in_group(groups: NDArray[np.integer]) -> NDArray[np.intp]:
    """0, 1, 2, ... within each run of equal values."""
    if len(groups) == 0:
        return np.zeros(0, dtype=np.intp)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    sizes = np.diff(np.r_[starts, len(groups)])
    return np.arange(len(groups)) - np.repeat(starts, sizes)
