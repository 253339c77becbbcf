from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.errors import FasWarning
from fas.faces.backends import make_detector, make_mesh_model
from fas.faces.given import GIVEN
from fas.faces.tracking import FaceTracker, box_overlap
from fas.preprocessing.acquire import OK, acquire_faces
from fas.preprocessing.bundled import BundledFaces
from fas.preprocessing.decode import Frame, FrameSelection
from fas.preprocessing.settings import FaceSettings
from tests.fakes.faces import blank_frames, face_frames

SETTINGS = FaceSettings(FrameSelection(), 64, 0.1, "none", "png", "mediapipe")
OULU = load_recipe("oulu")
VIDEO = NameReader(OULU).read("Train_files/1_1_01_1.avi")
assert VIDEO is not None


def frames(images: list[np.ndarray]) -> list[Frame]:
    return [Frame(number, None, image) for number, image in enumerate(images)]


def tracker(detector: str = "mediapipe") -> FaceTracker:
    return FaceTracker(make_detector(detector), make_mesh_model())


def annotated(root: Path, rows: str) -> BundledFaces:
    (root / "Train_files").mkdir(exist_ok=True)
    (root / "Train_files/1_1_01_1.txt").write_text(rows)
    return BundledFaces(OULU, root, VIDEO)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_frames_are_turned_until_the_face_is_upright(quarters: int) -> None:
    upright = face_frames(2)
    turned = [np.ascontiguousarray(np.rot90(image, -quarters)) for image in upright]
    found = list(acquire_faces(frames(turned), tracker(), replace(SETTINGS, rotation="face")))
    straight = list(acquire_faces(frames(upright), tracker(), SETTINGS))
    for (record, crop), (wanted, crop_wanted) in zip(found, straight, strict=True):
        assert record["turned"] == 90 * quarters
        assert abs(record["pose"]["roll"]) < 15
        assert box_overlap(np.array(record["box"]), np.array(wanted["box"])) > 0.85
        assert crop is not None and crop_wanted is not None
        assert crop.image.shape == crop_wanted.image.shape


def test_frames_before_the_first_face_do_not_decide() -> None:
    images = [np.ascontiguousarray(np.rot90(image, -1)) for image in face_frames(1)]
    blank = np.zeros_like(images[0])
    found = [
        record for record, _ in acquire_faces(frames([blank, *images]), tracker(), replace(SETTINGS, rotation="face"))
    ]
    assert [record["status"] for record in found] == ["no_face", OK]
    assert found[1]["turned"] == 90


def test_annotated_eyes_stand_for_the_detector(tmp_path: Path) -> None:
    images = face_frames(2)
    first = next(acquire_faces(frames(images), tracker(), SETTINGS))[0]
    eyes = ",".join(str(round(value)) for point in first["points"][:2] for value in point)
    settings = replace(SETTINGS, detector=GIVEN)
    found = list(acquire_faces(frames(images), tracker(GIVEN), settings, annotated(tmp_path, f"0,{eyes}\n")))
    assert [record["status"] for record, _ in found] == [OK, OK]  # the second is followed
    assert box_overlap(np.array(found[0][0]["box"]), np.array(first["box"])) > 0.85
    without = acquire_faces(frames(images), tracker(GIVEN), settings, annotated(tmp_path, "0,0,0,0,0\n"))
    assert [record["status"] for record, _ in without] == ["no_face", "no_face"]


def test_annotations_check_the_detector(tmp_path: Path) -> None:
    images = face_frames(2)
    first = next(acquire_faces(frames(images), tracker(), SETTINGS))[0]
    eyes = ",".join(str(round(value)) for point in first["points"][:2] for value in point)
    bundled = annotated(tmp_path, f"0,{eyes}\n1,1,1,9,1\n")
    found = [record for record, _ in acquire_faces(frames(images), tracker(), SETTINGS, bundled)]
    assert [record["annotation_agrees"] for record in found] == [True, False]
    with pytest.warns(FasWarning, match="in 1 of 2 frames the face is not where the dataset annotates it"):
        bundled.report()


def test_nothing_to_compare_with_is_said(tmp_path: Path) -> None:
    bundled = annotated(tmp_path, "")
    found = [record for record, _ in acquire_faces(frames(face_frames(1)), tracker(), SETTINGS, bundled)]
    assert found[0]["annotation_agrees"] is None
    with pytest.warns(FasWarning, match="no annotation to compare"):
        bundled.report()


def test_no_face_at_all() -> None:
    found = list(acquire_faces(frames(blank_frames(2)), tracker(), replace(SETTINGS, rotation="face")))
    assert [(record["status"], crop) for record, crop in found] == [("no_face", None)] * 2
