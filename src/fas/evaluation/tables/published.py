"""Published numbers as data, to compare runs with. They are always shown as the paper's, never as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fas.datasets.text_yaml import read_text_yaml

FOLDER = Path(__file__).parent / "papers"
"""One YAML file per paper, with its tables as they are printed."""

OWN = "own"
"""In the column `from`: the paper's own result. Any other value is the source that the paper cites."""

_ABSENT = "-"
_CELL = re.compile(r"(?P<mean>[\d.]+)(?: ± (?P<std>[\d.]+))?(?: (?P<note>[a-z]))?")
_ROW_KEYS = ("method", "network", "from", "protocol", "metric")


@dataclass(frozen=True, kw_only=True)
class Published:
    """One printed number.

    Attributes:
        paper: Short name and year, such as `BASN 2019`.
        table: As the paper counts it, such as `Table 2`.
        place: The section or, in a talk, the part.
        method: One name per method over all papers, such as `Auxiliary`, also where a paper calls it `FAS-BAS`.
        printed_method: The name that the table prints.
        network: The backbone, where the table prints one; else empty.
        quoted_from: The citation as printed, for a number that the paper took from another work; None for its own.
        trained: The datasets trained on, by their names in fas.
        trained_protocol: The protocol whose training set it is, if the paper states one separately.
        tested: The dataset tested on.
        protocol: The protocol of the tested dataset; None where the paper does not say.
        cross: The name of the protocol across datasets in fas that it corresponds to; None within one dataset.
        fold: The fold in fas of a number on one fold; None for a number over all folds, or without folds.
        attack: The attack type, if the number is for one type only.
        metric: Lower case: `apcer`, `bpcer`, `acer`, `hter`, `eer`, `auc`, `tdr@fdr2%`.
        mean: In percent.
        std: In percent, if printed.
        printed: The number as printed, without the percent sign.
        note: A remark on the number, if there is one.
    """

    paper: str
    table: str
    place: str
    method: str
    printed_method: str
    network: str
    quoted_from: str | None
    trained: tuple[str, ...]
    trained_protocol: str | None
    tested: str
    protocol: str | None
    cross: str | None
    fold: int | None
    attack: str | None
    metric: str
    mean: float
    std: float | None
    printed: str
    note: str | None

    @property
    def printed_in(self) -> str:
        """Paper and table."""
        return f"{self.paper}, {self.table}"

    @property
    def source(self) -> str:
        """Paper and table, and the source that the paper quotes."""
        return self.printed_in + (f", from {self.quoted_from}" if self.quoted_from else "")


@cache
def published() -> tuple[Published, ...]:
    """Every number of every paper, in the order of the files and of the tables."""
    return tuple(number for path in sorted(FOLDER.glob("*.yaml")) for number in read_paper(path))


def read_paper(path: Path) -> Iterator[Published]:
    """Reads a paper's tables.

    A file has `paper`, `title`, `names` (printed name of a method -> its name here), `left_out` (table -> why it is not
    here) and `tables`. A table has `table`, `place`, `caption`, `rows` (its cells between `|`, the header first), and
    says what its numbers are: keys `trained` (a dataset or a list of them), `tested`, `protocol`, `cross` and `metric`
    hold for the table; these and `fold` and `attack` under `columns` for one of its columns; a column `protocol` or
    `metric` for its row. A column whose metric is given nowhere has it as its name. A cell `-` is empty; a letter after
    a number is one of the table's `notes`.

    Raises:
        FasError: The file is not readable YAML.
        ValueError: A row has more or fewer cells than the header, a cell is not a number, or a key is missing or
            unknown.
    """
    content = read_text_yaml(path)
    for table in content["tables"]:
        try:
            yield from _table(content["paper"], {**content.get("names", {}), **table.get("names", {})}, table)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, {table.get('table')}: {error!r}") from error


def _table(paper: str, names: Mapping[str, str], table: Mapping[str, Any]) -> Iterator[Published]:
    shared = {key: table[key] for key in ("trained", "tested", "protocol", "cross", "metric") if key in table}
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in table["rows"].splitlines())
    for cells in lines:
        row = {name: cell for name, cell in zip(header, cells, strict=True) if cell != _ABSENT}
        about = {key: row[key] for key in ("protocol", "metric") if key in row}
        for column in (name for name in header if name not in _ROW_KEYS and name in row):
            facts = {"metric": column, **shared, **about, **table.get("columns", {}).get(column, {})}
            cell = _CELL.fullmatch(row[column])
            if cell is None:
                raise ValueError(f"{row[column]!r} is not a number")
            yield _number(
                cell,
                facts,
                paper=paper,
                table=table["table"],
                place=table["place"],
                method=names.get(row["method"], row["method"]),
                printed_method=row["method"],
                network=row.get("network", ""),
                quoted_from=None if row["from"] == OWN else row["from"],
                note=None if cell["note"] is None else table["notes"][cell["note"]],
            )


def _number(cell: re.Match[str], facts: dict[str, Any], **source: Any) -> Published:
    fold, trained = facts.pop("fold", None), facts.pop("trained", facts["tested"])
    return Published(
        trained=(trained,) if isinstance(trained, str) else tuple(trained),
        trained_protocol=facts.pop("trained_protocol", None),
        tested=facts.pop("tested"),
        protocol=facts.pop("protocol", None),
        cross=facts.pop("cross", None),
        attack=facts.pop("attack", None),
        fold=None if fold is None else int(fold),
        metric=facts.pop("metric").lower(),
        mean=float(cell["mean"]),
        std=None if cell["std"] is None else float(cell["std"]),
        printed=cell["mean"] + (f" ± {cell['std']}" if cell["std"] else ""),
        **facts,  # any key left over is unknown and raises
        **source,
    )
