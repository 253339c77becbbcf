from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from fas.datasets.annotations import AnnotationError, annotation_path, read_annotations
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Annotations

OULU = load_recipe("oulu")
VIDEO = NameReader(OULU).read("Train_files/1_1_01_1.avi")
assert VIDEO is not None
SIZE = (1080, 1920)


def recipe(**annotations: object) -> Recipe:
    return replace(OULU, annotations=Annotations(**{"path": "{stem}.txt", **annotations}))  # type: ignore[arg-type]


def write(root: Path, text: str, name: str = "Train_files/1_1_01_1.txt") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_eyes_of_oulu(tmp_path: Path) -> None:
    write(tmp_path, "\ufeff0,455,779,638,756\r\n1,0,0,0,0\n\n 3 , 1, 2 , 3,4 \n")
    found = read_annotations(OULU, tmp_path, VIDEO, SIZE)
    assert set(found) == {0, 3}  # a row of zeros says that nothing was found
    assert found[0].box is None
    np.testing.assert_array_equal(found[0].eyes, [[455, 779], [638, 756]])
    np.testing.assert_array_equal(found[3].eyes, [[1, 2], [3, 4]])


@pytest.mark.parametrize("line", ["x,1,2,3,4", "0,1,2,3", "0,1,2,3,4,5", "0;1;2;3;4", "0,1,2,3,four", "\ufffd"])
def test_rows_of_another_form_are_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, f"0,1,2,3,4\n{line}\n")
    with pytest.raises(AnnotationError, match=r"line 2, .* is not of the form: frame eye1_x") as caught:
        read_annotations(OULU, tmp_path, VIDEO, SIZE)
    assert caught.value.path == tmp_path / "Train_files/1_1_01_1.txt"


@pytest.mark.parametrize("frame", ["0", "-1", "0.5", "nan", "inf"])
def test_frames_that_do_not_count_up_are_named(tmp_path: Path, frame: str) -> None:
    write(tmp_path, f"0,1,2,3,4\n{frame},1,2,3,4\n")
    with pytest.raises(AnnotationError, match=f"line 2: {frame} is not a frame after 0"):
        read_annotations(OULU, tmp_path, VIDEO, SIZE)


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_annotations(OULU, tmp_path, VIDEO, SIZE) == {}
    assert read_annotations(replace(OULU, annotations=None), tmp_path, VIDEO, SIZE) == {}


def test_boxes_by_corners_or_by_size_with_or_without_frame_numbers(tmp_path: Path) -> None:
    write(tmp_path, "10 20 30 60\n0 0 0 0\n5 5 6 6\n")
    found = read_annotations(recipe(columns="left top right bottom"), tmp_path, VIDEO, SIZE)
    assert {frame: one.box.tolist() for frame, one in found.items()} == {0: [10, 20, 30, 60], 2: [5, 5, 6, 6]}
    write(tmp_path, "4 10 20 20 40\n5 10 20 0 40\n")
    found = read_annotations(recipe(columns="frame left top width height"), tmp_path, VIDEO, SIZE)
    assert {frame: one.box.tolist() for frame, one in found.items()} == {4: [10, 20, 30, 60]}  # no area, no box


def test_the_number_of_columns_chooses_among_several_forms(tmp_path: Path) -> None:
    both = recipe(columns=["frame left top width height", "left top width height"])
    write(tmp_path, "7 1 2 3 4\n")
    assert set(read_annotations(both, tmp_path, VIDEO, SIZE)) == {7}
    write(tmp_path, "1 2 3 4\n")
    assert read_annotations(both, tmp_path, VIDEO, SIZE)[0].box.tolist() == [1, 2, 4, 6]


def test_box_and_eyes_in_one_row(tmp_path: Path) -> None:
    write(tmp_path, "0,1,2,30,40,10,11,20,12\n")
    nine = recipe(columns="frame left top right bottom eye1_x eye1_y eye2_x eye2_y")
    found = read_annotations(nine, tmp_path, VIDEO, SIZE)[0]
    assert found.box.tolist() == [1, 2, 30, 40]
    assert found.eyes.tolist() == [[10, 11], [20, 12]]


def test_positions_in_a_grid_are_scaled_to_the_image(tmp_path: Path) -> None:
    write(tmp_path, "56 28 112 56 0.998\n")
    found = read_annotations(recipe(columns="left top width height _", grid=224), tmp_path, VIDEO, (448, 896))
    assert found[0].box.tolist() == [112, 112, 336, 336]


def test_a_list_that_serves_many_presentations(tmp_path: Path) -> None:
    write(tmp_path, "Train_files\\1_1_01_1.jpg 1 2 3 4 9 9\nTrain_files\\1_1_01_2.jpg 5 6 7 8 9 9\n", "eyes.txt")
    shared = recipe(path="eyes.txt", columns="path eye1_x eye1_y eye2_x eye2_y _ _")
    assert read_annotations(shared, tmp_path, VIDEO, SIZE)[0].eyes.tolist() == [[1, 2], [3, 4]]
    assert annotation_path(shared, VIDEO) is None


def test_an_array_inside_the_media_file(tmp_path: Path) -> None:
    (tmp_path / "Train_files").mkdir()
    with h5py.File(tmp_path / VIDEO.path, "w") as file:
        file["Eye_Pos"] = [[1, 2, 3, 4], [0, 0, 0, 0]]
    inside = recipe(path="{path}", columns="eye1_x eye1_y eye2_x eye2_y", array="Eye_Pos")
    assert {frame: one.eyes.tolist() for frame, one in read_annotations(inside, tmp_path, VIDEO, SIZE).items()} == {
        0: [[1, 2], [3, 4]]
    }
    with pytest.raises(AnnotationError, match="array Nose cannot be read"):
        read_annotations(replace(inside, annotations=replace(inside.annotations, array="Nose")), tmp_path, VIDEO, SIZE)
    assert annotation_path(inside, VIDEO) is None


def test_where_the_file_lies_and_who_has_one() -> None:
    assert annotation_path(OULU, VIDEO) == "Train_files/1_1_01_1.txt"
    mirrored = recipe(path="boxes/{stem}.face", columns="left top width height")
    assert annotation_path(mirrored, VIDEO) == "boxes/Train_files/1_1_01_1.face"
    others = recipe(columns="left top width height", only=({"access": ("2",)},))
    assert annotation_path(others, VIDEO) is None
