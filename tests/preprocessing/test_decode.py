from __future__ import annotations

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError, FasWarning
from fas.preprocessing.decode import FrameSelection, MediaError, read_frames
from tests.fakes.huge_png import write_huge_png
from tests.fakes.video import numbered_images, write_video

ALL = FrameSelection()


def numbers(path: Path, selection: str) -> list[int]:
    return [frame.number for frame in read_frames(path, FrameSelection.parse(selection))]


@pytest.mark.parametrize("text", ["all", "every:5", "even:12"])
def test_a_selection_reads_back_as_it_is_written(text: str) -> None:
    assert str(FrameSelection.parse(text)) == text


@pytest.mark.parametrize("text", ["", "first:3", "every:0", "even:-2", "every", "even:1.5", "ALL"])
def test_other_selections_are_refused_with_the_choices(text: str) -> None:
    with pytest.raises(FasError, match="even:N"):
        FrameSelection.parse(text)


def test_even_frames_are_the_middles_of_equal_parts() -> None:
    # 20 frames in 4 parts of 5: the middles are 2, 7, 12, 17. Not the first four.
    assert FrameSelection("even", 4).wanted(20).tolist() == [2, 7, 12, 17]


@given(total=st.integers(0, 500), n=st.integers(1, 60))
def test_even_frames_cover_the_whole_video(total: int, n: int) -> None:
    chosen = FrameSelection("even", n).wanted(total)
    assert len(set(chosen.tolist())) == len(chosen) == min(n, total)
    if len(chosen):
        edges = np.diff(np.concatenate([[-1], chosen, [total]]))
        assert chosen[0] >= 0 and chosen[-1] < total
        assert edges.max() <= -(-total // len(chosen)) + 1


def test_frames_come_in_order_with_their_numbers_and_times(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered_images(20), rate=25)
    frames = list(read_frames(tmp_path / "v.mp4", ALL))
    assert [frame.number for frame in frames] == list(range(20))
    assert frames[10].time == pytest.approx(10 / 25, abs=1e-3)
    means = [frame.image.mean() for frame in frames]
    assert np.all(np.diff(means) > 0), "each frame is brighter than the one before"
    assert numbers(tmp_path / "v.mp4", "every:6") == [0, 6, 12, 18]
    assert numbers(tmp_path / "v.mp4", "even:4") == [2, 7, 12, 17]
    assert numbers(tmp_path / "v.mp4", "even:99") == list(range(20))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_metadata_is_honoured(tmp_path: Path, degrees: int) -> None:
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:16, :16] = 255  # a mark in the corner at the top left
    stored = np.ascontiguousarray(np.rot90(upright, -degrees // 90))
    write_video(tmp_path / "v.mp4", [stored] * 3, rotation=degrees)
    image = next(read_frames(tmp_path / "v.mp4", ALL)).image
    assert image.shape == upright.shape
    assert image[:12, :12].mean() > 200 and image[24:, 24:].mean() < 30


def test_a_still_image_is_one_frame_and_its_exif_orientation_is_honoured(tmp_path: Path) -> None:
    from PIL import Image

    image = Image.fromarray(np.full((20, 30, 3), 90, np.uint8))
    exif = image.getexif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to view
    image.save(tmp_path / "i.jpg", exif=exif)
    (frame,) = read_frames(tmp_path / "i.jpg", ALL)
    assert frame.number == 0 and frame.time is None
    assert frame.image.shape == (30, 20, 3)


def test_images_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    cv2.imwrite(str(tmp_path / "red.png"), red[..., ::-1])
    write_video(tmp_path / "red.mp4", [red] * 2)
    for name in ("red.png", "red.mp4"):
        image = next(read_frames(tmp_path / name, ALL)).image
        assert image[..., 0].mean() > 200 and image[..., 2].mean() < 40


@pytest.mark.parametrize("name", ["missing.avi", "missing.jpg"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FasError, match="does not exist") as caught:
        list(read_frames(tmp_path / name, ALL))
    assert caught.value.path == tmp_path / name


@pytest.mark.parametrize("selection", ["all", "even:4"])
@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.avi", b""), ("text.avi", b"no video" * 100), ("text.jpg", b"no image"), ("empty.png", b"")],
)
def test_what_is_not_a_medium_is_named(tmp_path: Path, name: str, content: bytes, selection: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FasError) as caught:
        numbers(tmp_path / name, selection)
    assert caught.value.path == tmp_path / name and caught.value.remedy


def test_a_picture_of_more_pixels_than_opencv_takes_is_named(tmp_path: Path) -> None:
    path = write_huge_png(tmp_path / "huge.png")
    with pytest.raises(FasError, match="cannot be decoded as an image") as caught:
        numbers(path, "all")
    assert caught.value.path == path


@pytest.mark.parametrize("selection", ["all", "even:4"])
def test_a_truncated_video_is_damage_and_not_a_short_video(tmp_path: Path, selection: str) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (96, 64, 3), dtype=np.uint8) for _ in range(40)]
    write_video(tmp_path / "v.avi", noise)
    whole = (tmp_path / "v.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FasError, match=r"truncated|cannot be decoded"):
        numbers(tmp_path / "v.avi", selection)


def test_one_lost_frame_at_the_end_is_a_warning(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", numbered_images(40))
    content = (tmp_path / "v.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(content[: content.rindex(b"idx1") - 30])  # cuts into the last frame's data
    with pytest.warns(FasWarning, match="39 of 40"):
        assert len(numbers(tmp_path / "v.avi", "all")) == 39


def test_a_folder_of_frames_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number, image in zip((1, 2, 10, 9), numbered_images(4), strict=True):
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    (tmp_path / "notes.txt").touch()
    wanted = numbered_images(4)
    found = list(read_frames(tmp_path, ALL))
    assert [frame.number for frame in found] == [0, 1, 2, 3]
    for frame, image in zip(found, (wanted[0], wanted[1], wanted[3], wanted[2]), strict=True):
        np.testing.assert_array_equal(frame.image, image)
    assert numbers(tmp_path, "even:2") == [1, 3]


def test_a_folder_without_images_or_with_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds no image"):
        list(read_frames(tmp_path, ALL))
    (tmp_path / "1.jpg").write_bytes(b"no image")
    with pytest.raises(MediaError, match="cannot be decoded as an image"):
        list(read_frames(tmp_path, ALL))


@pytest.mark.parametrize("array", ["Color_Data", "*/array"])
def test_hdf5_frames(tmp_path: Path, array: str) -> None:
    images = numbered_images(12)
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        if array == "Color_Data":
            file[array] = np.stack(images).transpose(0, 3, 1, 2)
        else:
            for number, image in enumerate(images):
                file[f"Frame_{number}/array"] = image.transpose(2, 0, 1)
    found = list(read_frames(tmp_path / "a.hdf5", FrameSelection("every", 5), array))
    assert [frame.number for frame in found] == [0, 5, 10]  # Frame_10 comes after Frame_9
    for frame in found:
        np.testing.assert_array_equal(frame.image, images[frame.number])


def test_hdf5_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.hdf5"
    path.write_bytes(b"no hdf5")
    with pytest.raises(MediaError, match="cannot be read as HDF5"):
        list(read_frames(path, ALL, "Color_Data"))
    with h5py.File(path, "w") as file:
        file["Depth"] = np.zeros((2, 1, 4, 4), np.uint16)
        file["Empty"] = np.zeros((0, 3, 4, 4), np.uint8)
    for array, problem in (
        ("Color_Data", "cannot be read as HDF5"),
        ("Depth", "a frame is uint16"),
        ("Empty", "no frame"),
    ):
        with pytest.raises(MediaError, match=problem):
            list(read_frames(path, ALL, array))


@pytest.mark.parametrize("kind", ["video", "folder"])
def test_frames_that_are_not_selected_come_in_order_with_the_others(tmp_path: Path, kind: str) -> None:
    images = numbered_images(6)
    path = tmp_path / ("a.avi" if kind == "video" else "a")
    if kind == "video":
        write_video(path, images, codec="mjpeg")
    else:
        path.mkdir()
        for number, image in enumerate(images):
            cv2.imwrite(str(path / f"{number}.png"), image)
    for text, selected in (("every:3", [0, 3]), ("even:2", [1, 4]), ("all", list(range(6)))):
        selection = FrameSelection.parse(text)
        every = list(read_frames(path, selection, every_frame=True))
        assert [frame.number for frame in every] == list(range(6))
        assert [frame.number for frame in every if frame.selected] == selected
        alone = list(read_frames(path, selection))
        assert [frame.number for frame in alone] == selected and all(frame.selected for frame in alone)
        for frame in alone:
            np.testing.assert_array_equal(frame.image, every[frame.number].image)
