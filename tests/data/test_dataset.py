from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from fas.data.augment import Augmentation
from fas.data.batch import Requirements
from fas.data.dataset import FrameDataset
from fas.errors import FasError
from fas.store import FrameReader
from fas.store.find import find_store
from tests.fakes.store import CROP, MAP

BOTH = Requirements(layers=("depth", "reflection"), input_size=CROP, map_size=MAP)


@pytest.fixture
def index(store_root):
    return find_store("oulu-simulated", store_root).index()


@pytest.fixture
def row_of(index):
    """The first row of each label."""
    return {label: int(np.flatnonzero(index.label == label)[0]) for label in (0, 1)}


def test_a_sample_is_the_stored_crop_in_the_unit_interval(index, row_of):
    sample = FrameDataset(index, np.array([row_of[1]]), BOTH)[0]
    stored = FrameReader(index).read(row_of[1], "rgb")
    assert sample["image"].dtype == torch.float32
    assert np.array_equal((sample["image"] * 255).round().byte().permute(1, 2, 0).numpy(), stored)
    assert sample["label"] == 1 and sample["label"].dtype == torch.int64
    assert sample["presentation"] == index.presentation[row_of[1]]
    assert sample["frame"] == index.frame[row_of[1]]


def test_depth_is_zero_for_attacks_and_reflection_for_bona_fide(index, row_of):
    bona_fide, attack = (FrameDataset(index, np.array([row_of[label]]), BOTH)[0] for label in (1, 0))
    assert torch.equal(bona_fide["depth"], torch.full((1, MAP, MAP), 200 / 255))
    assert torch.equal(attack["depth"], torch.zeros(1, MAP, MAP))
    assert torch.equal(bona_fide["reflection"], torch.zeros(3, MAP, MAP))
    assert torch.equal(attack["reflection"][:, 3, 5] * 255, torch.tensor([50.0, 100.0, 150.0]))


def test_only_the_required_layers_are_there(index):
    sample = FrameDataset(index, np.arange(1), Requirements(layers=("depth",), input_size=32, map_size=8))[0]
    assert set(sample) == {"image", "label", "presentation", "frame", "depth"}
    assert sample["image"].shape == (3, 32, 32) and sample["depth"].shape == (1, 8, 8)


def test_shrinking_averages_over_areas(index, row_of):
    half = Requirements(layers=(), input_size=CROP // 2, map_size=1)
    stored = FrameReader(index).read(row_of[0], "rgb").astype(float)
    mean = stored.reshape(CROP // 2, 2, CROP // 2, 2, 3).mean(axis=(1, 3))
    shrunk = FrameDataset(index, np.array([row_of[0]]), half)[0]["image"].permute(1, 2, 0).numpy() * 255
    assert np.abs(shrunk - mean).max() <= 0.51  # rounded to 8 bit


def test_augmentation_comes_before_resizing_and_moves_maps_along(index, row_of):
    augmentation = Augmentation(
        [{"RandomCrop": {"height": 24, "width": 24}}, {"HorizontalFlip": {"p": 1}}], BOTH.layers
    )
    sample = FrameDataset(index, np.array([row_of[1]]), BOTH, augmentation)[0]
    assert sample["image"].shape == (3, CROP, CROP)
    assert torch.equal(sample["depth"], torch.full((1, MAP, MAP), 200 / 255))
    assert sample["reflection"].shape == (3, MAP, MAP) and not sample["reflection"].any()


def test_a_missing_map_is_an_error_and_never_zeros(tmp_path):
    from tests.fakes.store import make_store

    index = make_store(tmp_path, layers=()).index()
    bona_fide = np.flatnonzero(index.label == 1)[:1]
    with pytest.raises(FasError, match="no layer 'depth'"):
        FrameDataset(index, bona_fide, BOTH)[0]


def test_it_travels_to_another_process(index, row_of):
    dataset = FrameDataset(
        index, np.array([row_of[0]]), BOTH, Augmentation([{"HorizontalFlip": {"p": 1}}], BOTH.layers)
    )
    assert torch.equal(pickle.loads(pickle.dumps(dataset))[0]["image"], dataset[0]["image"])
