"""The name of a dataset in the store: its recipe, and whether the recordings are simulated."""

from __future__ import annotations

from dataclasses import dataclass

_SIMULATED = "-simulated"


@dataclass(frozen=True, order=True)
class DatasetName:
    """A dataset by its recipe. Simulated recordings never share a folder with real ones.

    Attributes:
        recipe: The recipe's name, such as `oulu`.
        simulated: Whether its recordings are simulated.
    """

    recipe: str
    simulated: bool = False

    @property
    def folder(self) -> str:
        """The name of its folder in the store: `oulu`, or `oulu-simulated`."""
        return self.recipe + (_SIMULATED if self.simulated else "")

    def __str__(self) -> str:
        return self.folder

    @classmethod
    def of_folder(cls, folder: str, simulated: bool) -> DatasetName:
        """The dataset of a folder of the store.

        Args:
            folder: The folder's name.
            simulated: Whether its recordings are simulated; only then is `-simulated` not part of the recipe's name.
        """
        return cls(folder.removesuffix(_SIMULATED) if simulated else folder, simulated)
