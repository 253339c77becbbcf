from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from fas.simulation.display import DISPLAYS, Panel, draw_panel

COARSE = DISPLAYS[1]


def panel(pitch: float, number: int = 1) -> Panel:
    return replace(draw_panel(DISPLAYS[number], np.random.default_rng(0)), pitch=pitch)


def line_of(x: np.ndarray) -> np.ndarray:
    """Positions along x in one row; y runs over many rows so that their mean is known."""
    return np.dstack(np.meshgrid(x, np.zeros(1))).astype(np.float32)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_stripes_are_what_drawn_subpixels_give_through_a_lens(channel: int) -> None:
    """An independent reference: stripes drawn at 96 samples per display pixel, blurred and sampled at the sites."""
    pitch, blur, samples = 1.9, 0.7, 96
    u = (np.arange(400 * samples) + 0.5) / samples
    middle = (channel + 0.5) / 3
    lit = np.abs(u % 1 - middle) < COARSE.stripe / 2
    seen = cv2.GaussianBlur((lit / COARSE.stripe).astype(np.float32)[None], (0, 0), blur / pitch * samples)[0]
    sites = np.arange(40, 700, 2.0)
    expected = np.interp(sites / pitch, u, seen)
    # A screen without rows: only the stripes are compared.
    rowless = replace(panel(pitch), model=replace(COARSE, row=1.0))
    assert rowless.grid(line_of(sites), channel, blur)[0] == pytest.approx(expected, abs=0.01)


def test_the_grid_neither_brightens_nor_darkens() -> None:
    y, x = np.mgrid[0:600, 0:600].astype(np.float32) * 1.37
    for channel in range(3):
        assert panel(1.9).grid(np.dstack([x, y]), channel, 0.5).mean() == pytest.approx(1, abs=0.01)


def test_moire_of_the_coarse_display_is_strong_and_of_the_fine_one_nearly_absent() -> None:
    sites = line_of(np.arange(0, 1080, 2.0))
    strength = [np.ptp(panel(1080 / pixels).grid(sites, 1, 0.7)) for pixels in (580, 900)]
    assert strength[0] > 0.1
    assert strength[1] < 0.2 * strength[0]


def test_moire_has_the_difference_frequency() -> None:
    # Sites every 2 pixels, stripes every 1.9: they beat 1 / 1.9 - 1 / 2 times per pixel.
    sites = np.arange(0, 3800, 2.0)
    wave = panel(1.9).grid(line_of(sites), 0, 0.9)[0]
    spectrum = np.abs(np.fft.rfft(wave - wave.mean()))
    assert np.argmax(spectrum) / 3800 == pytest.approx(1 / 1.9 - 1 / 2, abs=1e-3)


@pytest.mark.parametrize("number", DISPLAYS)
def test_light_grows_with_level_and_black_is_not_dark(number: int) -> None:
    for seed in range(5):
        device = draw_panel(DISPLAYS[number], np.random.default_rng(seed))
        light = device.light(np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (1, 1, 3)))[0]
        assert (np.diff(light, axis=0) > 0).all()
        low, high = DISPLAYS[number].black
        assert low * 0.9 < light[0, 1] / light[255, 1] < high * 1.1


def test_primaries_narrower_than_the_pictures_let_other_light_through() -> None:
    red = np.zeros((1, 1, 3), np.uint8)
    red[..., 0] = 255
    dull = draw_panel(replace(COARSE, saturation=(0.9, 0.9)), np.random.default_rng(0)).light(red)[0, 0]
    assert dull[1] > 0.015 * dull[0]
    vivid = draw_panel(replace(COARSE, saturation=(1.1, 1.1)), np.random.default_rng(0)).light(red)[0, 0]
    assert vivid[1] == 0  # no light is negative
