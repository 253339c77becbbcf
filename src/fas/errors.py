"""Errors that a user can fix, and warnings that a user should read."""

from __future__ import annotations

from pathlib import Path


class FasError(Exception):
    """A mistake in the input or the environment that the user can fix.

    The command line prints it without a traceback and exits with code 2.

    Args:
        cause: What is wrong, in one sentence.
        path: The file or folder it is about, if there is one.
        remedy: What to do about it, as a command where there is one.
    """

    def __init__(self, cause: str, *, path: str | Path | None = None, remedy: str | None = None) -> None:
        self.cause = cause
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        super().__init__(cause, path, remedy)

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send their errors to the parent; keyword arguments are lost by default.
        return _rebuild, (type(self), self.cause, self.path, self.remedy)

    def __str__(self) -> str:
        lines = [self.cause]
        if self.path is not None:
            lines.append(f"  path:   {self.path}")
        if self.remedy is not None:
            lines.append(f"  remedy: {self.remedy}")
        return "\n".join(lines)


def _rebuild(kind: type[FasError], cause: str, path: Path | None, remedy: str | None) -> FasError:
    return kind(cause, path=path, remedy=remedy)


def first_line(error: Exception) -> str:
    """The message of another package's exception on one line, or its type if it has no message."""
    return (str(error).splitlines() or [type(error).__name__])[0]


class FasWarning(UserWarning):
    """A command continued, but the user should know why: a missing file, a fallback, an optimistic choice."""
