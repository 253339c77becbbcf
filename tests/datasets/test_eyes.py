from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fas.datasets.eyes import read_eyes
from fas.datasets.index import index_dataset
from fas.datasets.naming import eye_file
from fas.datasets.recipe import load_recipe
from fas.errors import FasError
from tests.fakes.oulu import make_oulu


def test_positions_by_frame_and_nan_where_not_found(tmp_path: Path) -> None:
    path = tmp_path / "1_1_01_1.txt"
    path.write_text("0,455,779,638,756\n1,0,0,0,0\n3,1,2,3,4\n")
    eyes = read_eyes(path, frames=5)
    assert eyes is not None
    assert eyes.dtype == np.float32
    nan = [[np.nan, np.nan]] * 2
    np.testing.assert_array_equal(eyes, [[[455, 779], [638, 756]], nan, nan, [[1, 2], [3, 4]], nan])


def test_a_position_with_one_zero_is_a_position(tmp_path: Path) -> None:
    path = tmp_path / "eyes.txt"
    path.write_text("0,0,779,0,756\n")
    eyes = read_eyes(path, frames=1)
    assert eyes is not None
    assert eyes[0].tolist() == [[0, 779], [0, 756]]


def test_no_file_is_none_and_an_empty_one_all_nan(tmp_path: Path) -> None:
    path = tmp_path / "eyes.txt"
    assert read_eyes(path, frames=3) is None
    path.touch()
    eyes = read_eyes(path, frames=3)
    assert eyes is not None
    assert eyes.shape == (3, 2, 2)
    assert np.isnan(eyes).all()


def test_lines_beyond_the_video_bom_crlf_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "eyes.txt"
    path.write_bytes(b"\xef\xbb\xbf0, 1, 2, 3, 4\r\n\r\n1,5,6,7,8\r\n999999999,1,1,1,1")
    eyes = read_eyes(path, frames=2)
    assert eyes is not None
    assert eyes.tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


@pytest.mark.parametrize(
    "line", ["1,2,3,4", "0,1,2,3,4,5", "-1,1,2,3,4", "0 1 2 3 4", "0,a,2,3,4", "9" * 5000 + ",1,1,1,1"]
)
def test_damaged_lines_are_errors_with_their_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "eyes.txt"
    path.write_text(f"0,1,2,3,4\n{line}\n")
    with pytest.raises(FasError, match="line 2") as caught:
        read_eyes(path, frames=2)
    assert caught.value.path == path


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="cannot be read"):
        read_eyes(tmp_path, frames=2)


def test_the_eye_file_lies_beside_the_video(tmp_path: Path) -> None:
    make_oulu(tmp_path, subjects=[1], phones=[1], sessions=[1], frames=3, nested=True, simulated=True)
    recipe = load_recipe("oulu")
    attack = index_dataset(recipe, tmp_path).presentations[1]
    path = eye_file(recipe, attack)
    assert path == "Train_files/Train_files/1_1_01_2.txt"
    eyes = read_eyes(tmp_path / path, frames=4)
    assert eyes is not None
    assert np.isnan(eyes).any(axis=(1, 2)).tolist() == [False, False, True, True]
