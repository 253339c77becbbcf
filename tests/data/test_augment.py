from __future__ import annotations

import numpy as np
import pytest
import torch

from fas.data.augment import Augmentation
from fas.errors import FasError

LAYERS = ("depth", "reflection")


def augmented(transforms, image, maps):
    """One frame and its maps through a chain."""
    images, maps, _ = Augmentation(transforms, LAYERS)([image], {layer: [one] for layer, one in maps.items()}, {})
    return images[0], {layer: one for layer, [one] in maps.items()}


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return image, {"depth": image[::2, ::2, 0].copy(), "reflection": image[::2, ::2].copy()}


def test_a_flip_mirrors_crop_and_maps_alike(sample):
    image, maps = sample
    flipped, flipped_maps = augmented([{"HorizontalFlip": {"p": 1.0}}], image, maps)
    assert np.array_equal(flipped, image[:, ::-1])
    unflipped, unflipped_maps = augmented([{"NoOp": None}], image, maps)
    assert np.array_equal(unflipped, image)
    for layer in LAYERS:
        assert np.array_equal(flipped_maps[layer], unflipped_maps[layer][:, ::-1])


def test_a_crop_cuts_the_same_place_of_crop_and_map():
    # Every pixel of the map tells its own row and column of the crop.
    image = np.stack([*np.mgrid[0:32, 0:32], np.zeros((32, 32))], axis=-1).astype(np.uint8)
    crop, maps = augmented([{"RandomCrop": {"height": 20, "width": 20}}], image, {"depth": image[..., 0]})
    assert crop.shape == (20, 20, 3)
    assert np.array_equal(maps["depth"], crop[..., 0])


def test_colour_leaves_maps_alone(sample):
    image, maps = sample
    jitter = {"ColorJitter": {"brightness": [1.5, 1.5], "p": 1.0}}
    changed, same = augmented([jitter], image, maps)
    assert not np.array_equal(changed, image)
    _, unchanged = augmented([{"NoOp": None}], image, maps)
    for layer in LAYERS:
        assert np.array_equal(same[layer], unchanged[layer])


def test_draws_follow_the_seed_of_torch(sample):
    augmentation = Augmentation([{"HorizontalFlip": {"p": 0.5}}], LAYERS)

    def run(seed):
        torch.manual_seed(seed)
        return [bool((augmentation([sample[0]], {}, {})[0][0] == sample[0]).all()) for _ in range(40)]

    assert run(1) == run(1) != run(2)
    assert 8 < sum(run(1)) < 32


@pytest.mark.parametrize(
    ("transforms", "says"),
    [
        ([{"HorizontalFlp": {}}], "HorizontalFlip"),
        ([{"BasicTransform": {}}], "no transform"),
        ([{"Compose": {}}], "no transform"),
        ([{"os": {}}], "no transform"),
        ([{"HorizontalFlip": {"chance": 1}}], "chance"),
        ([{"HorizontalFlip": {"p": "often"}}], "valid number"),
        (["HorizontalFlip"], "not a transform with its arguments"),
        ([{"HorizontalFlip": {}, "VerticalFlip": {}}], "not a transform with its arguments"),
    ],
)
def test_wrong_settings_are_refused_with_the_reason(transforms, says):
    with pytest.raises(FasError, match=says):
        Augmentation(transforms, LAYERS)


@pytest.mark.parametrize(
    ("transform", "says"),
    [
        ({"Normalize": {}}, "8-bit RGB"),
        ({"ToTensorV2": {}}, "8-bit RGB"),
        ({"RandomCrop": {"height": 64, "width": 64}}, "fails on a crop of 32 x 32"),
    ],
)
def test_a_chain_that_does_not_fit_is_refused(sample, transform, says):
    with pytest.raises(FasError, match=says):
        augmented([transform], *sample)


def test_one_draw_serves_all_frames_of_a_clip_and_points_move_along():
    frames = [np.full((16, 16, 3), 10 * number, np.uint8) for number in range(4)]
    for frame in frames:
        frame[8, 7] = 255  # a dot at x 7, y 8
    depth = [frame[..., 0].copy() for frame in frames]
    mesh = [np.array([[7.0, 8.0, 7.0], [0.0, 15.0, -1.0]], np.float32) for _ in frames]
    chain = [{"HorizontalFlip": {"p": 0.5}}, {"RandomCrop": {"height": 12, "width": 12}}, {"ColorJitter": {"p": 1}}]
    augmentation = Augmentation(chain, (*LAYERS, "mesh"))
    for seed in range(8):
        torch.manual_seed(seed)
        images, maps, points = augmentation(frames, {"depth": depth}, {"mesh": mesh})
        places = {tuple(np.argwhere(one == 255)[0].tolist()) for one in maps["depth"]}
        assert len(places) == 1
        ((row, column),) = places
        assert all(one.shape == (12, 12, 3) for one in images)
        assert all((one[0] == [column, row, 7]).all() for one in points["mesh"])  # what is not x and y stays
        brightness = [int(one[(row + 6) % 12, (column + 6) % 12].max()) for one in images]
        assert brightness == sorted(brightness)
