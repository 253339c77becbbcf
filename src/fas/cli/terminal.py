"""Tables on standard output: fitted to a terminal, never cut in a pipe or a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

_UNLIMITED = 100_000
"""Columns of an output that is not a terminal: nothing is cut or wrapped."""


def show(content: RenderableType) -> None:
    """Prints a table or other content of rich, as wide as the terminal, or as wide as it needs elsewhere."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else _UNLIMITED).print(content)


def as_text(content: RenderableType) -> str:
    """Content of rich as plain text, as wide as it needs."""
    import io

    from rich.console import Console

    file = io.StringIO()
    Console(file=file, width=_UNLIMITED, force_terminal=False, color_system=None).print(content)
    return file.getvalue()
