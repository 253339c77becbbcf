from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fas.errors import FasError
from fas.store.seal import is_whole
from fas.store.shard import read_shard, write_shard

FRAMES = [(0, b"zero"), (7, b"seven"), (1_234_567, b"large number")]


def test_a_shard_is_a_plain_zip_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a" / "x.zip"
    write_shard(path, FRAMES, {"note": "ü"}, "png")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["000000.png", "000007.png", "1234567.png", "meta.json"]
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("000007.png") == b"seven"
    unzip = subprocess.run([sys.executable, "-m", "zipfile", "-t", str(path)], capture_output=True, text=True)
    assert "Done testing" in unzip.stdout


def test_it_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_shard(path, iter(FRAMES), {"note": "ü"}, "jpg")
    shard = read_shard(path)
    assert (shard.meta, shard.extension) == ({"note": "ü"}, "jpg")
    content = path.read_bytes()
    for i, (frame, data) in enumerate(FRAMES):
        assert shard.frames[i] == frame
        assert content[shard.offsets[i] :][: shard.lengths[i]] == data
        assert shard.crc32[i] == zlib.crc32(data)
        assert shard.read(frame) == data
    with pytest.raises(KeyError):
        shard.read(1)
    with pytest.raises(KeyError):
        shard.read(2_000_000)


def test_the_same_frames_make_the_same_bytes(tmp_path: Path) -> None:
    write_shard(tmp_path / "1.zip", FRAMES, {"b": 1, "a": 2}, "png")
    write_shard(tmp_path / "2.zip", FRAMES, {"a": 2, "b": 1}, "png")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_frames_and_meta_may_come_as_they_are_made(tmp_path: Path) -> None:
    records: list[int] = []

    def make() -> Iterator[tuple[int, bytes]]:
        for frame, data in FRAMES:
            records.append(frame)
            yield frame, data

    write_shard(tmp_path / "x.zip", make(), {"records": records}, "png")
    assert read_shard(tmp_path / "x.zip").meta == {"records": [0, 7, 1_234_567]}


@pytest.mark.parametrize("frames", [[], [(3, b"x"), (3, b"y")], [(3, b"x"), (2, b"y")], [(-1, b"x")], [(0, b"")]])
def test_wrong_frames_are_refused_and_leave_nothing(tmp_path: Path, frames: list[tuple[int, bytes]]) -> None:
    with pytest.raises(ValueError, match=r"x\.zip"):
        write_shard(tmp_path / "x.zip", frames, {}, "png")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_frames_passes_and_keeps_the_old_shard(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_shard(path, FRAMES, {}, "png")
    before = path.read_bytes()

    def broken() -> Iterator[tuple[int, bytes]]:
        yield 0, b"x"
        raise OSError("video")

    with pytest.raises(OSError, match=r"^video$"):
        write_shard(path, broken(), {}, "png")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_every_flipped_byte_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_shard(path, FRAMES, {"note": "n"}, "png")
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        content[position] ^= 0x20
        path.write_bytes(content)
        assert not is_whole(path), position
        content[position] ^= 0x20
    path.write_bytes(content)
    assert is_whole(path)


def test_whatever_is_damaged_reading_raises_an_error_for_the_user(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_shard(path, FRAMES, {"note": "n"}, "png")
    content = path.read_bytes()
    for position in range(len(content)):
        for value in (content[position] ^ 0xFF, content[position] ^ 1):
            path.write_bytes(content[:position] + bytes([value]) + content[position + 1 :])
            try:
                shard = read_shard(path)
                for frame in shard.frames:
                    shard.read(int(frame))
            except FasError as error:
                assert error.path == path
                assert "fas store verify" in str(error.remedy)
    comment = len(content) - len("fas-seal:") - 64  # a cut seal loses no frame; is_whole sees it
    for size in range(comment):
        path.write_bytes(content[:size])
        with pytest.raises(FasError):
            read_shard(path)


def test_a_shard_that_disappears_while_it_is_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write_shard(path, [(0, b"x")], {}, "png")
    shard = read_shard(path)
    path.unlink()
    with pytest.raises(FasError, match="cannot be read: No such file") as caught:
        shard.read(0)
    assert caught.value.path == path


def test_a_missing_shard_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="No such file"):
        read_shard(tmp_path / "x.zip")


def test_a_zip_of_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("000000.png", b"x" * 100)
        archive.writestr("meta.json", "{}")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(FasError, match="compressed"):
        read_shard(path)
