"""What the entry point makes of errors."""

from __future__ import annotations

import errno
import os

import pytest

from fas.cli import main as entry


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_message_wherever_it_is_met(monkeypatch, capsys, number):
    def write():
        raise OSError(number, os.strerror(number), "/run/metrics.csv")

    monkeypatch.setattr(entry, "app", write)
    with pytest.raises(SystemExit) as stopped:
        entry.main()
    assert stopped.value.code == entry.USER_ERROR
    told = capsys.readouterr().err
    assert told.startswith("error: the disk is full") and "/run/metrics.csv" in told and "remedy" in told


def test_another_error_of_the_system_keeps_its_traceback(monkeypatch):
    def write():
        raise PermissionError(errno.EPERM, "not permitted")

    monkeypatch.setattr(entry, "app", write)
    with pytest.raises(PermissionError):
        entry.main()
