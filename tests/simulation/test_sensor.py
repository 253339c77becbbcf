from __future__ import annotations

import numpy as np
import pytest

from fas.simulation.sensor import GLARE, QUAD, SITES, Grid, at_sites, planes_to_rgb

BY_HAND = Grid(1, 0, 0)


def positions(grid: Grid) -> np.ndarray:
    x = grid.x0 + grid.step * np.arange(grid.width)
    y = grid.y0 + grid.step * np.arange(grid.height)
    return np.dstack(np.meshgrid(x, y))


@pytest.mark.parametrize("grid", [*SITES, QUAD, GLARE, BY_HAND])
def test_refining_the_nodes_of_a_linear_map_gives_it_everywhere(grid: Grid) -> None:
    def linear(at: np.ndarray) -> np.ndarray:
        return (at @ np.array([[0.7, -0.2], [0.1, 1.3]]) + [3, -5]).astype(np.float32)

    refined = grid.refine(linear(grid.nodes()))
    assert refined.shape == (grid.height, grid.width, 2)
    assert np.abs(refined - linear(positions(grid))).max() < 1e-3


def test_glare_has_the_nodes_of_the_quads() -> None:
    assert np.array_equal(GLARE.nodes(), QUAD.nodes())


def test_a_smooth_map_is_known_at_each_site() -> None:
    def curved(at: np.ndarray) -> np.ndarray:
        return (at + 20 * np.sin(at[..., ::-1] / 300)).astype(np.float32)

    for values, grid in zip(at_sites(curved(QUAD.nodes())), SITES, strict=True):
        assert np.abs(values - curved(grid.nodes()))[1:-1, 1:-1].max() < 2e-3


def test_the_four_sites_cover_the_sensor_once() -> None:
    every = np.concatenate([positions(grid).reshape(-1, 2) for grid in SITES])
    assert len(np.unique(every, axis=0)) == 1080 * 1920


def test_colours_of_the_mosaic_stay_apart() -> None:
    red, green, blue = (np.full((960, 540), level, np.float32) for level in (0.1, 0.2, 0.3))
    rgb = planes_to_rgb((red, green, green, blue))
    assert rgb.shape == (480, 270, 3)
    assert np.allclose(rgb, [0.1, 0.2, 0.3])
