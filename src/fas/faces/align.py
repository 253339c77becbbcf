"""From a face in an image to a square crop: the transform, the antialiased warp, and the mesh in the crop's pixels.

Coordinates have pixel centres at integers, so a crop of `size` pixels covers [-0.5, size - 0.5].
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.faces.face import Face

ALIGNMENTS = ("none", "eyes", "similarity")
"""How a crop is placed on a face; see `crop_transform`."""

_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Five points in a crop of 112 pixels: the template of ArcFace (Deng et al., CVPR 2019), the field's usual one."""
_TEMPLATE_SIZE = 112

_EYES = slice(0, 2)
_PRE_SHRINK_REST = 1.5
"""What an integer pre-shrink leaves to the Gaussian, so that its own (box) aliasing is filtered once more."""

Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])


def check_alignment(name: str) -> None:
    """Rejects a name that is not in `ALIGNMENTS`.

    Raises:
        FasError: There is no such alignment.
    """
    if name not in ALIGNMENTS:
        raise FasError(f"there is no alignment {name!r}", remedy=f"choose one of: {', '.join(ALIGNMENTS)}")


def crop_transform(face: Face, size: int, margin: float, alignment: str) -> NDArray[np.float64]:
    """The affine map from image to crop: a similarity, so that crops never distort a face.

    Args:
        face: The face; its mesh is used where it has one.
        size: Side of the crop in pixels.
        margin: Context around the face: the fraction of the crop's tight side that is added on **each** side; 0 is
            tight, 0.25 makes the side 1.5 times as long.
        alignment: `none`: an upright square around the bounds of the mesh (or of the box, without a mesh), as the crops
            of a detector are. `eyes`: rotated and scaled so that the eye centres lie on the template. `similarity`: the
            least-squares similarity of all five points to the template; steadier than `eyes` when a head turns, since
            the distance of the eyes shrinks then. At margin 0 the template takes in about 1.3 times as much as `none`.

    Returns:
        float64 `(2, 3)`.

    Raises:
        FasError: Unknown alignment.
    """
    check_alignment(alignment)
    scale = 1.0 + 2.0 * margin
    if alignment == "none":
        bounds = face.box if face.mesh is None else mesh_bounds(face.mesh)
        center = (bounds[:2] + bounds[2:]).astype(np.float64) / 2
        side = float(max(bounds[2] - bounds[0], bounds[3] - bounds[1])) * scale
        return square_transform((center[0], center[1]), side, 0.0, size)
    template = ((_TEMPLATE + 0.5) / _TEMPLATE_SIZE - 0.5) / scale  # relative to the crop's centre, in crop sides
    target = (template + 0.5) * size - 0.5
    points = face.points.astype(np.float64)
    if alignment == "eyes":
        return _fit_similarity(points[_EYES], target[_EYES])
    return _fit_similarity(points, target)


def square_transform(center: tuple[float, float], side: float, angle: float, size: int) -> NDArray[np.float64]:
    """The affine map of a turned square in the image onto a crop.

    Args:
        center: The square's centre in the image.
        side: Its side in image pixels.
        angle: The direction of its top edge in radians; positive turns x towards y, clockwise on screen.
        size: Side of the crop in pixels.

    Returns:
        float64 `(2, 3)`.
    """
    cos, sin = np.cos(angle) * size / side, np.sin(angle) * size / side
    linear = np.array([[cos, sin], [-sin, cos]])
    shift = (size - 1) / 2 - linear @ np.asarray(center, dtype=np.float64)
    return np.column_stack([linear, shift])


def warp_crop(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Samples a crop. Where it shrinks it filters first: moire and halftone would alias into other patterns.

    The filter is a Gaussian of 0.5 sqrt(s^2 - 1) pixels at shrinking factor s; above s = 3 the region is first averaged
    by an integer factor, which costs a quarter of a Gaussian alone. On sinusoids beyond the crop's Nyquist frequency
    that leaves 6 to 13 % of their amplitude at s of 2 and above (bilinear sampling: 60 to 75 %) and keeps 83 % of those
    below 0.35 cycles a pixel. What lies beyond the image repeats its border, which adds no edge that a network could
    learn.

    Args:
        image: uint8 `(H, W, 3)`.
        matrix: `(2, 3)` from image to crop; a similarity.
        size: Side of the crop in pixels.

    Returns:
        uint8 `(size, size, 3)`.
    """
    shrink = 1.0 / _scale_of(matrix)
    if shrink > 1.0:
        image, matrix = _low_pass(image, matrix, size, shrink)
    warped = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def transform_points(points: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Maps points `(N, 2)`; the type stays."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(points.dtype)


def transform_mesh(mesh: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Maps a mesh into the crop.

    Args:
        mesh: `(N, 3)` in image pixels.
        matrix: `(2, 3)` from image to crop; a similarity.

    Returns:
        float32 `(N, 3)` in crop pixels; z is scaled by the same factor as x and y and is not shifted.
    """
    depth = mesh[:, 2:] * _scale_of(matrix)
    return np.hstack([transform_points(mesh[:, :2], matrix), depth]).astype(np.float32)


def mesh_bounds(mesh: NDArray[np.float32]) -> NDArray[np.float32]:
    """x1, y1, x2, y2 of the mesh in the image's axes: float32 `(4,)`."""
    return np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)]).astype(np.float32)


def _scale_of(matrix: NDArray[np.float64]) -> float:
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def _fit_similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares over rotation, one scale and shift. As complex numbers it is a line through the centred points."""
    p, q = (points @ np.array([1, 1j]) for points in (source, target))
    centered = p - p.mean()
    slope = np.vdot(centered, q - q.mean()) / np.vdot(centered, centered)
    shift = q.mean() - slope * p.mean()
    return np.array([[slope.real, -slope.imag, shift.real], [slope.imag, slope.real, shift.imag]])


def _low_pass(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, shrink: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Cuts out and filters what the crop needs; returns it with the matrix that maps it to the crop."""
    left, top, right, bottom = _needed_region(image, matrix, size, reach=3 * shrink)
    region = image[top:bottom, left:right]
    factor = max(1, min(int(shrink / _PRE_SHRINK_REST), *region.shape[:2]))
    if factor > 1:
        height, width = (side // factor for side in region.shape[:2])
        region = region[: height * factor, : width * factor]
        region = cv2.resize(region, (width, height), interpolation=cv2.INTER_AREA)
    rest = shrink / factor
    sigma = 0.5 * np.sqrt(max(rest * rest - 1.0, 0.0))
    if sigma > 0:
        region = cv2.GaussianBlur(region, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    offset = (factor - 1) / 2  # the centre of the first averaged pixel
    to_image = np.array([[factor, 0, left + offset], [0, factor, top + offset], [0, 0, 1]])
    return region, matrix @ to_image


def _needed_region(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, reach: float
) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the image under the crop, widened by a filter's reach; never empty."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) - 0.5
    corners = transform_points(corners, cv2.invertAffineTransform(matrix))
    limits = np.array(image.shape[1::-1])
    low = np.clip(np.floor(corners.min(axis=0) - reach).astype(int), 0, limits - 1)
    high = np.clip(np.ceil(corners.max(axis=0) + reach).astype(int) + 1, low + 1, limits)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
