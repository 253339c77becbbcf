"""From a person on a photograph to a subject that can be filmed: texture, matte, backdrop, mesh, depth.

Everything lies on one canvas in sensor pixels, larger than the sensor by a margin on each side, in which the face has
the place and the size that it has in a video.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.maps.depth import FARTHEST, depth_map
from fas.simulation.matte import fill_unknown, person_matte
from fas.simulation.photos import Person
from fas.simulation.sensor import CELL, HEIGHT, WIDTH

MARGIN = np.array([132, 228])
"""Canvas around the sensor's frame at each side, in x and y: 12 per cent, a multiple of `CELL`."""
CANVAS_WIDTH, CANVAS_HEIGHT = WIDTH + 2 * int(MARGIN[0]), HEIGHT + 2 * int(MARGIN[1])
_FACE_HEIGHTS = (0.43, 0.60)
"""Highest and lowest place of a face's centre in the frame: as high as the photograph shows a torso for."""
_FACE_WIDTHS = (0.48, 0.66)
"""Smallest and largest width of a face relative to the frame; the smallest for which the photograph fills the frame."""
_MIRRORED = 0.25
"""Of a photograph's height, how much is mirrored at its lower edge."""
_CHIN, _FOREHEAD = 152, 10


@dataclass(frozen=True, slots=True)
class Subject:
    """What the simulation films.

    Attributes:
        texture: RGB uint8 `(CANVAS_HEIGHT, CANVAS_WIDTH, 3)`, sRGB: the photograph.
        matte: uint8 `(CANVAS_HEIGHT, CANVAS_WIDTH)`: 255 where the person is, 0 where the backdrop is.
        backdrop: Like `texture`, with the person painted over by what is around.
        mesh: float32 `(468, 3)` in canvas pixels, z smaller is nearer.
        depth: float32 `(CANVAS_HEIGHT / CELL, CANVAS_WIDTH / CELL)`: z of the person's surface in canvas pixels,
            at the centres of the cells; 0 is the mean of the face.
        rigidity: Same shape, 1 where the surface turns with the head, falling to 0 at the shoulders.
    """

    texture: NDArray[np.uint8]
    matte: NDArray[np.uint8]
    backdrop: NDArray[np.uint8]
    mesh: NDArray[np.float32]
    depth: NDArray[np.float32]
    rigidity: NDArray[np.float32]

    @property
    def face_width(self) -> float:
        """Width of the mesh in sensor pixels."""
        return float(np.ptp(self.mesh[:, 0]))


def make_subject(person: Person, rng: np.random.Generator) -> Subject:
    """Cuts a person out of the photograph and gives the surface its depth.

    Args:
        person: The face and its photograph.
        rng: Draws the fine texture that the photograph does not resolve.
    """
    affine = _placement(person)
    texture = _place(person.photo, affine)
    mesh = np.empty_like(person.mesh)
    scale = affine[0, 0]
    mesh[:, :2] = person.mesh[:, :2] * scale + affine[:, 2]
    mesh[:, 2] = (person.mesh[:, 2] - person.mesh[:, 2].mean()) * scale
    others = [outline * scale + affine[:, 2] for outline in person.others]
    matte = person_matte(texture, mesh, others)
    backdrop = _paint_over(texture, matte)
    depth, rigidity = _surface(mesh)
    return Subject(_add_fine_texture(texture, mesh, rng), matte, backdrop, mesh, depth, rigidity)


def _placement(person: Person) -> NDArray[np.float64]:
    """The affine `(2, 3)` from the photograph to the canvas: scale and shift only."""
    low, high = person.mesh[:, :2].min(axis=0), person.mesh[:, :2].max(axis=0)
    centre = (low + high) / 2
    height, width = person.photo.shape[:2]
    # A face turned to the side is narrower than the head; its height keeps the measure.
    face_width = float(max(high[0] - low[0], 0.8 * (high[1] - low[1])))
    # The smallest enlargement for which the photograph fills the frame, the face being somewhere in its middle.
    sides = WIDTH / 2 / max(min(centre[0], width - centre[0]), 1)
    scale = float(np.clip(max(sides, HEIGHT / height) * face_width / WIDTH, *_FACE_WIDTHS)) * WIDTH / face_width
    row = HEIGHT - scale * (height - centre[1])
    target = np.array([WIDTH / 2, float(np.clip(row, *np.multiply(_FACE_HEIGHTS, HEIGHT)))]) + MARGIN
    return np.column_stack([scale * np.eye(2), target - scale * centre])


