"""How hands and heads move: smooth, slow, never periodic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FREQUENCIES = (0.17, 0.41, 0.83, 1.9)
"""Hz; the last is the tremor of a hand."""
_SHARES = (0.7, 0.4, 0.16, 0.03)
"""Amplitude of each frequency relative to the whole."""


def wander(rng: np.random.Generator, times: NDArray[np.float64], amplitude: float) -> NDArray[np.float64]:
    """A smooth random path around zero: four sines of random phase whose frequencies share no period.

    Args:
        rng: Draws the phases and varies the frequencies.
        times: Seconds at which the path is wanted, `(T,)`.
        amplitude: The path stays within 1.29 times this; its standard deviation over long times is 0.58 times this.

    Returns:
        `(T,)`, in the unit of `amplitude`.
    """
    frequencies = np.array(_FREQUENCIES) * rng.uniform(0.8, 1.25, len(_FREQUENCIES))
    phases = rng.uniform(0, 2 * np.pi, len(_FREQUENCIES))
    waves = np.sin(2 * np.pi * frequencies * times[:, None] + phases)
    return np.asarray(amplitude * (waves @ np.array(_SHARES)))


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """A rotation matrix `(3, 3)` of camera axes (x right, y down, z away): roll, then pitch, then yaw; in radians."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z)
