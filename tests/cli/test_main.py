"""What the entry point makes of errors."""

from __future__ import annotations

import errno
import os
from importlib import import_module

import pytest
import typer

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


def every_command():
    """Each command and subcommand by its words."""
    for name in entry.COMMANDS:
        command = typer.main.get_command(import_module(f"fas.cli.{name}").app)
        yield name, command
        yield from ((f"{name} {sub}", one) for sub, one in getattr(command, "commands", {}).items())


@pytest.mark.parametrize(
    ("name", "command"), list(every_command()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_help_ends_with_examples_of_that_command_one_per_line(name, command):
    lines = command.get_help(command.make_context(name, [], resilient_parsing=True)).splitlines()
    examples = [line.strip() for line in lines[lines.index("  Examples:") + 1 :] if line.strip()]
    assert examples
    assert all(line.startswith("fas ") for line in examples)
    assert any(name in line for line in examples)
