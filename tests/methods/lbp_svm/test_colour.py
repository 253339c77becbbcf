"""Colour channels equal to OpenCV's to the last bit."""

import colorsys

import cv2
import numpy as np
import pytest
import torch

from fas.data.tensors import to_tensor
from fas.methods.lbp_svm.colour import ColourChannels


def every_fifth_colour():
    """All combinations of 0, 5, ..., 255 and some 100,000 random colours, as an image."""
    steps = np.arange(0, 256, 5)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    drawn = np.random.default_rng(0).integers(0, 256, (389 * 607 - len(grid), 3))
    return np.concatenate([grid, drawn]).astype(np.uint8).reshape(389, 607, 3)


def channels(colour, image):
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float().div(255)  # as the DataModule gives it
    got = ColourChannels(colour)(tensor)
    assert got.dtype == torch.float32
    return got[0].numpy()


def opencv(image, code):
    return np.moveaxis(cv2.cvtColor(image, code).reshape(*image.shape[:2], -1), -1, 0)


def test_grey_equals_opencv():
    image = every_fifth_colour()
    assert np.array_equal(channels("grey", image), opencv(image, cv2.COLOR_RGB2GRAY))


def test_hsv_equals_opencv_over_the_full_range():
    image = every_fifth_colour()
    got = channels("hsv", image)
    assert np.array_equal(got, opencv(image, cv2.COLOR_RGB2HSV_FULL))
    assert got[0].max() == 255  # the usual 8-bit hue ends at 179


def test_ycbcr_equals_opencv_with_cb_before_cr():
    image = every_fifth_colour()
    assert np.array_equal(channels("ycbcr", image), opencv(image, cv2.COLOR_RGB2YCrCb)[[0, 2, 1]])


def test_both_spaces_are_one_after_the_other():
    image = every_fifth_colour()[:40]
    assert np.array_equal(
        channels("hsv_ycbcr", image), np.concatenate([channels("hsv", image), channels("ycbcr", image)])
    )


@pytest.mark.parametrize(("colour", "count"), [("grey", 1), ("hsv", 3), ("ycbcr", 3), ("hsv_ycbcr", 6)])
def test_number_of_channels(colour, count):
    assert ColourChannels(colour).channels == count == len(channels(colour, np.zeros((2, 2, 3), np.uint8)))


def test_the_whole_way_from_an_image_keeps_its_8_bits():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    got = ColourChannels("grey")(to_tensor(image, 64)[None])[0, 0].numpy()
    assert np.array_equal(got, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def test_how_far_unrounded_formulas_are_away():
    # The README gives these bounds. Hue is a fixed-point product, and Cb and Cr are made of the rounded Y.
    image = every_fifth_colour()
    red, green, blue = np.moveaxis(image.astype(np.float64), -1, 0)
    hue, saturation, value = np.moveaxis(
        np.array([colorsys.rgb_to_hsv(*(colour / 255)) for colour in image[:20].reshape(-1, 3)]).reshape(20, -1, 3),
        -1,
        0,
    )
    got = channels("hsv", image[:20])
    circle = np.abs(got[0] - hue * 256)
    assert np.minimum(circle, 256 - circle).max() < 0.65
    assert np.abs(got[1] - saturation * 255).max() < 0.53
    assert np.abs(got[2] - value * 255).max() < 1e-9
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    exact = np.stack([luma, 128 + 0.564 * (blue - luma), 128 + 0.713 * (red - luma)])
    off = np.abs(channels("ycbcr", image) - np.clip(exact, 0, 255)).max((1, 2))
    assert off[0] < 0.51 and (off[1:] < 0.86).all()
    assert (off > 0.4).all()  # rounding alone, so that patterns of unrounded channels are others
