"""MediaPipe's full-range face detector and face mesh, run by OpenCV: the default backend, without TensorFlow.

Sources: Bazarevsky et al., "BlazeFace", and Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video
on Mobile GPUs" (both CVPR Workshop on Computer Vision for AR/VR, 2019); MediaPipe's graphs `face_detection_full_range`
and `face_landmark`.
"""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from fas.errors import FasError
from fas.faces.align import mesh_bounds, square_transform, transform_mesh, warp_crop
from fas.faces.face import Face
from fas.weights.fetching import model_file
from fas.weights.per_process import PerProcess
from fas.weights.sources import file_hash
from fas.weights.table import FACE_DETECTOR, FACE_MESH

_INPUT = 192
"""Side of both networks' input."""
_CELLS = 48
"""The detector has one anchor at the centre of every cell of a grid of 48 x 48."""
_OVERLAP = 0.3
"""Boxes of one face overlap more than this (MediaPipe's `min_suppression_threshold`)."""
_SURE = 0.7
"""Upright faces mostly score above this, sideways ones below; then the other three directions are looked at, too."""
_TURN_GAIN = 0.08
"""What another direction must score above the upright one. On 536 portraits, 1 upright face is taken for a sideways one
with it and 5 are without; of the same portraits lying on a side, 5 % are not recognised as such."""
_ROI_SCALE = 1.5
"""The mesh network wants a square 1.5 times the face's bounds (MediaPipe's `RectTransformationCalculator`)."""
_MOUTH_WIDTH = 0.83
"""Of a mouth relative to the distance of the eyes, in the template of ArcFace."""

# Vertices of the mesh. "Left" is the image's left, so the subject's right.
_LEFT_EYE, _RIGHT_EYE = [33, 133], [362, 263]  # the two corners of each
_LEFTMOST_EYE_CORNER, _RIGHTMOST_EYE_CORNER = 33, 263
_NOSE_TIP, _LEFT_MOUTH, _RIGHT_MOUTH = 1, 61, 291


class _Network:
    """A TFLite file in OpenCV."""

    def __init__(self, path: Path, outputs: list[str]) -> None:
        self.path = path
        self._outputs = outputs
        self._net: PerProcess[Any] = PerProcess(partial(_read_net, path))

    def __call__(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        net = self._net.get()
        net.setInput(blob)
        # By name, since the order of the unconnected layers differs between OpenCV's engines.
        return list(net.forward(self._outputs))


def _read_net(path: Path) -> Any:
    try:
        # OpenCV's new engine cannot give two outputs in one pass; asking for each runs the network twice.
        return cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
    except cv2.error as error:
        raise FasError("OpenCV cannot load the network", path=path, remedy="use the file of `fas models`") from error


class MediaPipeDetector:
    """The full-range detector: several faces, up to about five metres from a phone, in any direction.

    Args:
        weights: A folder that holds the detector's file, or None for the one of `fas models`.
        min_score: Faces below this confidence are not returned.
    """

    def __init__(self, weights: Path | None = None, min_score: float = 0.5) -> None:
        outputs = ["reshaped_regressor_face_4", "reshaped_classifier_face_4"]
        self._network = _Network(model_file(FACE_DETECTOR, weights), outputs)
        self._min_score = min_score

    @cached_property
    def identity(self) -> dict[str, str]:
        """Name and hash of the weights."""
        return {"name": "mediapipe", FACE_DETECTOR: file_hash(self._network.path)}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """All faces of an RGB image `(H, W, 3)`, the best score first.

        Faces that are turned beyond about 60 degrees in the image are found by looking at the image turned by quarters:
        only when no upright face is sure, so the cost of four passes is rare.
        """
        square, scale, offset = _letterbox(image)
        best = self._detect_square(square)
        if _top_score(best) < _SURE:
            needed = _top_score(best) + _TURN_GAIN
            for quarters in (1, 2, 3):
                found = self._detect_square(np.rot90(square, quarters))
                # The score is highest in the direction in which the face is upright; only there are its points right.
                if _top_score(found) > max(needed, _top_score(best)):
                    best = [(score, _turn_back(points, quarters)) for score, points in found]
        return [_to_face(score, points, scale, offset) for score, points in best]

    def _detect_square(self, square: NDArray[np.uint8]) -> list[tuple[float, NDArray[np.float32]]]:
        """Score and points `(8, 2)` of each face: centre, size, then six keypoints, in pixels of the square."""
        blob = cv2.dnn.blobFromImage(np.ascontiguousarray(square), 1 / 127.5, mean=(127.5, 127.5, 127.5))
        regressed, logits = self._network(blob)
        scores = expit(logits.reshape(-1))
        points = regressed.reshape(-1, 8, 2) + _ANCHORS[:, None]
        points[:, 1] -= _ANCHORS  # the size is not a position
        boxes = np.hstack([points[:, 0] - points[:, 1] / 2, points[:, 1]])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), self._min_score, _OVERLAP)
        return [(float(scores[index]), points[index]) for index in kept]


