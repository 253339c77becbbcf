from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from fas.maps.topology import FACE_OVAL, MESH_POINTS, TRIANGLES
from tests.fakes.mesh import unit_disc

DIRECTED = [(int(t[i]), int(t[(i + 1) % 3])) for t in TRIANGLES for i in range(3)]
EDGES = {frozenset(edge) for edge in DIRECTED}

# Public numbering of MediaPipe.
LIPS_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
MIDLINE = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 164, 0, 11, 12, 13, 14, 15, 16, 17, 18, 200, 199, 175, 152,
)  # fmt: skip


def boundary_edges() -> list[tuple[int, int]]:
    return [(a, b) for a, b in DIRECTED if (b, a) not in set(DIRECTED)]


def test_every_point_is_used_by_distinct_proper_triangles():
    assert TRIANGLES.dtype == np.int32 and TRIANGLES.shape == (898, 3)
    assert set(TRIANGLES.ravel()) == set(range(MESH_POINTS))
    assert all(len(set(t)) == 3 for t in TRIANGLES.tolist())
    assert len({frozenset(t) for t in TRIANGLES.tolist()}) == len(TRIANGLES)


def test_it_is_an_oriented_manifold():
    # Each direction of an edge once: at most two triangles share an edge, and they agree on the side that is outside.
    assert max(Counter(DIRECTED).values()) == 1


def test_it_is_a_disc_without_holes():
    assert MESH_POINTS - len(EDGES) + len(TRIANGLES) == 1  # Euler characteristic


def test_its_only_boundary_is_the_face_oval():
    following = dict(boundary_edges())
    assert len(following) == len(FACE_OVAL)
    loop = [FACE_OVAL[0]]
    while len(loop) < len(FACE_OVAL):
        loop.append(following[loop[-1]])
    # The oval is listed clockwise on screen (forehead, subject's left, chin); triangles are counter-clockwise.
    assert loop == [FACE_OVAL[0], *reversed(FACE_OVAL[1:])]


def test_contours_of_lips_and_eyes_are_edges_and_their_openings_are_closed():
    for contour in (LIPS_INNER, EYE_RIGHT, EYE_LEFT):
        assert all(frozenset(pair) in EDGES for pair in zip(contour, contour[1:] + contour[:1], strict=True))
        inside = sum(set(t) <= set(contour) for t in TRIANGLES.tolist())
        assert inside == len(contour) - 2  # a polygon of n corners has n - 2 triangles


def test_the_midline_is_a_chain_of_edges():
    assert all(frozenset(pair) in EDGES for pair in pairwise(MIDLINE))


def test_no_triangle_is_flipped_in_the_plane():
    a, b, c = (unit_disc()[TRIANGLES[:, i]] for i in range(3))
    doubled = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert (doubled < -1e-9).all()  # counter-clockwise where y points down