def _place(photo: NDArray[np.uint8], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
    scale = affine[0, 0]
    if scale < 1:  # against aliasing when a large photograph shrinks
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.45 / scale), np.uint8)
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    inside = cv2.warpAffine(np.ones(photo.shape[:2], np.float32), affine, size)
    # Below a portrait the clothes continue as their mirror image; at the other sides the backdrop's border continues.
    below = round(_MIRRORED * photo.shape[0])
    photo = np.asarray(cv2.copyMakeBorder(photo, 0, below, 0, 0, cv2.BORDER_REFLECT), np.uint8)
    placed = cv2.warpAffine(photo, affine, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(cv2.resize(placed, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), (0, 0), 3)
    soft = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
    weight = cv2.blur(cv2.erode(inside, np.ones((25, 25))), (19, 19))
    return np.asarray(cv2.blendLinear(placed, soft, weight, 1 - weight), np.uint8)


def _paint_over(texture: NDArray[np.uint8], matte: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # A little more than the matte, so that no hair's edge stays behind on the backdrop.
    person = cv2.blur(cv2.dilate(matte, np.ones((25, 25), np.uint8)), (9, 9)).astype(np.float32) / 255
    # What is painted is smooth: a quarter of the resolution is enough for it.
    coarse = tuple(side // 4 for side in matte.shape[::-1])
    small, hidden = (cv2.resize(image, coarse, interpolation=cv2.INTER_AREA) for image in (texture, person))
    painted = cv2.resize(fill_unknown(small, 1 - hidden), matte.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.blendLinear(texture, painted, 1 - person, person), np.uint8)


def _surface(mesh: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depth and rigidity of the person at the centres of the canvas's cells."""
    columns, rows = CANVAS_WIDTH // CELL, CANVAS_HEIGHT // CELL
    drawn = depth_map(mesh, rows * CELL, rows)[:, :columns]
    nearest, farthest = float(mesh[:, 2].min()), float(mesh[:, 2].max())
    inside = drawn > 0
    depth = farthest - (drawn - FARTHEST) / (1 - FARTHEST) * (farthest - nearest)
    # Outside the mesh the surface continues from the nearest outline and bends away, as a skull does.
    distance, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at_outline = np.zeros(labels.max() + 1, np.float32)
    at_outline[labels[inside]] = depth[inside]
    face_width = np.ptp(mesh[:, 0])
    away = 0.35 * face_width * np.tanh(distance * CELL / (0.3 * face_width))
    depth = np.where(inside, depth, at_outline[labels] + away).astype(np.float32)
    outside = cv2.GaussianBlur(depth, (0, 0), 6)
    blend = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.5)
    depth = blend * cv2.GaussianBlur(depth, (0, 0), 0.7) + (1 - blend) * outside

    up = mesh[_FOREHEAD, :2] - mesh[_CHIN, :2]
    up /= np.linalg.norm(up)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * CELL + (CELL - 1) / 2
    above_chin = (x - mesh[_CHIN, 0]) * up[0] + (y - mesh[_CHIN, 1]) * up[1]
    ramp = np.clip(1 + above_chin / (0.75 * face_width), 0, 1)
    return depth.astype(np.float32), (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)


def _add_fine_texture(
    texture: NDArray[np.uint8], mesh: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Pores and cloth: a face of 100 pixels enlarged to 600 is smoother than anything that a camera sees."""
    noise = rng.standard_normal(texture.shape[:2], np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 0.9) * 3 + cv2.GaussianBlur(noise, (0, 0), 1.8) * 4
    skin = np.zeros((CANVAS_HEIGHT // CELL, CANVAS_WIDTH // CELL), np.float32)
    cv2.fillConvexPoly(skin, (cv2.convexHull(mesh[:, :2].copy()) / CELL).astype(np.int32), 1.0)
    strength = 0.008 + 0.006 * cv2.resize(cv2.GaussianBlur(skin, (0, 0), 1.7), texture.shape[1::-1])
    factor = 1 + strength * fine
    return np.asarray(cv2.multiply(texture, cv2.merge([factor] * 3), dtype=cv2.CV_8U))
