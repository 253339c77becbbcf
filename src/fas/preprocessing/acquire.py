"""From frames to face crops: follow the face, cut it, and say of every frame what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    """The face of one frame, cut out.

    Attributes:
        image: uint8 `(size, size, 3)` RGB.
        mesh: float32 `(468, 3)` in the crop's pixels; z scaled alike, smaller is nearer.
    """

    image: NDArray[np.uint8]
    mesh: NDArray[np.float32]


def acquire_faces(
    frames: Iterable[Frame], tracker: FaceTracker, settings: FaceSettings, bundled: BundledFaces | None = None
) -> Iterator[tuple[dict[str, Any], FaceCrop | None]]:
    """Follows the largest face through one presentation and cuts it from every frame.

    Args:
        frames: The frames of one presentation in order.
        tracker: Its state is reset first.
        settings: How to cut.
        bundled: The presentation's own annotations: to be taken where the tracker's detector is `GivenFaces`, else to
            be compared with what is found.

    Yields:
        The frame's record for the store (number, time, status and, with a face, score, box, points, pose and the
        transform from image to crop; all in pixels of the upright frame), and the crop, or None without a face.
    """
    tracker.reset()
    upright = Upright(tracker.detector) if settings.rotation == "face" else None
    for source in frames:
        frame = source if upright is None else upright(source)
        if isinstance(tracker.detector, GivenFaces):
            assert bundled is not None, "the worker opens the annotations that it is told to take"
            tracker.detector.current = bundled.face(frame.number, frame.image)
        face = tracker.track(frame.image)
        record: dict[str, Any] = {"frame": frame.number, "time": frame.time}
        if face is None or face.mesh is None:
            yield {**record, "status": NO_FACE}, None
            continue
        matrix = crop_transform(face, settings.size, settings.margin, settings.alignment)
        crop = warp_crop(frame.image, matrix, settings.size)
        mesh = transform_mesh(face.mesh, matrix)
        record |= {"status": OK, **_facts(face, matrix)}
        if bundled is not None and not isinstance(tracker.detector, GivenFaces):
            record["annotation_agrees"] = bundled.compare(frame.number, frame.image, face)
        if upright is not None:
            record["turned"] = 90 * upright.quarters
        yield record, FaceCrop(crop, mesh)


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
        if not self.quarters:
            return frame
        return Frame(frame.number, frame.time, np.ascontiguousarray(np.rot90(frame.image, self.quarters)))


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
