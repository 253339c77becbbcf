from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from fas.errors import FasError
from fas.files import atomic_file, is_abandoned, is_temporary, sweep


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_at_the_end_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with atomic_file(path) as file:
        file.write(b"12")
        assert not path.exists()
        assert all(is_temporary(each) for each in path.parent.iterdir())
        file.write(b"34")
    assert path.read_bytes() == b"1234"
    assert names(path.parent) == ["file"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_file(path) as file:
        file.write(b"new")
        _ = 1 / 0
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_exclusive_keeps_the_first(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        try:
            with atomic_file(path, exclusive=True) as file:
                file.write(content)
        except FileExistsError:
            assert content == b"second"
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def _claim(path: Path, content: bytes) -> bool:
    try:
        with atomic_file(path, exclusive=True) as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def test_exclusive_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert _claim(tmp_path / "file", b"first")
    assert not _claim(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def test_a_folder_that_cannot_be_opened_for_syncing_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder into which one may write but not look."""
    opened = os.open

    def refuse(path: str | Path, flags: int, *rest: int) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    with atomic_file(tmp_path / "file") as file:
        file.write(b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_the_writer_of_the_content_is_not_blamed_on_the_store(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="video") as caught, atomic_file(tmp_path / "file"):
        raise OSError("the video cannot be read")
    assert not isinstance(caught.value, FasError)


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_sweep_takes_what_lost_its_writer(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "mine") as file:
        mine = next(tmp_path.iterdir())
        pid = str(os.getpid())
        dead = tmp_path / mine.name.replace(f"-{pid}-", f"-{dead_pid()}-")
        elsewhere = tmp_path / mine.name.replace(".tmp-", ".tmp-other")
        old = tmp_path / "deeper" / elsewhere.name.replace("other", "older")
        old.parent.mkdir()
        for path in (dead, elsewhere, old):
            path.write_bytes(b"x")
        os.utime(old, (time.time() - 2 * 86400,) * 2)
        (tmp_path / ".tmp-unlike").write_bytes(b"x")
        assert [is_abandoned(path) for path in (mine, dead, elsewhere, old)] == [False, True, False, True]
        assert sweep(tmp_path) == 2
        assert {path for path in (mine, dead, elsewhere, old) if path.exists()} == {mine, elsewhere}
        file.write(b"1")
    assert (tmp_path / "mine").read_bytes() == b"1"


def test_a_killed_writer_leaves_no_file_and_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = f"""
        import pathlib, time
        from fas.files import atomic_file
        with atomic_file(pathlib.Path({str(path)!r})) as file:
            file.write(b"half"); file.flush()
            print("ready", flush=True)
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert sweep(tmp_path) == 0
        process.send_signal(signal.SIGKILL)
    assert not path.exists()
    assert len(names(tmp_path)) == 1
    assert sweep(tmp_path) == 1
    assert names(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Path) -> None:
    with pytest.raises(FasError, match="No space left") as caught, atomic_file(small_disk / "file") as file:
        for _ in range(100):
            file.write(b"x" * 10_000)
    assert caught.value.path == small_disk / "file"
    assert "free space" in str(caught.value.remedy)
    assert names(small_disk) == []


def _write_much(path: Path, limit: int) -> str:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with atomic_file(path) as file:
            file.write(b"x" * (limit + 1))
    except FasError as error:
        return str(error)
    return "written"


def test_a_file_size_limit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with get_context("spawn").Pool(1) as pool:
        message = pool.apply(_write_much, (tmp_path / "file", 100_000))
    assert "File too large" in message
    assert str(tmp_path / "file") in message
    assert "ulimit" in message
    assert names(tmp_path) == []


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # permissions do not bind root
    try:
        with pytest.raises(FasError, match="Permission denied") as caught, atomic_file(folder / "file"):
            pass
    finally:
        os.seteuid(user)
    assert caught.value.path == folder / "file"
    assert "writable" in str(caught.value.remedy)
    assert names(folder) == []
