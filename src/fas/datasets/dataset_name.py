"""The name of data: a dataset, or a simulated tree that imitates it."""

from __future__ import annotations

from dataclasses import dataclass

_SUFFIX = "-simulated"


@dataclass(frozen=True, order=True, slots=True)
class DatasetName:
    """What data is called in stores, scores and results.

    Simulated data has a name of its own, so that it never shares a store or a table row with the real dataset.

    Attributes:
        recipe: The name of the dataset's recipe, such as `oulu`.
        simulated: Whether it is a simulated tree that imitates the dataset.
    """

    recipe: str
    simulated: bool = False

    @property
    def folder(self) -> str:
        """The name of its folder in the store: `oulu`, or `oulu-simulated`."""
        return f"{self.recipe}{_SUFFIX}" if self.simulated else self.recipe

    def __str__(self) -> str:
        return self.folder

    @classmethod
    def of_folder(cls, folder: str, simulated: bool) -> DatasetName:
        """Reads the name of a folder; the reverse of `folder`.

        Args:
            folder: Such as `oulu-simulated`.
            simulated: Whether the data is simulated, which its store or scores say. Only then is the suffix removed: a
                real dataset may have a name that ends in it.
        """
        return cls(folder.removesuffix(_SUFFIX) if simulated else folder, simulated)
