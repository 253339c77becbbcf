"""Patterns and histograms next to scikit-image's, over random images, all labels and the blocks' borders."""

import warnings

import numpy as np
import pytest
import torch
from skimage.feature import local_binary_pattern

from fas.methods.lbp_svm.patterns import PatternHistogram, uniform_labels

METHODS = {"default": "default", "uniform": "nri_uniform"}


def histogram(pattern="uniform", *, radius=1, points=8, interpolation=False, blocks=1):
    return PatternHistogram(pattern=pattern, radius=radius, points=points, interpolation=interpolation, blocks=blocks)


def skimage_patterns(image, pattern, radius=1, points=8):
    return local_binary_pattern(image, points, radius, METHODS[pattern]).astype(np.int64)


def images(levels, count=8, shape=(31, 37)):
    """With few levels neighbours are often equal, and then the last bit of the interpolation decides."""
    return np.random.default_rng(levels).integers(0, levels, (count, *shape)).astype(np.uint8)


@pytest.mark.parametrize("levels", [2, 5, 256])
@pytest.mark.parametrize(("radius", "points"), [(1, 8), (2, 8), (2, 16), (3, 12), (1, 4)])
@pytest.mark.parametrize("pattern", ["default", "uniform"])
def test_interpolated_patterns_equal_those_of_scikit_image(pattern, radius, points, levels):
    given = images(levels)
    got = histogram(pattern, radius=radius, points=points, interpolation=True).patterns(torch.from_numpy(given))
    inside = slice(radius, -radius)
    expected = [skimage_patterns(one, pattern, radius, points)[inside, inside] for one in given]
    assert np.array_equal(got.numpy(), expected)


@pytest.mark.parametrize("levels", [2, 256])
@pytest.mark.parametrize("pattern", ["default", "uniform"])
def test_four_points_need_no_interpolation_and_equal_scikit_image(pattern, levels):
    given = images(levels)
    got = histogram(pattern, points=4).patterns(torch.from_numpy(given))
    assert np.array_equal(got.numpy(), [skimage_patterns(one, pattern, points=4)[1:-1, 1:-1] for one in given])


def test_eight_points_are_the_3_by_3_neighbourhood_from_the_right_counter_clockwise():
    # Ones at the right (bit 0), the upper right (1), the left (4) and below (6): 1 + 2 + 16 + 64; 5 >= 5 counts.
    image = torch.tensor([[0, 0, 9], [5, 5, 6], [4, 5, 1]])
    assert histogram("default").patterns(image[None]).item() == 1 + 2 + 16 + 64


@pytest.mark.parametrize("pattern", ["default", "uniform"])
def test_every_pattern_of_8_points_has_the_label_of_scikit_image(pattern):
    # Neighbours of 255 or 0 around 64: the sign of a corner is the same with and without interpolation, since
    # 0.09 * 64 + 0.5 * 255 > 64 and, with both neighbours at 255, 0.09 * 64 + 0.41 * 255 > 64 for a corner at 0.
    around = [(1, 2), (0, 2), (0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2)]
    given = np.full((256, 3, 3), 0, np.uint8)
    given[:, 1, 1] = 64
    for code in range(256):
        for bit, place in enumerate(around):
            given[code][place] = 255 * (code >> bit & 1)
    codes = histogram("default").patterns(torch.from_numpy(given)).flatten()
    assert codes.tolist() == list(range(256))
    labels = histogram(pattern).patterns(torch.from_numpy(given)).flatten()
    by_interpolation = {
        int(skimage_patterns(one, "default")[1, 1]): int(skimage_patterns(one, pattern)[1, 1]) for one in given
    }
    assert len(by_interpolation) > 100  # the patterns that interpolation can give here
    for code, label in by_interpolation.items():
        assert labels[code] == label


def test_uniform_labels_by_hand():
    labels = uniform_labels(8)
    # 58 uniform patterns: 8 rotations of 1 to 7 ones, none and all; label 58 has the 198 others.
    assert sorted(set(labels)) == list(range(59))
    assert labels.count(58) == 256 - 58
    assert (labels[0], labels[255], labels[0b0101]) == (0, 57, 58)
    assert len(set(uniform_labels(16))) == 16 * 15 + 3


@pytest.mark.parametrize(
    ("blocks", "side", "first", "block"), [(1, 30, 0, 30), (3, 30, 0, 10), (3, 64, 0, 21), (3, 32, 1, 10)]
)
def test_histograms_are_those_of_each_block_alone(blocks, side, first, block):
    given = images(256, count=2, shape=(2, side, side))
    got = histogram(blocks=blocks, interpolation=True)(torch.from_numpy(given).float())
    expected = []
    for image in given:
        for channel in image:
            for row in range(blocks):
                for column in range(blocks):
                    top, left = first + row * block, first + column * block
                    labels = skimage_patterns(channel[top : top + block, left : left + block], "uniform")[1:-1, 1:-1]
                    expected.append(np.bincount(labels.ravel(), minlength=59) / labels.size)
    assert got.dtype == torch.float64
    np.testing.assert_allclose(got.numpy(), np.reshape(expected, (2, -1)), rtol=0, atol=1e-15)
    np.testing.assert_allclose(got.reshape(2, 2, blocks**2, 59).sum(3), 1)


def test_a_histogram_by_hand():
    # A vertical edge, 0 then 9, over 4 columns: the 2 x 2 inner pixels. Left of the edge every neighbour is at least 0:
    # all ones. Right of it the three neighbours on the left are smaller: ones at bits 0, 1, 2, 6, 7.
    image = torch.tensor([0, 0, 9, 9]).repeat(4, 1).float()[None, None]
    bins = histogram("default")(image)[0]
    assert bins[255] == 0.5
    assert bins[0b11000111] == 0.5
    assert bins.sum() == 1


def test_histograms_do_not_depend_on_the_rest_of_the_batch():
    given = torch.from_numpy(images(256, count=5, shape=(6, 40, 40))).float()
    for interpolation in (False, True):
        of = histogram(blocks=3, interpolation=interpolation)
        assert torch.equal(of(given)[3:4], of(given[3:4]))


def test_a_flat_image_is_one_pattern():
    assert histogram()(torch.full((1, 1, 20, 20), 77.0))[0, 57] == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert histogram("default", points=16, radius=2)(torch.zeros(1, 1, 20, 20))[0, 2**16 - 1] == 1
