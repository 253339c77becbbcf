"""From frames to face crops: follow the face, crop it, and record the result for every frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.faces.align import crop_transform, transform_mesh, warp_crop
from fas.faces.face import Face, FaceDetector
from fas.faces.given import GivenFaces
from fas.faces.pose import head_pose
from fas.faces.tracking import FaceTracker
from fas.preprocessing.bundled import BundledFaces
from fas.preprocessing.decode import Frame
from fas.preprocessing.settings import FaceSettings

OK = "ok"
NO_FACE = "no_face"


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """The cropped face of one frame.

    Attributes:
        image: uint8 `(size, size, 3)` RGB.
        mesh: float32 `(468, 3)` in the crop's pixels; z in the same scale, smaller is nearer.
        transform: float64 `(2, 3)`: from pixels of the upright frame to the crop's, as recorded (6 decimals).
    """

    image: NDArray[np.uint8]
    mesh: NDArray[np.float32]
    transform: NDArray[np.float64]


def acquire_faces(
    frames: Iterable[Frame], tracker: FaceTracker, settings: FaceSettings, bundled: BundledFaces | None = None
) -> Iterator[tuple[dict[str, Any], FaceCrop | None]]:
    """Follows the largest face through one presentation and cuts it from every frame.

    Args:
        frames: The frames of one presentation in order.
        tracker: Its state is reset first.
        settings: How to cut.
        bundled: The presentation's own annotations: used if the tracker's detector is `GivenFaces`, else
            compared with the detected faces.

    Yields:
        The frame's record for the store (number, time, status and, with a face, score, box, points, pose and the
        transform from image to crop; all in pixels of the upright frame), and the crop, or None without a face.
    """
    cutter = FaceCutter(tracker, settings, bundled)
    for frame in frames:
        record, crop, _ = cutter.cut(frame)
        yield record, crop


class FaceCutter:
    """Follows the largest face through one presentation and cuts it, frame by frame.

    Args:
        tracker: Its state is reset.
        settings: How to cut.
        bundled: As for `acquire_faces`.
    """

    def __init__(self, tracker: FaceTracker, settings: FaceSettings, bundled: BundledFaces | None = None) -> None:
        tracker.reset()
        self._tracker = tracker
        self._settings = settings
        self._bundled = bundled
        self._upright = Upright(tracker.detector) if settings.rotation == "face" else None

    def cut(self, source: Frame) -> tuple[dict[str, Any], FaceCrop | None, NDArray[np.uint8]]:
        """Cuts the face from the next frame.

        Returns:
            Record and crop as `acquire_faces` yields them, and the upright frame.
        """
        settings, detector = self._settings, self._tracker.detector
        frame = source if self._upright is None else self._upright(source)
        if isinstance(detector, GivenFaces):
            assert self._bundled is not None, "the worker opens the annotations that its settings ask for"
            detector.current = self._bundled.face(frame.number, frame.image)
        face = self._tracker.track(frame.image)
        record: dict[str, Any] = {"frame": frame.number, "time": frame.time, "status": NO_FACE}
        if self._upright is not None:
            record["turned"] = 90 * self._upright.quarters
        if face is None or face.mesh is None:
            return record, None, frame.image
        matrix = crop_transform(face, settings.size, settings.margin, settings.alignment)
        image = warp_crop(frame.image, matrix, settings.size)
        mesh = transform_mesh(face.mesh, matrix)
        record |= {"status": OK, **_facts(face, matrix)}
        if self._bundled is not None and not isinstance(detector, GivenFaces):
            record["annotation_agrees"] = self._bundled.compare(frame.number, frame.image, face)
        return record, FaceCrop(image, mesh, np.array(record["transform"])), frame.image


def turn(image: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """An image, turned counter-clockwise by quarter turns."""
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


class Upright:
    """Turns the frames of one video by the quarter turns that put the face of its first frame with one upright.

    Args:
        detector: Finds faces in any direction.

    Attributes:
        quarters: Counter-clockwise quarter turns; 0 before a face was found.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._decided = False
        self.quarters = 0

    def __call__(self, frame: Frame) -> Frame:
        """The frame, turned."""
        if not self._decided:
            faces = self._detector.detect(frame.image)
            if faces:
                across = faces[0].points[1] - faces[0].points[0]
                self.quarters = round(float(np.degrees(np.arctan2(across[1], across[0]))) / 90) % 4
                self._decided = True
        return replace(frame, image=turn(frame.image, self.quarters))


def _facts(face: Face, matrix: NDArray[np.float64]) -> dict[str, Any]:
    assert face.mesh is not None
    pose = head_pose(face.mesh)
    return {
        "score": round(face.score, 4),
        "box": np.round(face.box, 2).tolist(),
        "points": np.round(face.points, 2).tolist(),
        "pose": {"yaw": round(pose.yaw, 2), "pitch": round(pose.pitch, 2), "roll": round(pose.roll, 2)},
        "transform": np.round(matrix, 6).tolist(),
    }
