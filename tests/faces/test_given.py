from __future__ import annotations

import numpy as np

from fas.faces.given import GivenFaces, face_at

IMAGE = np.zeros((10, 10, 3), np.uint8)


def test_only_what_was_put_in_is_found() -> None:
    given = GivenFaces()
    assert given.detect(IMAGE) == []
    given.current = face_at(np.array([0, 0, 10, 20], np.float32), None)
    assert given.detect(IMAGE) == [given.current]


def test_a_box_gives_a_level_face() -> None:
    face = face_at(np.array([10, 20, 110, 220], np.float32), None)
    assert face is not None
    assert face.points[0].tolist() == [40, 100]
    assert face.points[1].tolist() == [80, 100]
    assert face.points[0, 1] < face.points[2, 1] < face.points[3, 1] < 220


def test_eyes_give_a_square_around_the_face_also_when_tilted() -> None:
    face = face_at(None, np.array([[40, 50], [60, 50]], np.float32))
    assert face is not None
    # The eyes are 20 apart: the middle lies 0.45 x 20 below, the side is 2.3 x 20.
    assert face.box.tolist() == [27, 36, 73, 82]
    np.testing.assert_allclose(face.points[2], [50, 62])
    sideways = face_at(None, np.array([[50, 40], [50, 60]], np.float32))  # the face's down is the image's left
    assert sideways is not None
    np.testing.assert_allclose(sideways.points[2], [38, 50])


def test_nothing_known_is_no_face() -> None:
    assert face_at(None, None) is None
    assert face_at(None, np.array([[5, 5], [5, 5]], np.float32)) is None
