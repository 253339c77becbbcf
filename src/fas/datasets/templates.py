"""Checks of single texts in a recipe: templates such as `{subject}/{take}`, and regular expressions."""

from __future__ import annotations

import re
import string
from pathlib import PurePosixPath


def inside_root(template: str) -> str:
    """Rejects a template that is not a plain relative path, or whose placeholders are more than names."""
    path = PurePosixPath(template)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a path below the root")
    if not all(name.isidentifier() and not spec and not conversion for name, spec, conversion in _parsed(template)):
        raise ValueError("a placeholder must be just {name}")
    return template


def named_pattern(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Rejects a regular expression without named groups: nothing could be read from it."""
    if not pattern.groupindex:
        raise ValueError("must have named groups, (?P<name>...)")
    return pattern


def placeholders(template: str) -> set[str]:
    """The names in a template."""
    return {name for name, _, _ in _parsed(template)}


def _parsed(template: str) -> list[tuple[str, str, str]]:
    parts = string.Formatter().parse(template)
    return [(name, spec or "", conversion or "") for _, name, spec, conversion in parts if name is not None]
