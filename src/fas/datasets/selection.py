"""Selections: which presentations an entry of a recipe applies to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_MOST_SHOWN = 12
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def expand_ranges(value: Any) -> Any:
    """A single value becomes a list; `01..20` becomes the numbers from 01 to 20, zero-padded like the first."""
    expanded: list[Any] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        ends = _RANGE.fullmatch(item) if isinstance(item, str) else None
        if ends is None:
            expanded.append(item)
        elif int(ends[1]) > int(ends[2]):
            raise ValueError(f"the range {item} runs backwards")
        else:
            expanded += [str(number).zfill(len(ends[1])) for number in range(int(ends[1]), int(ends[2]) + 1)]
    return expanded


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


Values = Annotated[tuple[str, ...], BeforeValidator(expand_ranges), Field(min_length=1)]
Choice = Mapping[str, Values]
"""Field -> listed values; matches a presentation where each named field has one of its listed values."""

Selection = Annotated[tuple[Choice, ...], BeforeValidator(_as_list)]
"""One choice or a list: matches where any of them matches. The empty list never matches, the empty choice always."""


def satisfies(facts: Mapping[str, str], selection: Iterable[Choice]) -> bool:
    """Whether a presentation's facts satisfy a selection; a field that it does not have counts as the empty text."""
    return any(all(facts.get(name, "") in values for name, values in choice.items()) for choice in selection)


def named_fields(selections: Iterable[Iterable[Choice]]) -> set[str]:
    """The fields that selections name."""
    return {name for selection in selections for choice in selection for name in choice}


def describe(selection: Iterable[Choice]) -> str:
    """A selection in words."""
    choices = [", ".join(f"{name} {_shown(values)}" for name, values in one.items()) or "all" for one in selection]
    return "; or ".join(choices) or "none"


def _shown(values: tuple[str, ...]) -> str:
    few = values if len(values) <= _MOST_SHOWN else (*values[:4], "...", values[-1])
    return " ".join(value or "(none)" for value in few)
