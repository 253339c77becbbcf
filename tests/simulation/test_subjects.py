from __future__ import annotations

import numpy as np
import pytest

from fas.simulation.matte import fill_unknown, person_matte
from fas.simulation.photos import Person
from fas.simulation.sensor import CELL, HEIGHT, WIDTH
from fas.simulation.subjects import CANVAS_HEIGHT, CANVAS_WIDTH, MARGIN, Subject, make_subject

NOSE_TIP, CHIN = 1, 152


def test_everything_lies_on_the_canvas(subject: Subject) -> None:
    assert subject.texture.shape == subject.backdrop.shape == (CANVAS_HEIGHT, CANVAS_WIDTH, 3)
    assert subject.matte.shape == (CANVAS_HEIGHT, CANVAS_WIDTH)
    assert subject.depth.shape == subject.rigidity.shape == (CANVAS_HEIGHT // CELL, CANVAS_WIDTH // CELL)


def test_the_face_fills_half_of_the_frame_and_is_in_its_middle(subject: Subject) -> None:
    low, high = subject.mesh[:, :2].min(axis=0) - MARGIN, subject.mesh[:, :2].max(axis=0) - MARGIN
    assert 0.45 * WIDTH < high[0] - low[0] < 0.67 * WIDTH
    assert (low[0] + high[0]) / 2 == pytest.approx(WIDTH / 2, abs=2)
    assert 0.40 * HEIGHT < (low[1] + high[1]) / 2 < 0.61 * HEIGHT


def test_the_face_is_the_persons_and_the_corners_are_not(subject: Subject) -> None:
    x, y = np.round(subject.mesh[NOSE_TIP, :2]).astype(int)
    assert subject.matte[y, x] == 255
    assert subject.matte[:100, :100].max() < 30


def test_the_nose_is_nearest_and_the_surface_bends_away(subject: Subject) -> None:
    column, row = (subject.mesh[NOSE_TIP, :2] // CELL).astype(int)
    assert subject.depth[row, column] < np.quantile(subject.depth, 0.01)
    assert subject.depth[row, 2] > subject.depth[row, column] + 0.3 * subject.face_width
    assert np.isfinite(subject.depth).all()


def test_head_turns_and_shoulders_do_not(subject: Subject) -> None:
    column, row = (subject.mesh[NOSE_TIP, :2] // CELL).astype(int)
    assert subject.rigidity[row, column] == 1
    assert subject.rigidity[-1, column] == 0
    assert (np.diff(subject.rigidity[:, column]) <= 0).all()


def test_texture_is_the_photograph(person: Person, subject: Subject) -> None:
    scale = subject.face_width / np.ptp(person.mesh[:, 0])
    for vertex in (NOSE_TIP, CHIN, 33):
        x, y = np.round(subject.mesh[vertex, :2]).astype(int)
        u, v = np.round(person.mesh[vertex, :2]).astype(int)
        ours = subject.texture[y - 20 : y + 21, x - 20 : x + 21].reshape(-1, 3).mean(axis=0)
        reach = max(round(20 / scale), 1)
        theirs = person.photo[v - reach : v + reach + 1, u - reach : u + reach + 1].reshape(-1, 3).mean(axis=0)
        assert ours == pytest.approx(theirs, abs=12)


def test_a_subject_is_its_seed(person: Person, subject: Subject) -> None:
    again = make_subject(person, np.random.default_rng(0))
    assert np.array_equal(again.texture, subject.texture)
    assert np.array_equal(again.matte, subject.matte)


def test_a_neighbours_face_is_not_the_persons(person: Person, subject: Subject) -> None:
    neighbour = np.array([[980, 500], [1200, 500], [1200, 800], [980, 800]], np.float32)
    matte = person_matte(subject.texture, subject.mesh, [neighbour])
    assert matte[600:700, 1080:1150].mean() < 20


def test_unknown_parts_take_the_colour_around() -> None:
    image = np.zeros((200, 100, 3), np.uint8)
    image[:, :50], image[:, 50:] = (200, 40, 40), (40, 40, 200)
    known = np.ones((200, 100), np.float32)
    known[60:140, 5:95] = 0
    image[60:140, 5:95] = (0, 255, 0)
    filled = fill_unknown(image, known).astype(int)
    assert np.array_equal(filled[known == 1], image[known == 1])
    assert filled[60:140, 5:95, 1].max() < 80  # no green is left
    assert filled[100, 8, 0] > filled[100, 8, 2]
    assert filled[100, 92, 0] < filled[100, 92, 2]
