"""Checks a part of the config against the function that receives it, before anything is built."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from fas.errors import FasError

_LENIENT = ConfigDict(arbitrary_types_allowed=True, coerce_numbers_to_str=True)


def check_arguments(
    function: Callable[..., Any], settings: object, section: str, given: Collection[str] = ()
) -> dict[str, Any]:
    """The keyword arguments for `function` from a section of the config.

    Args:
        function: A function or class with typed arguments; pydantic's types give ranges, such as `PositiveInt`.
        settings: The section: argument -> plain value.
        section: The section's name, for messages.
        given: Arguments that the caller adds; the config must not have them.

    Returns:
        The values, converted to the annotated types if nothing is lost (1 to 1.0, a list to a tuple).

    Raises:
        FasError: An unknown or missing key, or a value of the wrong type or out of range.
    """
    if not isinstance(settings, Mapping):
        raise FasError(f"{section} must be a mapping of keys to values, not {settings!r}")
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and name not in given
    }
    for key in settings:
        if key not in parameters:
            close = difflib.get_close_matches(str(key), parameters, n=3)
            raise FasError(
                f"{section} has no key {key!r}",
                remedy=(f"did you mean {' or '.join(close)}? " if close else "") + f"keys: {', '.join(parameters)}",
            )
    missing = [
        name for name, one in parameters.items() if one.default is inspect.Parameter.empty and name not in settings
    ]
    if missing:
        raise FasError(f"{section} lacks the key {missing[0]!r}", remedy=f"add it to {section}")
    hints = get_type_hints(function.__init__ if inspect.isclass(function) else function, include_extras=True)
    return {key: _checked(value, hints[key], f"{key} of {section}") for key, value in settings.items()}


def _checked(value: Any, hint: Any, key: str) -> Any:
    try:
        return TypeAdapter(hint, config=_LENIENT).validate_python(value)
    except ValidationError as error:
        reasons = dict.fromkeys(one["msg"] for one in error.errors())
        raise FasError(f"{key} cannot be {value!r}: {'; or '.join(reasons)}", remedy="give another value") from error
