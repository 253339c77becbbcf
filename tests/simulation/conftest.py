"""A person drawn by hand: the simulation's tests need neither weights nor a photograph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fas.simulation.photos import Person
from fas.simulation.subjects import Subject, make_subject
from tests.fakes.mesh import face_mesh


def draw_person(number: int, size: int = 400) -> Person:
    """A face of 150 pixels on a photograph of its own colours."""
    rng = np.random.default_rng(number)
    photo = np.full((size, size, 3), rng.integers(60, 160, 3), np.float32)
    mesh = face_mesh(crop=256).astype(np.float32) + np.array([size / 2 - 128, size / 2 - 150, 0], np.float32)
    centre = tuple(mesh[:, :2].mean(axis=0).round().astype(int).tolist())
    cv2.ellipse(photo, (size // 2, size + 20), (150, 130), 0, 0, 360, rng.integers(20, 120, 3).tolist(), -1)
    cv2.ellipse(photo, centre, (82, 112), 0, 0, 360, (60, 40, 30), -1)
    cv2.fillConvexPoly(photo, cv2.convexHull(mesh[:, :2].copy()).astype(np.int32), (205, 160, 135))
    photo += cv2.GaussianBlur(rng.standard_normal((size, size, 3)).astype(np.float32), (0, 0), 2) * 40
    return Person(f"drawn{number}.png#0", np.clip(photo, 0, 255).astype(np.uint8), mesh, ())


@pytest.fixture(scope="session")
def person() -> Person:
    return draw_person(1)


@pytest.fixture(scope="session")
def subject(person: Person) -> Subject:
    return make_subject(person, np.random.default_rng(0))
