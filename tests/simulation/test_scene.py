from __future__ import annotations

import numpy as np
import pytest

from fas.simulation.glare import Glare
from fas.simulation.plane import PlanePose
from fas.simulation.scene import SESSIONS, Flicker, draw_room, session_light
from fas.simulation.sensor import FOCAL_LENGTH, GLARE, QUAD


@pytest.mark.parametrize("session", SESSIONS)
def test_a_surface_that_faces_the_camera_has_the_sessions_level(session: int) -> None:
    light = SESSIONS[session]
    shading = light.shading(np.array([0, 0, -1], np.float32))
    expected = light.ambient_share * np.array(light.ambient) + (1 - light.ambient_share) * np.array(light.key)
    assert shading == pytest.approx(expected, rel=1e-5)
    assert light.frontal == pytest.approx(expected * light.level, rel=1e-5)


def test_sessions_differ_and_recordings_vary() -> None:
    assert len({light.level for light in SESSIONS.values()}) == 3
    first, second = (session_light(2, np.random.default_rng(seed)) for seed in (0, 1))
    assert first.level != second.level
    assert np.linalg.norm(first.direction) == pytest.approx(1)


@pytest.mark.parametrize("session", SESSIONS)
def test_rooms_have_lamps_above_white(session: int) -> None:
    room = draw_room(session, np.random.default_rng(0))
    assert room.shape == (480, 270, 3)
    assert room.min() > 0
    assert room.max() > 3


def test_flicker_is_a_faint_wave_along_the_rows() -> None:
    rows = Flicker(0.02, np.random.default_rng(0)).rows(QUAD, 0.0)
    assert rows.shape == (960, 1)
    assert rows.max() == pytest.approx(1.02, abs=1e-3)
    assert rows.mean() == pytest.approx(1, abs=5e-3)


def test_a_mirror_swings_its_image_by_twice_its_own_turn() -> None:
    room = np.zeros((480, 270, 3), np.float32)
    room[238:242, 133:137] = 1
    glare = Glare(room, 0.5, 8.0, np.random.default_rng(0))
    x = np.arange(270) * 4 + 1.5

    def spot(yaw: float) -> float:
        light = glare.light(GLARE.nodes(), PlanePose(yaw, 0, 0, (0, 0), 1))[0]
        return float((light * x).sum() / light.sum())

    # A looked-at place that moves by 2 f yaw shows at a plane position that moves back by that over the scale.
    assert spot(0.0) - spot(0.02) == pytest.approx(2 * FOCAL_LENGTH * 0.02 / glare._scale, rel=0.05)


def test_the_mirror_takes_its_share_of_the_light() -> None:
    glare = Glare(np.full((480, 270, 3), 2.0, np.float32), 0.03, 20.0, np.random.default_rng(0))
    light = glare.light(GLARE.nodes(), PlanePose(0, 0, 0, (0, 0), 1))
    assert np.stack(light) == pytest.approx(0.06)
