from __future__ import annotations

import numpy as np
import pytest

from fas.simulation.camera import PHONES, Camera
from fas.simulation.sensor import Planes, planes_to_rgb

SIZE = (270, 480)


def flat(red: float, green: float, blue: float) -> Planes:
    planes = tuple(np.full((960, 540), level, np.float32) for level in (red, green, green, blue))
    return planes[0], planes[1], planes[2], planes[3]


def camera(phone: int = 1, seed: int = 0, size: tuple[int, int] = SIZE) -> Camera:
    return Camera(PHONES[phone], size, np.random.default_rng(seed))


@pytest.mark.parametrize("phone", PHONES)
def test_distortion_is_undone_exactly_and_moves_a_corner_by_its_share(phone: int) -> None:
    device = camera(phone)
    points = np.random.default_rng(0).uniform((0, 0), (1079, 1919), (500, 2))
    assert np.abs(device.distort(device.undistort(points)) - points).max() < 2e-3
    half_diagonal = np.hypot(539.5, 959.5)
    moved = np.linalg.norm(device.undistort(np.zeros((1, 2)))[0])
    assert moved == pytest.approx(abs(PHONES[phone].distortion) * half_diagonal, rel=1e-3)


@pytest.mark.parametrize(("light", "channel"), [((1, 0, 0), 0), ((0, 1, 0), 1), ((0, 0, 1), 2)])
def test_the_mosaic_is_read_in_its_own_order(light: tuple[float, float, float], channel: int) -> None:
    device = camera()
    device.exposure = 0.5
    frame = device.develop(flat(*light))
    assert frame.shape == (480, 270, 3)
    others = [other for other in range(3) if other != channel]
    assert frame[..., channel].mean() > 150
    assert frame[..., others].mean() < 40


@pytest.mark.parametrize("phone", PHONES)
def test_the_same_scene_in_less_light_is_as_bright_but_noisier(phone: int) -> None:
    brightness, noise = [], []
    for level in (1.0, 0.1):
        device = camera(phone)
        planes = flat(0.3 * level, 0.3 * level, 0.3 * level)
        device.meter(planes)
        first, second = (device.develop(planes).astype(float) for _ in range(2))
        brightness.append(first.mean())
        noise.append((first - second).std())
    assert brightness[0] == pytest.approx(brightness[1], abs=3)
    assert noise[1] > 1.4 * noise[0]


def test_exposure_spares_the_highlights() -> None:
    dark, bright = camera(), camera()
    even = flat(0.2, 0.2, 0.2)
    dark.meter(even)
    lamps = tuple(plane.copy() for plane in even)
    for plane in lamps:
        plane[:160] = 3.0
    bright.meter((lamps[0], lamps[1], lamps[2], lamps[3]))
    assert bright.exposure < dark.exposure


def test_white_balance_removes_a_part_of_a_cast() -> None:
    device = camera(6)
    warm = flat(0.30, 0.2, 0.12)
    device.meter(warm)
    balanced = np.array([0.30, 0.2, 0.12]) * device.balance
    assert 1.0 < balanced[0] / balanced[1] < 1.5
    assert 0.6 < balanced[2] / balanced[1] < 1.0


def test_corners_are_darker() -> None:
    device = camera(5)
    planes = flat(0.3, 0.3, 0.3)
    device.meter(planes)
    frame = device.develop(planes).astype(float)
    assert frame[:20, :20].mean() < frame[230:250, 125:145].mean() - 10


def test_preview_is_the_frame_without_noise() -> None:
    device = camera(1)
    ramp = np.tile(np.linspace(0.02, 0.6, 960, dtype=np.float32)[:, None], (1, 540))
    planes = (ramp, ramp, ramp, ramp)
    device.meter(planes)
    centre = slice(110, 160)  # away from the vignette
    frame = device.develop(planes)[120:360, centre].astype(float)
    preview = device.preview(planes_to_rgb(planes))[120:360, centre] * 255
    assert np.abs(frame.mean(axis=(1, 2)) - preview.mean(axis=(1, 2))).max() < 5


def test_preview_never_falls_with_more_light() -> None:
    light = np.tile(np.linspace(0, 2, 500, dtype=np.float32)[:, None, None], (1, 1, 3))
    for phone in PHONES:
        assert (np.diff(camera(phone).preview(light), axis=0) >= 0).all()


def test_the_seed_alone_decides() -> None:
    planes = flat(0.2, 0.2, 0.2)
    frames = [camera(2, seed).develop(planes) for seed in (3, 3, 4)]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])


def test_full_size_keeps_every_pixel() -> None:
    assert camera(size=(1080, 1920)).develop(flat(0.2, 0.2, 0.2)).shape == (1920, 1080, 3)
