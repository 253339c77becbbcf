from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from fas.data.augment import Augmentation
from fas.data.batch import Requirements
from fas.data.dataset import FaceDataset, Training
from fas.errors import FasError
from fas.store import FrameReader
from fas.store.find import find_store
from tests.fakes.store import CROP, MAP

BOTH = Requirements(input_size=CROP, targets={"depth": MAP, "reflection": MAP})


@pytest.fixture
def index(store_root):
    return find_store("oulu-simulated", store_root).index()


@pytest.fixture
def row_of(index):
    """The first row of each label."""
    return {label: int(np.flatnonzero(index.label == label)[0]) for label in (0, 1)}


def test_a_sample_is_the_stored_crop_in_the_unit_interval(index, row_of):
    sample = FaceDataset(index, np.array([row_of[1]]), BOTH)[0]
    stored = FrameReader(index).read(row_of[1], "rgb")
    assert sample["inputs"]["rgb"].dtype == torch.float32
    assert np.array_equal((sample["inputs"]["rgb"] * 255).round().byte().permute(1, 2, 0).numpy(), stored)
    assert sample["label"] == 1 and sample["label"].dtype == torch.int64
    assert sample["presentation"] == index.presentation[row_of[1]]
    assert sample["frame"] == index.frame[row_of[1]]


def test_depth_is_zero_for_attacks_and_reflection_for_bona_fide(index, row_of):
    bona_fide, attack = (FaceDataset(index, np.array([row_of[label]]), BOTH)[0] for label in (1, 0))
    assert torch.equal(bona_fide["targets"]["depth"], torch.full((1, MAP, MAP), 200 / 255))
    assert torch.equal(attack["targets"]["depth"], torch.zeros(1, MAP, MAP))
    assert torch.equal(bona_fide["targets"]["reflection"], torch.zeros(3, MAP, MAP))
    assert torch.equal(attack["targets"]["reflection"][:, 3, 5] * 255, torch.tensor([50.0, 100.0, 150.0]))


def test_only_the_required_layers_are_there(index):
    sample = FaceDataset(index, np.arange(1), Requirements(input_size=32, targets={"depth": 8}))[0]
    assert (set(sample["inputs"]), set(sample["targets"])) == ({"rgb"}, {"depth"})
    assert sample["inputs"]["rgb"].shape == (3, 32, 32) and sample["targets"]["depth"].shape == (1, 8, 8)


