from __future__ import annotations

import numpy as np
import pytest

from fas.srgb import SRGB_TO_LINEAR, linear_to_srgb


def test_levels_to_light() -> None:
    # IEC 61966-2-1: level 128 is 0.2158605 of full light.
    assert SRGB_TO_LINEAR[[0, 10, 128, 255]] == pytest.approx([0, 10 / 255 / 12.92, 0.2158605, 1], rel=1e-5)


def test_light_to_levels_is_the_way_back() -> None:
    assert 255 * linear_to_srgb(SRGB_TO_LINEAR) == pytest.approx(np.arange(256), abs=1e-3)