class MediaPipeMesh:
    """The face mesh of 468 vertices.

    Args:
        weights: A folder that holds the network's file, or None for the one of `fas models`.
        min_score: Below this confidence that the region shows a face, there is none.
    """

    def __init__(self, weights: Path | None = None, min_score: float = 0.5) -> None:
        self._network = _Network(model_file(FACE_MESH, weights), ["conv2d_20", "conv2d_30"])
        self._min_score = min_score

    @cached_property
    def identity(self) -> dict[str, str]:
        """Name and hash of the weights."""
        return {"name": "mediapipe-mesh", FACE_MESH: file_hash(self._network.path)}

    def fit(self, image: NDArray[np.uint8], face: Face) -> Face | None:
        """The face with its mesh (and box, points and score updated from it), or None if there is no face there.

        The region comes from the face's mesh if it has one (following a video). From a detector's box it is fitted
        twice, the second time from the first mesh: boxes of different detectors differ by up to 40 %, which costs 8 %
        of the face's height in the first fit and less than half of that in the second.

        Args:
            image: RGB `(H, W, 3)`.
            face: Where the face is, roughly.
        """
        if face.mesh is None:
            first = self._fit_region(image, *_box_region(face))
            if first is None:
                return None
            face = first
        assert face.mesh is not None
        return self._fit_region(image, *_mesh_region(face.mesh))

    def _fit_region(
        self, image: NDArray[np.uint8], center: NDArray[np.float64], side: float, angle: float
    ) -> Face | None:
        matrix = square_transform((center[0], center[1]), side, angle, _INPUT)
        blob = cv2.dnn.blobFromImage(warp_crop(image, matrix, _INPUT), 1 / 255)
        vertices, logit = self._network(blob)
        score = float(expit(logit.item()))
        if score < self._min_score:
            return None
        # Vertices count from the first pixel's centre: mirrored pictures agree best that way.
        mesh = transform_mesh(vertices.reshape(-1, 3), cv2.invertAffineTransform(matrix))
        return Face(box=mesh_bounds(mesh), score=score, points=mesh_points(mesh), mesh=mesh)


def mesh_points(mesh: NDArray[np.float32]) -> NDArray[np.float32]:
    """The five points of `Face.points` from the mesh `(468, 3)`; an eye's centre is midway between its corners."""
    xy = mesh[:, :2]
    eyes = xy[_LEFT_EYE].mean(axis=0), xy[_RIGHT_EYE].mean(axis=0)
    return np.stack([*eyes, xy[_NOSE_TIP], xy[_LEFT_MOUTH], xy[_RIGHT_MOUTH]]).astype(np.float32)


def _anchors() -> NDArray[np.float32]:
    centers = (np.arange(_CELLS, dtype=np.float32) + 0.5) * (_INPUT / _CELLS)
    x, y = np.meshgrid(centers, centers)
    return np.stack([x.ravel(), y.ravel()], axis=1)


_ANCHORS = _anchors()


def _letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """The image in the middle of a black square of the input's size; its scale `(x, y)` and offset in the square."""
    size = np.array(image.shape[1::-1])
    inner = np.maximum(np.rint(size * (_INPUT / size.max())), 1).astype(int)
    shrunk = cv2.resize(image, inner.tolist(), interpolation=cv2.INTER_AREA)
    left, top = (_INPUT - inner) // 2
    square = np.zeros((_INPUT, _INPUT, 3), dtype=np.uint8)
    square[top : top + inner[1], left : left + inner[0]] = shrunk
    return square, inner / size, np.array([left, top], dtype=np.float64)


def _top_score(found: list[tuple[float, NDArray[np.float32]]]) -> float:
    return found[0][0] if found else 0.0


def _turn_back(points: NDArray[np.float32], quarters: int) -> NDArray[np.float32]:
    """Undoes `np.rot90(square, quarters)` on points; the size only swaps its axes."""
    turned = points
    for _ in range(quarters):
        turned = np.stack([_INPUT - turned[:, 1], turned[:, 0]], axis=1)
    turned[1] = points[1] if quarters % 2 == 0 else points[1, ::-1]
    return turned


def _to_face(
    score: float, points: NDArray[np.float32], scale: NDArray[np.float64], offset: NDArray[np.float64]
) -> Face:
    half = points[1] / 2
    corners = np.stack([points[0] - half, points[0] + half])
    left_eye, right_eye, nose, mouth = points[2:6]
    reach = (right_eye - left_eye) * (_MOUTH_WIDTH / 2)  # the detector knows only the mouth's centre
    five = np.stack([left_eye, right_eye, nose, mouth - reach, mouth + reach])
    # The square's coordinates run from the edge of its first pixel, ours from the pixel's centre.
    corners, five = ((found - offset) / scale - 0.5 for found in (corners, five))
    return Face(box=corners.reshape(4).astype(np.float32), score=score, points=five.astype(np.float32))


def _box_region(face: Face) -> tuple[NDArray[np.float64], float, float]:
    """Centre, side and angle of the mesh network's region around a detector's box, level with the eyes."""
    corners = face.box.astype(np.float64).reshape(2, 2)
    side = float((corners[1] - corners[0]).max()) * _ROI_SCALE
    return corners.mean(axis=0), side, _direction(face.points[0], face.points[1])


def _mesh_region(mesh: NDArray[np.float32]) -> tuple[NDArray[np.float64], float, float]:
    """Centre, side and angle of the region around a mesh.

    The bounds are taken in the eyes' axes. MediaPipe takes them in the image's, where a tilted head gets a larger
    region than an upright one.
    """
    angle = _direction(mesh[_LEFTMOST_EYE_CORNER], mesh[_RIGHTMOST_EYE_CORNER])
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    level = mesh[:, :2].astype(np.float64) @ axes.T
    low, high = level.min(axis=0), level.max(axis=0)
    return axes.T @ ((low + high) / 2), float((high - low).max()) * _ROI_SCALE, angle


def _direction(start: NDArray[np.float32], end: NDArray[np.float32]) -> float:
    return float(np.arctan2(end[1] - start[1], end[0] - start[0]))
