"""Which datasets scores are of: the one place that reads their names from a provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fas.datasets.dataset_name import DatasetName

_BETWEEN = "+"


@dataclass(frozen=True, order=True)
class Datasets:
    """One dataset, or several of a protocol across datasets.

    Attributes:
        names: At least one, in the order of use.
    """

    names: tuple[DatasetName, ...]

    @property
    def recipes(self) -> frozenset[str]:
        """The names of their recipes."""
        return frozenset(name.recipe for name in self.names)

    def __str__(self) -> str:
        return f" {_BETWEEN} ".join(map(str, self.names))

    @classmethod
    def of_provenance(cls, provenance: Mapping[str, Any]) -> Datasets | None:
        """What `dataset` and `simulated` of a provenance say: `oulu`, `oulu-simulated`, `oulu+siw`; None without them.

        Of several datasets, those are simulated whose names say so; a single one is what `simulated` says.
        """
        text, simulated = provenance.get("dataset"), bool(provenance.get("simulated"))
        if not isinstance(text, str):
            return None
        folders = [folder.strip() for folder in text.split(_BETWEEN)]
        if len(folders) == 1:
            return cls((DatasetName.of_folder(folders[0], simulated),))
        return cls(tuple(_named(folder, simulated) for folder in folders))


def _named(folder: str, simulated: bool) -> DatasetName:
    """One of several datasets, of which `simulated` says that one or more are."""
    name = DatasetName.of_folder(folder, simulated)
    return name if name.folder == folder else DatasetName(folder)
