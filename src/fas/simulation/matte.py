"""Who is in front of what: a soft matte of the person, and painting over what nobody has seen.

The matte need not be exact. At rest, person and backdrop together are the photograph again whatever the matte is; its
errors show only as pieces of backdrop that move with the head. So it rather takes in too much.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_WORK = 12
"""GrabCut runs on the canvas scaled down by this much: 0.1 s instead of minutes."""
_CHIN, _FOREHEAD = 152, 10


def person_matte(
    canvas: NDArray[np.uint8], mesh: NDArray[np.float32], others: Sequence[NDArray[np.floating]]
) -> NDArray[np.uint8]:
    """The person's matte: GrabCut from a drawn guess of head and shoulders, refined along the picture's edges.

    Args:
        canvas: RGB uint8 `(H, W, 3)`.
        mesh: The face in the canvas, `(468, 3)`.
        others: Outlines of other people's faces, `(n, 2)` each: never part of the person.

    Returns:
        uint8 `(H, W)`, 255 for the person.
    """
    height, width = canvas.shape[:2]
    small = cv2.resize(canvas, (width // _WORK, height // _WORK), interpolation=cv2.INTER_AREA)
    guess = _guess(small.shape[:2], mesh / _WORK, [outline / _WORK for outline in others])
    cv2.setRNGSeed(0)  # GrabCut starts from k-means with random centres
    labels = guess.copy()
    cv2.grabCut(small[..., ::-1].copy(), labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    person = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    person = _one_piece(person, mesh[:, :2].mean(axis=0) / _WORK)
    half = cv2.resize(canvas, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    guide = cv2.cvtColor(half, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    soft = cv2.resize(person.astype(np.float32), guide.shape[::-1], interpolation=cv2.INTER_LINEAR)
    refined = np.clip(_guided_filter(guide, soft, 13, 1e-3) * 1.2 - 0.1, 0, 1)
    # A rim of backdrop that moves with the head is not seen; a rim of hair that stays behind is.
    refined = cv2.blur(cv2.dilate(refined, np.ones((7, 7))), (5, 5))
    return np.asarray(cv2.resize(refined, (width, height)) * 255 + 0.5, np.uint8)


def fill_unknown(image: NDArray[np.uint8], known: NDArray[np.float32]) -> NDArray[np.uint8]:
    """An image whose unknown parts are painted over by what is around, coarse to fine (push and pull).

    Args:
        image: RGB uint8 `(H, W, 3)`.
        known: float32 `(H, W)`: 1 where the image stays as it is, 0 where it is replaced, soft between.
    """
    colour, weight = image * known[..., None], known
    levels: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    while min(weight.shape) > 2:
        levels.append((colour, weight))
        size = ((weight.shape[1] + 1) // 2, (weight.shape[0] + 1) // 2)
        colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    filled = colour / np.maximum(weight, 1e-4)[..., None]
    for colour, weight in reversed(levels):
        coarse = cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        missing = np.maximum(1 - weight, 0)[..., None]
        filled = colour + coarse * missing
    return np.clip(filled + 0.5, 0, 255).astype(np.uint8)


def _guess(
    shape: tuple[int, ...], mesh: NDArray[np.floating], others: Sequence[NDArray[np.floating]]
) -> NDArray[np.uint8]:
    """GrabCut's start: what is surely the person, what surely not, and the likely rest."""
    height, width = shape
    points = mesh[:, :2]
    chin, face_width = points[_CHIN], float(np.ptp(points[:, 0]))
    axis = points[_FOREHEAD] - chin
    face_height = float(np.linalg.norm(axis))
    up = axis / face_height
    tilt = float(np.degrees(np.arctan2(up[0], -up[1])))
    centre = (points.min(axis=0) + points.max(axis=0)) / 2 + up * 0.1 * face_height

    def head(scale_x: float, scale_y: float) -> NDArray[np.bool_]:
        drawn = np.zeros(shape, np.uint8)
        box = (tuple(centre.tolist()), (scale_x * face_width, scale_y * face_height), tilt)
        cv2.ellipse(drawn, box, 1, -1)
        return drawn > 0

    def torso(neck: float, shoulder: float, drop: float) -> NDArray[np.bool_]:
        drawn = np.zeros(shape, np.uint8)
        side = np.array([[neck, 0.0], [shoulder, drop], [shoulder * 1.2, 9.0]]) * face_width
        left = side * [-1, 1]
        cv2.fillPoly(drawn, [(chin + np.vstack([side, left[::-1]])).astype(np.int32)], 1)
        return drawn > 0

    guess = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    guess[head(1.45, 1.6) | torso(0.35, 1.2, 0.7)] = cv2.GC_PR_FGD
    below_chin = np.arange(height)[:, None] > chin[1]
    guess[~head(2.3, 2.4) & ~np.broadcast_to(below_chin, (height, width))] = cv2.GC_BGD
    for outline in others:
        cv2.fillConvexPoly(guess, cv2.convexHull(outline.astype(np.float32)).astype(np.int32), cv2.GC_BGD)
    guess[head(1.25, 1.42) | torso(0.25, 0.6, 0.6)] = cv2.GC_FGD
    return guess


def _one_piece(person: NDArray[np.uint8], inside: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The connected part that holds the face, without its holes."""
    _, labels = cv2.connectedComponents(person, connectivity=4)
    piece = (labels == labels[int(inside[1]), int(inside[0])]).astype(np.uint8)
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(piece, contours, -1, 1, cv2.FILLED))


def _guided_filter(
    guide: NDArray[np.float32], values: NDArray[np.float32], size: int, epsilon: float
) -> NDArray[np.float32]:
    """He, Sun and Tang, "Guided Image Filtering" (PAMI 2013), equations 5, 6 and 8, for a grey guide."""

    def mean(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.boxFilter(image, -1, (size, size)))

    mean_guide, mean_values = mean(guide), mean(values)
    slope = (mean(guide * values) - mean_guide * mean_values) / (mean(guide * guide) - mean_guide**2 + epsilon)
    return mean(slope) * guide + mean(mean_values - slope * mean_guide)
