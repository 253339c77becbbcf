"""Output of tables: fitted to a terminal, as wide as it needs elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from rich.table import Table

from fas.cli.terminal import as_text

SHOW = "from rich.text import Text; from fas.cli.terminal import show; show(Text('word ' * 40))"


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_a_terminal_gets_lines_that_fit_and_a_pipe_gets_whole_ones():
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    piped = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    assert lines(piped.stdout) == [("word " * 40).rstrip()]
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", SHOW], env=environment, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert [len(line) for line in lines(shown)] == [59, 59, 59, 19]


def test_text_has_whole_cells_and_no_colours(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = Table("name", "value", style="red")
    table.add_row("x" * 500, "[1] /a", style="bold")
    text = as_text(table)
    assert "x" * 500 in text
    assert "\x1b" not in text
