from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fas.simulation import recording
from fas.simulation.attack import AttackScene, ReplayedPicture
from fas.simulation.camera import PHONES, Camera
from fas.simulation.display import DISPLAYS, draw_panel
from fas.simulation.glare import Glare
from fas.simulation.plane import Plane, PlanePose
from fas.simulation.recording import (
    Shot,
    Source,
    Take,
    added_light,
    capture_source,
    film_face,
    film_print,
    film_replay,
    to_frame,
)
from fas.simulation.scene import draw_room
from fas.simulation.sensor import planes_to_rgb
from fas.simulation.subjects import Subject
from fas.simulation.surround import Surround
from fas.simulation.truth import eye_file, truth_file

SIZE = (270, 480)
TIMES = np.arange(3) / 15


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def source(subject: Subject) -> Source:
    return capture_source(subject, Take(1, 1, TIMES, (360, 640), rng()))


def film(access: int, subject: Subject, source: Source, seed: int = 1) -> Iterator[Shot]:
    take = Take(2, 1, TIMES, SIZE, rng(seed))
    if access == 1:
        return film_face(subject, take)
    if access < 4:
        return film_print(source, access - 1, take)
    return film_replay(source, access - 3, take)


@pytest.mark.parametrize("access", [1, 2, 3, 4, 5])
def test_every_frame_of_every_class_comes_from_the_one_camera(
    access: int, subject: Subject, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    developed = []
    original = Camera.develop

    def spy(self: Camera, planes: tuple[np.ndarray, ...]) -> np.ndarray:
        developed.append((self.phone, original(self, planes)))
        return developed[-1][1]

    monkeypatch.setattr(Camera, "develop", spy)
    images = [image for image, _ in film(access, subject, source)]
    assert len(images) == len(developed) == len(TIMES)
    for image, (phone, frame) in zip(images, developed, strict=True):
        assert image is frame
        assert phone is PHONES[2]
        assert image.shape == (480, 270, 3)
        assert image.std() > 10


@pytest.mark.parametrize("access", [1, 2, 4])
def test_the_seed_alone_decides(access: int, subject: Subject, source: Source) -> None:
    first, again, other = (next(film(access, subject, source, seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("access", [2, 3, 4, 5])
def test_eyes_of_an_attack_follow_the_homography(access: int, subject: Subject, source: Source) -> None:
    shown = source.video_eyes if access > 3 else np.broadcast_to(source.still_eyes, (3, 2, 2))
    for (_, truth), eyes in zip(film(access, subject, source), shown, strict=True):
        told = cv2.perspectiveTransform(eyes[None], truth.motion)[0]
        # Between them are only the lens's distortion and the bend of a sheet: a few pixels of 1080.
        assert np.abs(told - truth.eyes).max() < (6 if truth.bend else 3)


def planar(device: Camera, reflectance: float, seed: int = 3) -> AttackScene:
    room = draw_room(1, rng(seed))
    surround = Surround(room, np.zeros(4, np.float32), np.ones(3, np.float32), np.ones(3, np.float32), False, rng(seed))
    return AttackScene(Plane(device), surround, Glare(room, reflectance, 10.0, rng(seed)))


def test_the_reflection_is_the_frame_with_it_minus_the_frame_without() -> None:
    device = Camera(PHONES[3], SIZE, rng())
    pose = PlanePose(0.05, 0.02, 0, (0, 0), 1.1)
    picture = np.full((640, 360, 3), 90, np.uint8)
    shown = ReplayedPicture(draw_panel(DISPLAYS[2], rng()), device, rng()).at(pose, 0.0, picture)
    clean, mirrored = planar(device, 0.05).layers(pose, shown)
    without, none = planar(device, 0.0).layers(pose, shown)
    assert max(plane.max() for plane in none) == 0
    for plane, reference in zip(clean, without, strict=True):
        assert np.array_equal(plane, reference)
    both = tuple(a + b for a, b in zip(clean, mirrored, strict=True))
    device.meter(both)
    added = added_light(device, clean, both)
    assert added.shape == (480, 270, 3)
    assert added.max() > 10
    shown_with, shown_without = (device.preview(planes_to_rgb(planes)) * 255 for planes in (both, without))
    assert np.abs(shown_without + added - shown_with).max() <= 0.5 + 1e-3
    # And of the frames themselves, but for noise, sharpening and the vignette, which the truth leaves out.
    with_it, without_it = (without_noise(device).develop(planes).astype(float) for planes in (both, clean))
    difference = cv2.GaussianBlur(with_it - without_it, (0, 0), 3)
    expected = cv2.GaussianBlur(added.astype(float), (0, 0), 3)
    assert np.corrcoef(difference.ravel(), expected.ravel())[0, 1] > 0.97
    assert difference.mean() == pytest.approx(expected.mean(), abs=1)


def without_noise(device: Camera) -> Camera:
    device.phone = replace(device.phone, shot_noise=0.0, read_noise=0.0, sharpen=0.0, denoise=1e-3)
    return device


def test_glare_stays_with_the_glass_and_not_with_the_picture() -> None:
    device = Camera(PHONES[3], SIZE, rng())
    scene = planar(device, 0.05)
    replayed = ReplayedPicture(draw_panel(DISPLAYS[2], rng()), device, rng())
    pose = PlanePose(0, 0, 0, (0, 0), 1.1)
    pictures = [rng(seed).integers(0, 256, (640, 360, 3), np.uint8) for seed in (0, 1)]
    layers = [scene.layers(pose, replayed.at(pose, 0.0, picture)) for picture in pictures]
    assert not np.array_equal(layers[0][0][0], layers[1][0][0])
    for first, second in zip(layers[0][1], layers[1][1], strict=True):
        assert np.array_equal(first, second)
    turned = replace(pose, yaw=0.05)
    moved = scene.layers(turned, replayed.at(turned, 0.0, pictures[0]))[1]
    assert not np.array_equal(moved[0], layers[0][1][0])


def test_a_bezel_and_the_room_come_into_the_picture_when_held_far_away() -> None:
    device = Camera(PHONES[1], SIZE, rng())
    room = np.full((480, 270, 3), 0.5, np.float32)
    border = np.full(4, 40, np.float32)
    surround = Surround(room, border, np.full(3, 0.02, np.float32), np.ones(3, np.float32), False, rng())
    scene = AttackScene(Plane(device), surround, Glare(room, 0.0, 10.0, rng()))

    def white(positions: np.ndarray, grid: object, channel: int) -> np.ndarray:
        return np.ones((960, 540), np.float32)

    far, _ = scene.layers(PlanePose(0, 0, 0, (0, 0), 0.8), white)
    middle = far[0][480]
    assert middle[270] == 1
    # Half of 540 columns at zoom 0.8: picture ends at 270 - 216 = 54, bezel 16 columns further out.
    assert middle[46] == pytest.approx(0.02)
    assert middle[20] == pytest.approx(0.5)
    near, _ = scene.layers(PlanePose(0, 0, 0, (0, 0), 1.1), white)
    assert min(plane.min() for plane in near) == 1


def test_fingers_cover_the_picture_and_mirror_nothing() -> None:
    device = Camera(PHONES[1], SIZE, rng())
    room = np.ones((480, 270, 3), np.float32)
    surround = Surround(room, np.zeros(4, np.float32), np.ones(3, np.float32), np.ones(3, np.float32), True, rng(2))
    scene = AttackScene(Plane(device), surround, Glare(room, 0.1, 10.0, rng()))

    def white(positions: np.ndarray, grid: object, channel: int) -> np.ndarray:
        return np.full((960, 540), 5.0, np.float32)

    clean, mirrored = scene.layers(PlanePose(0, 0, 0, (0, 0), 1.0), white)
    fingers = clean[0] < 1
    assert 0.001 < fingers.mean() < 0.3
    assert mirrored[0][fingers].max() < 0.08
    assert np.median(mirrored[0]) == pytest.approx(0.1, rel=0.01)


def test_frame_positions_are_those_of_pixel_centres() -> None:
    # Four sensor pixels become one: the first frame pixel's centre lies at 1.5.
    assert to_frame(np.array([[1.5, 1.5], [1077.5, 1917.5]]), SIZE) == pytest.approx(np.array([[0, 0], [269, 479]]))


def test_truth_files_need_no_pickle(tmp_path: Path, subject: Subject, source: Source) -> None:
    live = [truth for _, truth in film(1, subject, source)]
    attack = [truth for _, truth in film(4, subject, source)]
    (tmp_path / "live.npz").write_bytes(truth_file(live, 0.01))
    (tmp_path / "attack.npz").write_bytes(truth_file(attack, 0.01))
    assert truth_file(live, 0.01) == truth_file(live, 0.01)
    with np.load(tmp_path / "live.npz", allow_pickle=False) as truth:
        assert set(truth) == {"eyes", "head"}
        assert truth["head"].shape == (3, 8)
        assert np.ptp(truth["head"][:, 0]) > 0
    with np.load(tmp_path / "attack.npz", allow_pickle=False) as truth:
        assert set(truth) == {"eyes", "homography", "distortion", "bend", "reflection", "reflection_frames"}
        assert truth["homography"].shape == (3, 3, 3)
        assert truth["reflection_frames"].tolist() == [0, 1, 2]
        assert truth["reflection"].shape == (3, 480, 270, 3)
        assert truth["distortion"] == 0.01


def test_eye_files_have_oulus_lines(subject: Subject, source: Source) -> None:
    truths = [truth for _, truth in film(1, subject, source)]
    outside = replace(truths[2], eyes=np.array([[-3.0, 10.0], [20.0, 10.0]]))
    lines = eye_file([*truths[:2], outside], SIZE).splitlines()
    assert lines[2] == "2,0,0,0,0"
    for index, (line, truth) in enumerate(zip(lines[:2], truths, strict=False)):
        numbers = [int(field) for field in line.split(",")]
        assert numbers[0] == index
        assert numbers[1:] == np.round(truth.eyes).astype(int).ravel().tolist()
        assert numbers[1] < numbers[3]


def test_replays_move_and_prints_stand_still(subject: Subject, source: Source) -> None:
    """What the print shows is one photograph; what the display shows is a video."""
    assert not np.allclose(source.video_eyes[0], source.video_eyes[2], atol=0.2)
    assert source.prints.keys() == recording.PRINTERS.keys()
