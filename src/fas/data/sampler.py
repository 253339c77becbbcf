"""Which samples an epoch uses: equally many of every group, drawn again every epoch, divided among the ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from fas.data.batch import Sampling
from fas.errors import FasError
from fas.labels import ATTACK


class GroupSampler(Sampler[int]):
    """Draws equally many samples of every group, anew for the larger groups in every epoch (BASN, section 4.1).

    An epoch has three steps: `per_presentation` samples of every presentation are drawn; every group is reduced to the
    size of the smallest one; the result is shuffled and dealt to the ranks. The draw depends on `seed` and the epoch
    alone, so all ranks agree without communication, and a resumed run sees what the uninterrupted one would have seen.
    Every rank gets the same number of samples of each group: up to `world_size - 1` samples a group are left out of an
    epoch, rather than shown twice.

    Lightning calls `set_epoch` before every epoch.

    Args:
        groups: `(N,)` integer codes from 0 without a gap: the group of each sample.
        presentations: `(N,)` integer codes; samples of one presentation share a code.
        per_presentation: The number of samples drawn from each presentation in an epoch; all of a presentation that
            has fewer. None uses every sample.
        seed: The run's seed.
        rank: This process's rank.
        world_size: The number of processes.

    Raises:
        FasError: A group has fewer samples than there are processes.
    """

    def __init__(
        self,
        groups: NDArray[np.integer],
        presentations: NDArray[np.integer],
        *,
        per_presentation: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._groups = np.asarray(groups)
        self._presentations = np.asarray(presentations)
        self._per_presentation = per_presentation
        self._seed = seed
        self._rank = rank
        self._world_size = world_size
        self._epoch = 0
        self._count = int(self._groups.max(initial=-1)) + 1
        drawn = self._groups[self._draw(np.random.default_rng(seed))]
        smallest = int(np.bincount(drawn, minlength=self._count).min()) if self._count else 0
        # How many samples a presentation gives does not depend on the epoch, so the length holds for all epochs.
        self._per_group = smallest // world_size * world_size
        if self._per_group == 0:
            raise FasError(
                f"the smallest group of training samples has {smallest}, too few for {world_size} process(es)",
                remedy="use fewer devices, more data or another data.sampling",
            )

    def __len__(self) -> int:
        """The number of samples that this rank sees in an epoch."""
        return self._count * self._per_group // self._world_size

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch that the next iteration draws for."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """This rank's positions of the current epoch, in a random order."""
        rng = np.random.default_rng([self._seed, self._epoch])
        rows = self._draw(rng)
        groups = self._groups[rows]
        mine = [
            rng.choice(rows[groups == group], self._per_group, replace=False)[self._rank :: self._world_size]
            for group in range(self._count)
        ]
        yield from rng.permutation(np.concatenate(mine)).tolist()

    def _draw(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """Positions of at most `per_presentation` samples of each presentation."""
        if self._per_presentation is None:
            return np.arange(len(self._groups), dtype=np.intp)
        order = np.lexsort((rng.random(len(self._presentations)), self._presentations))
        drawn: NDArray[np.intp] = order[_rank_in_group(self._presentations[order]) < self._per_presentation]
        return drawn


def sample_groups(
    sampling: Sampling, labels: NDArray[np.integer], species: Sequence[str], domains: NDArray[np.integer]
) -> NDArray[np.int64]:
    """The group of each sample by a rule of sampling, for `GroupSampler`.

    Args:
        sampling: The rule.
        labels: `(N,)`, 1 for bona fide, 0 for an attack.
        species: N PAI species; the part before `/` counts. Read for `per_species` only.
        domains: `(N,)` integer codes. Read for `per_domain` only.

    Returns:
        `(N,)` codes from 0 without a gap; bona fide comes first.
    """
    is_attack: NDArray[np.int64] = (np.asarray(labels) == ATTACK).astype(np.int64)
    if sampling == "all":
        return np.zeros(len(is_attack), dtype=np.int64)
    if sampling == "balanced":
        return is_attack
    if sampling == "per_domain":
        keys = np.asarray(domains, dtype=np.int64) * 2 + is_attack
    else:
        # An attack without a species is a group of its own: it must not pass for bona fide.
        names = [f"1{one.partition('/')[0]}" if attack else "0" for one, attack in zip(species, is_attack, strict=True)]
        keys = np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)
    codes: NDArray[np.int64] = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    return codes


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
