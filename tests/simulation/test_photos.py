from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fas.errors import FasError, FasWarning
from fas.faces.face import Face
from fas.simulation.photos import find_people, packaged_photos, photos_in
from tests.fakes.huge_png import write_huge_png
from tests.fakes.mesh import face_mesh


def face(x: float, y: float, size: float, narrow: float = 1.0) -> Face:
    mesh = (face_mesh(crop=256) - [128, 128, 0]) * size / 145
    mesh = (mesh * [narrow, 1, 1] + [x, y, 0]).astype(np.float32)
    box = np.array([x - size, y - size, x + size, y + size], np.float32)
    return Face(box, 0.9, np.zeros((5, 2), np.float32), mesh)


class Detector:
    """Finds what the test says, by the brightness of the picture's first pixel."""

    identity: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, faces: dict[int, list[Face]]) -> None:
        self._faces = faces

    def detect(self, image: np.ndarray) -> list[Face]:
        return self._faces.get(int(image[0, 0, 0]), [])

    def fit(self, image: np.ndarray, found: Face) -> Face | None:
        return found


def photo(folder: Path, name: str, level: int, size: tuple[int, int] = (600, 800)) -> Path:
    path = folder / name
    cv2.imwrite(str(path), np.full((*size, 3), level, np.uint8))
    return path


def people_of(paths: list[Path], faces: dict[int, list[Face]], wanted: int | None = None) -> list[str]:
    detector = Detector(faces)
    return [person.source for person in find_people(paths, detector, detector, wanted)]


def test_people_are_taken_from_left_to_right(tmp_path: Path) -> None:
    paths = [photo(tmp_path, "b.png", 10), photo(tmp_path, "c.png", 20)]
    faces = {10: [face(600, 300, 120), face(200, 300, 120)], 20: [face(400, 300, 120)]}
    assert people_of(paths, faces) == ["b.png#0", "b.png#1", "c.png#0"]
    assert people_of(paths, faces, wanted=2) == ["b.png#0", "b.png#1"]


def test_a_file_that_cannot_be_read_is_left_out_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [photo(tmp_path, "locked.png", 10), photo(tmp_path, "b.png", 20)]
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == paths[0]:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.warns(FasWarning, match=r"locked\.png cannot be read: Permission denied"):
        assert people_of(paths, {20: [face(400, 300, 120)]}) == ["b.png#0"]


def test_a_picture_of_more_pixels_than_opencv_takes_is_left_out(tmp_path: Path) -> None:
    paths = [write_huge_png(tmp_path / "huge.png"), photo(tmp_path, "b.png", 20)]
    with pytest.warns(FasWarning, match=r"huge\.png is not a photograph that OpenCV can read"):
        assert people_of(paths, {20: [face(400, 300, 120)]}) == ["b.png#0"]


def test_no_more_photographs_are_read_than_oulu_has_subjects(tmp_path: Path) -> None:
    row = [face(150 + 300 * index, 300, 120) for index in range(60)]
    paths = [photo(tmp_path, "a.png", 10), tmp_path / "not_there.png"]
    assert len(people_of(paths, {10: row})) == 55


def test_the_part_around_the_face_is_kept_and_huge_faces_shrink(tmp_path: Path) -> None:
    path = photo(tmp_path, "huge.png", 10, (4000, 4000))
    detector = Detector({10: [face(2000, 2000, 1400)]})
    (person,) = find_people([path], detector, detector, None)
    assert max(np.ptp(person.mesh[:, :2], axis=0)) == pytest.approx(700, rel=0.01)
    assert max(person.photo.shape) <= 6 * 700
    centre = (person.mesh[:, :2].min(axis=0) + person.mesh[:, :2].max(axis=0)) / 2
    assert centre == pytest.approx(np.array(person.photo.shape[1::-1]) / 2, rel=0.02)


@pytest.mark.parametrize(
    "faces",
    [
        [],
        [face(300, 300, 60)],
        [face(300, 300, 150, narrow=0.6)],
        [face(300, 300, 150), face(420, 300, 150)],
    ],
    ids=["none", "small", "profile", "neighbour"],
)
def test_a_photograph_without_a_usable_face_is_a_warning(tmp_path: Path, faces: list[Face]) -> None:
    paths = [photo(tmp_path, "bad.png", 10), photo(tmp_path, "good.png", 20)]
    with pytest.warns(FasWarning, match=r"bad\.png shows no usable face"):
        assert people_of(paths, {10: faces, 20: [face(300, 300, 150)]}) == ["good.png#0"]


def test_bystanders_are_nobody(tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png", 10)
    assert people_of([path], {10: [face(500, 300, 200), face(100, 200, 100)]}) == ["a.png#1"]


def test_files_that_are_no_photographs_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    photo(tmp_path, "zz.png", 10)
    paths = photos_in(tmp_path)
    with pytest.warns(FasWarning) as warned:
        assert people_of(paths, {10: [face(300, 300, 150)]}) == ["zz.png#0"]
    assert [str(w.message).split()[0] for w in warned] == ["empty.png", "text.jpg"]


def test_a_copy_of_a_photograph_is_not_a_second_person(tmp_path: Path) -> None:
    paths = [photo(tmp_path, "a.png", 10), photo(tmp_path, "b.bmp", 10)]
    with pytest.warns(FasWarning, match=r"b\.bmp shows the same picture as a\.png"):
        assert people_of(paths, {10: [face(300, 300, 150)]}) == ["a.png#0"]


def test_too_few_people_is_an_error_that_says_how_many_there_are(tmp_path: Path) -> None:
    paths = [photo(tmp_path, "a.png", 10)]
    with pytest.raises(FasError, match="nobody may be two subjects") as error:
        people_of(paths, {10: [face(300, 300, 150)]}, wanted=3)
    assert "--subjects 1" in str(error.value)


def test_nobody_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    paths = [photo(tmp_path, "a.png", 10)]
    with pytest.warns(FasWarning), pytest.raises(FasError, match="no usable face in 1 photographs") as error:
        people_of(paths, {})
    assert error.value.path == tmp_path


def test_missing_and_empty_folders_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="does not exist"):
        photos_in(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no photograph")
    with pytest.raises(FasError, match=r"no photographs .* \.jpg"):
        photos_in(tmp_path)


def test_the_packages_carry_their_photographs() -> None:
    assert [path.name for path in packaged_photos()] == ["astronaut.png", "grace_hopper.jpg", "t1.jpg"]
