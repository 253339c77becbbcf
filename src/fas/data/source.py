"""What a protocol reads from: the store of its dataset, or those of several for a protocol across datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fas.data.joined import JoinedIndex
from fas.data.splits import Split, cross_store_splits, recipe_of, store_splits
from fas.datasets.cross import is_cross_protocol, load_cross_protocol
from fas.datasets.protocol import default_protocol
from fas.errors import FasError
from fas.store.find import find_store
from fas.store.index import StoreIndex
from fas.store.store import Store


@dataclass(frozen=True)
class Source:
    """Stored frames and their splits by a protocol.

    Attributes:
        stores: Dataset -> store, at least one.
        protocol: The protocol's name.
        recipe: How the faces were cut; of several stores, what they have in common.
        index: All frames.
        splits: Those of `train`, `dev` and `test` that the protocol has.
        path: The store's folder; of several, the folder of stores.
    """

    stores: Mapping[str, Store]
    protocol: str
    recipe: dict[str, Any]
    index: StoreIndex | JoinedIndex
    splits: dict[str, Split]
    path: Path

    @property
    def dataset(self) -> str:
        """The dataset's name; of several, with `+` between them."""
        return "+".join(store.dataset for store in self.stores.values())

    @property
    def simulated(self) -> bool:
        """Whether any of the data is simulated."""
        return any(store.simulated for store in self.stores.values())

    @property
    def recipe_hash(self) -> str:
        """How each store was cut, by the names of their folders, with `+` between them."""
        return "+".join(store.path.name for store in self.stores.values())

    def preprocess_command(self, *options: str) -> str:
        """The commands that preprocess the datasets again with further options."""
        return " && ".join(store.preprocess_command(*options) for store in self.stores.values())


def open_source(
    dataset: str | None,
    protocol: str | None,
    fold: int | None,
    recipe: str | None,
    root: Path,
    recipe_hash: str | None,
) -> Source:
    """Opens what a protocol reads from.

    Args:
        dataset: Name of the dataset's folder in the store; None for a protocol across datasets.
        protocol: A protocol of the dataset, or across datasets; None for the only one of the dataset.
        fold: The protocol's fold.
        recipe: Name or path of the dataset's recipe; None uses the one that the store keeps.
        root: The folder that stores live in.
        recipe_hash: Which store of the dataset, where there are several.

    Raises:
        FasError: A store, protocol or fold does not exist, the protocol is ambiguous, or stores of one protocol
            were cut in different ways.
    """
    if dataset is None:
        if fold is not None or recipe is not None:
            remedy = "leave data.fold and data.recipe out"
            raise FasError("a protocol across datasets has no fold and no recipe", remedy=remedy)
        return _across(protocol, root, recipe_hash)
    store = find_store(dataset, root, recipe_hash)
    index = store.index()
    rules = recipe_of(store, recipe)
    if protocol is None:
        protocol = default_protocol(rules)
    splits = store_splits(store, index.presentations, rules, protocol, fold)
    return Source({store.dataset: store}, protocol, store.recipe, index, splits, store.path)


def _across(protocol: str | None, root: Path, recipe_hash: str | None) -> Source:
    if protocol is None or not is_cross_protocol(protocol):
        raise FasError(
            "no protocol is given" if protocol is None else f"there is no protocol {protocol!r} across datasets",
            remedy="`fas datasets` lists them; give data.dataset for a protocol of one dataset",
        )
    cross = load_cross_protocol(protocol)
    stores = {recipe.name: find_store(recipe.name, root, recipe_hash) for recipe in cross.recipes.values()}
    index = JoinedIndex({name: store.index() for name, store in stores.items()})
    splits = cross_store_splits(cross, stores, index)
    return Source(stores, protocol, _common_recipe(stores), index, splits, root)


def _common_recipe(stores: Mapping[str, Store]) -> dict[str, Any]:
    """How the faces of all stores were cut; which frames were taken, and how they were turned, may differ."""
    free = {"frames", "rotation"}
    first, *others = stores
    for other in others:
        mine, theirs = stores[first].recipe, stores[other].recipe
        keys = sorted((mine.keys() | theirs.keys()) - free)
        if odd := [key for key in keys if mine.get(key) != theirs.get(key)]:
            raise FasError(
                f"the faces of {first} and {other} were not cut in the same way: {odd[0]} is {mine.get(odd[0])!r} and "
                f"{theirs.get(odd[0])!r}",
                path=stores[other].path,
                remedy="preprocess both with the same settings; data.recipe_hash chooses among several stores",
            )
    return stores[first].recipe
