"""Finds the papers' rows that belong next to a result: same data, same protocol, each number as printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fas.evaluation.tables.published import Published, published
from fas.evaluation.tables.results import Data


@dataclass(frozen=True)
class PublishedRow:
    """A method's numbers, printed once or quoted by several papers.

    Attributes:
        method: With its backbone or fold, where the paper says.
        numbers: Metric -> the number; at least one.
        own: Paper and table of each place that reports them as its own result.
        quoted: Paper, table and citation of each place that quotes them from another work.
        notes: Remarks on the numbers.
    """

    method: str
    numbers: Mapping[str, Published]
    own: tuple[Published, ...]
    quoted: tuple[Published, ...]
    notes: tuple[str, ...]

    @property
    def source(self) -> str:
        """Where the numbers are printed, in short: the original place if known, and how many more there are."""
        first, *more = _distinct(one.printed_in for one in (*self.own, *self.quoted))
        return ("" if self.own else "quoted in ") + first + (f", and {len(more)} more" if more else "")

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the numbers are printed, each place with the source that it cites."""
        return _distinct(one.source for one in (*self.own, *self.quoted))


def published_for(trained: Data, tested: Data, metrics: Sequence[str], fold: int | None = None) -> list[PublishedRow]:
    """The published rows for a pair of data, one per method and distinct numbers.

    Papers quote each other, so equal numbers of one method become one row with all its sources; where papers disagree,
    each has its own row.

    Args:
        trained: What was trained on.
        tested: What was tested on. Numbers of papers that do not say the protocol are given for each.
        metrics: A row has at least one of these.
        fold: Also give the numbers on this fold.

    Returns:
        Sorted by the methods' names.
    """
    rows: dict[tuple[str, str, str], dict[str, Published]] = {}
    for number in published():
        if number.metric in metrics and _of_data(number, trained, tested) and _of_fold(number, fold):
            rows.setdefault((number.source, number.printed_method, _name(number)), {})[number.metric] = number
    merged: list[PublishedRow] = []
    for (_, _, name), numbers in rows.items():
        row = _row(name, numbers)
        same = next((place for place, other in enumerate(merged) if _same(row, other)), None)
        if same is None:
            merged.append(row)
        else:
            merged[same] = _merge(merged[same], row)
    return sorted(merged, key=lambda row: row.method.casefold())


def _of_data(number: Published, trained: Data, tested: Data) -> bool:
    if number.cross is not None and number.cross == tested.protocol:
        return True
    if number.trained == (number.tested,) and trained != tested:
        return False
    return (
        set(number.trained) == trained.datasets.recipes
        and {number.tested} == tested.datasets.recipes
        and number.trained_protocol in (None, trained.protocol)
        and number.protocol in (None, tested.protocol)
    )


def _of_fold(number: Published, fold: int | None) -> bool:
    return number.attack is None if number.fold is None else number.fold == fold


def _name(number: Published) -> str:
    further = [number.network] if number.network else []
    if number.fold is not None:
        further.append(f"fold {number.fold}, {number.attack}")
    return " ".join([number.method, *(f"({one})" for one in further)])


def _same(row: PublishedRow, other: PublishedRow) -> bool:
    shared = row.numbers.keys() & other.numbers.keys()
    return (
        row.method == other.method
        and shared in (row.numbers.keys(), other.numbers.keys())
        and all(_value(row.numbers[metric]) == _value(other.numbers[metric]) for metric in shared)
    )


def _value(number: Published) -> tuple[float, float | None]:
    return number.mean, number.std


def _row(method: str, numbers: Mapping[str, Published]) -> PublishedRow:
    first = next(iter(numbers.values()))
    notes = _distinct(f"{one.metric.upper()} in {one.printed_in}: {one.note}" for one in numbers.values() if one.note)
    own, quoted = ((first,), ()) if first.quoted_from is None else ((), (first,))
    return PublishedRow(method, numbers, own, quoted, notes)


def _merge(one: PublishedRow, other: PublishedRow) -> PublishedRow:
    return PublishedRow(
        one.method,
        {**other.numbers, **one.numbers},
        one.own + other.own,
        one.quoted + other.quoted,
        _distinct([*one.notes, *other.notes]),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
