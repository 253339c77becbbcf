"""Commands that messages suggest: complete, and quoted so that they work when pasted."""

from __future__ import annotations

import shlex

_prefix: list[str] = []


def set_global_options(options: list[str]) -> None:
    """Remembers the options before the command's name, such as `--methods DIR`, which suggestions must repeat."""
    _prefix[:] = options


def fas_command(*arguments: str) -> str:
    """A `fas` command line as a user can paste it.

    Args:
        arguments: Command and arguments, not quoted.
    """
    return shlex.join(["fas", *_prefix, *arguments])
