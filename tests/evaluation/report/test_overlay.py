"""Maps over a face: colours by hand, and the classes that layers are a sign of."""

from __future__ import annotations

import numpy as np
import pytest

from fas.evaluation.report.overlay import has_overlay, map_overlay, overlay, overlay_key
from fas.layers import LAYERS

GREY = np.full((4, 4, 3), 100, np.uint8)


def test_a_layer_is_a_sign_of_the_class_whose_targets_are_not_zeros():
    zeroed = {name: layer.zero_for for name, layer in LAYERS.items() if layer.zero_for is not None}
    assert zeroed
    assert {name: LAYERS[name].sign_of for name in zeroed} == {name: 1 - label for name, label in zeroed.items()}


def test_a_layer_that_is_a_sign_of_neither_class_has_no_overlay():
    names = ["depth", "reflection", "rgb", "mesh", "score"]
    assert [name for name in names if has_overlay(name)] == ["depth", "reflection", "score"]


def test_the_key_says_what_the_colours_mean():
    keys = [overlay_key(name) for name in ("depth", "reflection", "score")]
    assert keys == ["blue where depth is high", "orange where reflection is high", "orange where score is low"]


def test_zeros_leave_the_face_in_grey():
    crop = np.zeros((4, 4, 3), np.uint8)
    crop[..., 0] = 200  # red: 0.299 * 200 = 60 of luma
    assert (overlay(crop, np.zeros((2, 2), np.uint8), 1) == 60).all()


@pytest.mark.parametrize(("label", "colour"), [(1, (0x00, 0x72, 0xB2)), (0, (0xD5, 0x5E, 0x00))])
def test_the_highest_value_is_four_fifths_of_the_colour(label, colour):
    found = overlay(GREY, np.full((2, 2), 255, np.uint8), label)
    np.testing.assert_allclose(found[0, 0], [0.2 * 100 + 0.8 * channel for channel in colour], atol=1)
    assert found.shape == (4, 4, 3)
    assert found.dtype == np.uint8


def test_of_several_channels_the_highest_counts():
    values = np.zeros((4, 4, 3), np.uint8)
    values[..., 1] = 255
    np.testing.assert_array_equal(overlay(GREY, values, 0), overlay(GREY, values[..., 1], 0))


def test_the_left_half_of_a_map_is_the_left_half_of_the_face():
    values = np.zeros((8, 8), np.uint8)
    values[:, :4] = 255
    found = overlay(np.full((32, 32, 3), 100, np.uint8), values, 1).astype(int)
    assert (found[:, :10, 2] - found[:, :10, 0] > 50).all()
    assert (found[:, 22:] == 100).all()


def test_a_map_of_scores_is_shown_where_it_is_low():
    scores = np.zeros((2, 2), np.uint8)
    np.testing.assert_array_equal(map_overlay("score", GREY, scores), overlay(GREY, scores + 255, 0))
    np.testing.assert_array_equal(map_overlay("depth", GREY, scores + 90), overlay(GREY, scores + 90, 1))
    np.testing.assert_array_equal(map_overlay("reflection", GREY, scores + 90), overlay(GREY, scores + 90, 0))