def test_shrinking_averages_over_areas(index, row_of):
    half = Requirements(input_size=CROP // 2)
    stored = FrameReader(index).read(row_of[0], "rgb").astype(float)
    mean = stored.reshape(CROP // 2, 2, CROP // 2, 2, 3).mean(axis=(1, 3))
    shrunk = FaceDataset(index, np.array([row_of[0]]), half)[0]["inputs"]["rgb"].permute(1, 2, 0).numpy() * 255
    assert np.abs(shrunk - mean).max() <= 0.51  # rounded to 8 bit


def test_augmentation_comes_before_resizing_and_moves_maps_along(index, row_of):
    augmentation = Augmentation(
        [{"RandomCrop": {"height": 24, "width": 24}}, {"HorizontalFlip": {"p": 1}}], tuple(BOTH.targets)
    )
    sample = FaceDataset(index, np.array([row_of[1]]), BOTH, training=Training(augmentation=augmentation))[0]
    assert sample["inputs"]["rgb"].shape == (3, CROP, CROP)
    assert torch.equal(sample["targets"]["depth"], torch.full((1, MAP, MAP), 200 / 255))
    assert sample["targets"]["reflection"].shape == (3, MAP, MAP) and not sample["targets"]["reflection"].any()


def test_a_missing_map_is_an_error_and_never_zeros(tmp_path):
    from tests.fakes.store import make_store

    index = make_store(tmp_path, layers=()).index()
    bona_fide = np.flatnonzero(index.label == 1)[:1]
    with pytest.raises(FasError, match="no layer 'depth'"):
        FaceDataset(index, bona_fide, BOTH)[0]


def test_it_travels_to_another_process(index, row_of):
    training = Training(augmentation=Augmentation([{"HorizontalFlip": {"p": 1}}], tuple(BOTH.targets)))
    dataset = FaceDataset(index, np.array([row_of[0]]), BOTH, training=training)
    first, second = (one[0]["inputs"]["rgb"] for one in (pickle.loads(pickle.dumps(dataset)), dataset))
    assert torch.equal(first, second)


def test_raw_targets_keep_what_the_rule_makes_zeros(index, row_of):
    wanted = Requirements(input_size=8, targets={"depth": MAP}, raw=("depth",))
    attack = FaceDataset(index, np.array([row_of[0]]), wanted)[0]
    assert not attack["targets"]["depth"].any()
    assert torch.equal(attack["raw"]["depth"], torch.full((1, MAP, MAP), 200 / 255))


def test_a_partner_has_the_opposite_label_and_its_own_targets(index, row_of):
    wanted = Requirements(input_size=8, targets={"depth": 4}, partner=True)
    rows = np.arange(len(index))
    training = Training(partners={label: rows[index.label == label] for label in (0, 1)})
    dataset = FaceDataset(index, np.array([row_of[0], row_of[1]]), wanted, training=training)
    torch.manual_seed(0)
    for sample in (dataset[0], dataset[1]):
        partner = sample["partner"]
        assert partner["label"] == 1 - sample["label"]
        assert bool(partner["targets"]["depth"].any()) == bool(partner["label"])
    drawn = {tuple(dataset[0]["partner"]["inputs"]["rgb"].flatten()[:8].tolist()) for _ in range(40)}
    assert len(drawn) > 20  # from the whole training set
    assert "partner" not in FaceDataset(index, np.array([row_of[0]]), wanted)[0]


def test_a_synthesised_attack_has_the_targets_of_an_attack_and_is_marked(index, row_of):
    training = Training(synthesis=lambda images: [255 - image for image in images])
    dataset = FaceDataset(index, np.array([row_of[1], row_of[0]]), BOTH, training=training)
    made, attack = dataset[0], dataset[1]
    assert (made["label"], made["synthesised"], attack["synthesised"]) == (0, True, False)
    assert not made["targets"]["depth"].any() and made["targets"]["reflection"].any()
    plain = FaceDataset(index, np.array([row_of[1]]), BOTH)[0]
    torch.testing.assert_close(made["inputs"]["rgb"], 1 - plain["inputs"]["rgb"])
    assert (plain["label"], plain["synthesised"]) == (1, False)
    kept = FaceDataset(index, np.array([row_of[1]]), BOTH, training=Training(synthesis=lambda images: None))[0]
    assert (kept["label"], kept["synthesised"]) == (1, False)


def test_a_partner_is_opposite_to_what_a_sample_has_become(index, row_of):
    wanted = Requirements(input_size=8, partner=True)
    rows = np.arange(len(index))
    training = Training(
        synthesis=lambda images: images, partners={label: rows[index.label == label] for label in (0, 1)}
    )
    dataset = FaceDataset(index, np.array([row_of[1], row_of[0]]), wanted, training=training)
    for sample in (dataset[0], dataset[1]):
        assert (sample["label"], sample["partner"]["label"]) == (0, 1)


def test_the_centre_crop_cuts_image_and_maps_alike(index, row_of):
    wanted = Requirements(input_size=CROP // 2, targets={"depth": MAP})
    cut = FaceDataset(index, np.array([row_of[1]]), wanted, share=0.5)[0]
    stored = FrameReader(index).read(row_of[1], "rgb")
    centre = stored[CROP // 4 : 3 * CROP // 4, CROP // 4 : 3 * CROP // 4]
    assert np.array_equal((cut["inputs"]["rgb"] * 255).round().byte().permute(1, 2, 0).numpy(), centre)
    assert torch.equal(cut["targets"]["depth"], torch.full((1, MAP, MAP), 200 / 255))
