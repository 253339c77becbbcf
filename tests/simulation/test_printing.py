from __future__ import annotations

import cv2
import numpy as np
import pytest

from fas.simulation.printing import (
    DENSITY,
    PRINTERS,
    SHEET_HEIGHT,
    SHEET_WIDTH,
    clustered_screen,
    dot_harmonic,
    print_sheet,
    separate,
    stochastic_screen,
)
from fas.srgb import SRGB_TO_LINEAR


def grey(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def full_coverage(levels: tuple[int, int, int, int]) -> np.ndarray:
    return np.stack([np.full((192, 108), level, np.uint8) for level in levels])


def test_harmonic_of_half_coverage_by_hand() -> None:
    # Dots where |u| + |v| < pi: B = 1 / (4 pi^2) * integral of cos u * 2 (pi - |u|) = 2 / pi^2.
    table = dot_harmonic()
    assert table[128] == pytest.approx(2 / np.pi**2, rel=0.01)
    assert table[0] == 0
    assert abs(table[255]) < 1e-9


def test_a_clustered_screen_keeps_the_tone_and_has_its_frequency() -> None:
    levels = np.full((400, 400), 102, np.uint8)  # 40 per cent
    screen = clustered_screen(levels, 0.4, 0.0, blur=0.3)
    assert abs(screen.mean()) < 2e-3
    spectrum = np.abs(np.fft.rfft(screen.mean(axis=0)))
    assert np.argmax(spectrum) / 400 * DENSITY == pytest.approx(0.4, abs=0.004)
    # Strength by hand: 2 B(0.4) exp(-2 (pi 0.4 0.3)^2) in each direction.
    expected = 2 * dot_harmonic()[102] * np.exp(-2 * (np.pi * 0.4 * 0.3) ** 2)
    assert screen.mean(axis=0).max() == pytest.approx(expected, rel=0.02)


def test_the_screen_is_what_drawn_dots_give_through_a_lens() -> None:
    """An independent reference: dots drawn at 16 samples per plane pixel, blurred, compared at the sheet's pixels."""
    frequency, blur, samples, coverage = 0.35, 0.7, 16, 0.3
    axis = (np.arange(40 * samples) + 0.5) / samples - 0.5
    wave = np.cos(2 * np.pi * frequency * axis)
    height = wave[:, None] + wave[None, :]
    dots = (height > np.quantile(height, 1 - coverage)).astype(np.float32)
    seen = cv2.GaussianBlur(dots, (0, 0), blur * samples)[8 * samples : -8 * samples, 8 * samples : -8 * samples]
    count = int(40 * DENSITY)
    screen = clustered_screen(np.full((count, count), round(coverage * 255), np.uint8), frequency, 0.0, blur)
    assert np.ptp(screen) == pytest.approx(np.ptp(seen), rel=0.1)
    assert screen.std() == pytest.approx(seen.std(), rel=0.1)


def test_a_stochastic_screen_keeps_the_tone_and_leaves_bare_paper_alone() -> None:
    rng = np.random.default_rng(0)
    half = stochastic_screen(np.full((600, 700), 128, np.uint8), 0.02, rng)
    assert abs(half.mean()) < 1e-3
    assert half.std() == pytest.approx(0.02, rel=0.05)
    assert not stochastic_screen(np.zeros((600, 700), np.uint8), 0.02, rng).any()


@pytest.mark.parametrize("number", PRINTERS)
@pytest.mark.parametrize("level", [40, 110, 180, 240])
def test_separation_reproduces_greys_it_can_print(number: int, level: int) -> None:
    printer = PRINTERS[number]
    coverage = separate(grey(level), printer.black, gamma=1.0, saturation=1.0)
    sheet = print_sheet(coverage, printer, 0.7, np.random.default_rng(0)).astype(float) / 255
    wanted = printer.black + (1 - printer.black) * SRGB_TO_LINEAR[level]
    # Above the paper's white nothing prints; black ink ends at its own transmittance.
    assert sheet.mean(axis=(0, 1)) == pytest.approx(wanted * np.array(printer.paper), rel=0.04, abs=0.012)


@pytest.mark.parametrize("number", PRINTERS)
def test_screens_do_not_change_the_mean_of_a_sheet(number: int) -> None:
    printer = PRINTERS[number]
    inks = np.array([[0.10, 0.60, 0.80], [0.72, 0.09, 0.33], [0.94, 0.84, 0.10], [0.05, 0.05, 0.05]])
    amounts = np.array([60, 90, 120, 30])
    sheet = print_sheet(full_coverage(tuple(amounts)), printer, 0.7, np.random.default_rng(0)).astype(float) / 255
    # Neugebauer with independent screens, by hand.
    expected = np.array(printer.paper) * np.prod(1 - amounts[:, None] / 255 * (1 - inks), axis=0)
    assert sheet.shape == (SHEET_HEIGHT, SHEET_WIDTH, 3)
    assert sheet.mean(axis=(0, 1)) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("number", PRINTERS)
def test_no_ink_on_white_and_saturated_colours_leave_the_gamut(number: int) -> None:
    printer = PRINTERS[number]
    assert separate(grey(255), printer.black, 1.0, 1.0).max() <= 12
    green = np.zeros((8, 8, 3), np.uint8)
    green[..., 1] = 255
    sheet = print_sheet(separate(green, printer.black, 1.0, 1.0), printer, 0.7, np.random.default_rng(0))
    assert sheet[..., 0].mean() > 0.04 * 255  # no ink of yellow and cyan together takes out all red
