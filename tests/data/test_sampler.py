from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.data.sampler import GroupSampler, evenly_spaced, sample_groups
from fas.errors import FasError


@st.composite
def tables(draw):
    """Labels and presentation codes of presentations with 1 to 6 frames, both classes with at least one."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=12))
    label_of = draw(st.lists(st.sampled_from([0, 1]), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return np.array([0, 1, *label_of])[codes], codes


def epoch_of(labels, codes, epoch, **settings):
    sampler = GroupSampler(sample_groups("balanced", labels, [], codes), codes, **settings)
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(drawn) == len(sampler)
    return drawn


@given(tables(), st.integers(0, 50), st.none() | st.integers(1, 4), st.integers(0, 3))
def test_an_epoch_has_as_many_bona_fide_as_attacks_and_no_frame_twice(table, epoch, frames, seed):
    labels, codes = table
    drawn = epoch_of(labels, codes, epoch, per_presentation=frames, seed=seed)
    assert len(set(drawn)) == len(drawn)
    assert labels[drawn].sum() * 2 == len(drawn)
    if frames is not None:
        assert np.bincount(codes[drawn]).max() <= frames


@given(tables(), st.integers(0, 50), st.none() | st.integers(1, 4))
def test_the_smaller_class_is_seen_whole(table, epoch, frames):
    labels, codes = table
    available = [
        sum(min(count, frames or count) for count in np.bincount(codes[labels == label]) if count) for label in (0, 1)
    ]
    drawn = epoch_of(labels, codes, epoch, per_presentation=frames)
    assert len(drawn) == 2 * min(available)


@given(tables(), st.integers(0, 50), st.none() | st.integers(1, 4), st.integers(2, 4))
def test_ranks_share_the_epoch_without_overlap_and_each_is_balanced(table, epoch, frames, world_size):
    labels, codes = table
    whole = len(epoch_of(labels, codes, epoch, per_presentation=frames)) // 2
    if whole < world_size:
        with pytest.raises(FasError, match="too few"):
            epoch_of(labels, codes, epoch, per_presentation=frames, world_size=world_size)
        return
    parts = [
        epoch_of(labels, codes, epoch, per_presentation=frames, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    assert {len(part) for part in parts} == {2 * (whole // world_size)}
    assert all(labels[part].sum() * 2 == len(part) for part in parts)
    together = [position for part in parts for position in part]
    assert len(set(together)) == len(together)
    assert whole - labels[together].sum() < world_size  # what is left out


def test_attacks_are_drawn_again_in_every_epoch_and_the_same_for_the_same_seed_and_epoch():
    labels = np.array([1] * 20 + [0] * 200)
    codes = np.arange(220)
    epochs = [epoch_of(labels, codes, epoch, seed=3) for epoch in range(100)]
    attacks = [frozenset(position for position in drawn if position >= 20) for drawn in epochs]
    assert len(set(attacks)) == 100
    assert frozenset.union(*attacks) == set(range(20, 220))  # 0.9 ** 100: all have had their turn
    assert epochs[7] == epoch_of(labels, codes, 7, seed=3)
    assert epochs[7] != epoch_of(labels, codes, 7, seed=4)
    orders = {tuple(position for position in drawn if position < 20) for drawn in epochs}
    assert len(orders) == 100


def test_frames_of_a_video_are_drawn_again_too():
    labels, codes = np.repeat([1, 0], 50), np.repeat([0, 1], 50)
    drawn = [tuple(sorted(epoch_of(labels, codes, epoch, per_presentation=2))) for epoch in range(20)]
    assert len(set(drawn)) > 15


def test_one_class_alone_is_an_error():
    with pytest.raises(FasError, match="smallest group of training samples has 0"):
        epoch_of(np.zeros(5, int), np.arange(5), 0)


def test_groups_of_every_rule():
    labels = np.array([1, 0, 0, 1, 0])
    species = ["", "print/a", "replay/x", "", "print/b"]
    domains = np.array([0, 0, 1, 1, 1])
    assert sample_groups("all", labels, species, domains).tolist() == [0, 0, 0, 0, 0]
    assert sample_groups("balanced", labels, species, domains).tolist() == [0, 1, 1, 0, 1]
    assert sample_groups("per_species", labels, species, domains).tolist() == [0, 1, 2, 0, 1]
    # (domain, class): (0, bona fide), (0, attack), (1, bona fide), (1, attack)
    assert sample_groups("per_domain", labels, species, domains).tolist() == [0, 1, 3, 2, 3]


def test_an_attack_without_a_species_does_not_pass_for_bona_fide():
    groups = sample_groups("per_species", np.array([1, 0, 0]), ["", "", "print/a"], np.zeros(3, int))
    assert groups.tolist() == [0, 1, 2]


@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
def test_every_group_is_seen_as_often_on_every_rank(world_size):
    groups = np.repeat([0, 1, 2], [24, 40, 90])
    parts = []
    for rank in range(world_size):
        sampler = GroupSampler(groups, np.arange(154), rank=rank, world_size=world_size)
        part = list(sampler)
        assert len(part) == len(sampler) == 72 // world_size
        assert np.bincount(groups[part]).tolist() == [24 // world_size] * 3
        parts += part
    assert len(set(parts)) == len(parts)


def test_without_balance_every_sample_is_seen_once():
    sampler = GroupSampler(np.zeros(10, int), np.arange(10))
    assert sorted(sampler) == list(range(10))
    sampler.set_epoch(1)
    assert list(sampler) != sorted(sampler)


def test_evenly_spaced_takes_first_and_last_and_the_same_step_between():
    presentations = np.repeat([7, 3], [11, 3])
    frames = np.concatenate([np.arange(100, 111), [5, 6, 7]])
    chosen = evenly_spaced(presentations, frames, 3)
    assert list(zip(presentations[chosen], frames[chosen], strict=True)) == [
        (3, 5), (3, 6), (3, 7), (7, 100), (7, 105), (7, 110),
    ]  # fmt: skip
    assert frames[evenly_spaced(presentations, frames, 1)].tolist() == [6, 105]  # the middle
    assert frames[evenly_spaced(presentations, frames, 5)].tolist() == [5, 6, 7, 100, 102, 105, 107, 110]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 12), st.randoms())
def test_evenly_spaced_spreads_over_the_whole_video(sizes, count, random):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    frames = np.concatenate([np.arange(size) for size in sizes])
    order = list(range(len(codes)))
    random.shuffle(order)  # rows need not come in order
    codes, frames = codes[order], frames[order]
    chosen = evenly_spaced(codes, frames, count)
    for code, size in enumerate(sizes):
        mine = frames[chosen][codes[chosen] == code]
        assert len(mine) == len(set(mine.tolist())) == min(size, count)
        if len(mine) > 1:
            assert mine[0] == 0 and mine[-1] == size - 1
            assert np.ptp(np.diff(mine)) <= 1
