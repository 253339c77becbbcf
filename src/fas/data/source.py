"""What a protocol reads from: the store of its dataset, or those of several for a protocol across datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fas.data.joined import JoinedIndex
from fas.data.splits import Split, cross_store_splits, recipe_of, store_splits
from fas.datasets.cross import is_cross_protocol, load_cross_protocol
from fas.errors import FasError
from fas.store.find import find_store
from fas.store.index import StoreIndex
from fas.store.store import Store


@dataclass(frozen=True)
class Source:
    """Stored frames and their division by a protocol.

    Attributes:
        dataset: The dataset's name; of several, with `+` between them.
        simulated: Whether any of it is simulated.
        path: The store's folder; of several, the folder of stores.
        recipe_hash: The store's recipe; of several, with `+` between them.
        recipe: How faces were cut; of several, what they have in common.
        index: All frames.
        splits: Those of `train`, `dev` and `test` that the protocol has.
    """

    dataset: str
    simulated: bool
    path: Path
    recipe_hash: str
    recipe: dict[str, Any]
    index: StoreIndex | JoinedIndex
    splits: dict[str, Split]


def open_source(
    dataset: str | None, protocol: str, fold: int | None, recipe: str | None, root: Path, recipe_hash: str | None
) -> Source:
    """Opens what a protocol reads from.

    Args:
        dataset: Name of the dataset's folder in the store; None for a protocol across datasets.
        protocol: A protocol of the dataset, or across datasets.
        fold: The protocol's fold.
        recipe: Name or path of the dataset's recipe; None finds it by the dataset's name.
        root: The folder that stores live in.
        recipe_hash: Which store of the dataset, where there are several.

    Raises:
        FasError: A store, protocol or fold is not there, or stores of one protocol were cut in different ways.
    """
    if dataset is None:
        if fold is not None or recipe is not None:
            remedy = "leave data.fold and data.recipe out"
            raise FasError("a protocol across datasets has no fold and no recipe", remedy=remedy)
        return _across(protocol, root, recipe_hash)
    store = find_store(dataset, root, recipe_hash)
    index = store.index()
    splits = store_splits(store, index.presentations, recipe_of(store, recipe), protocol, fold)
    return Source(store.dataset, store.simulated, store.path, store.path.name, store.recipe, index, splits)


def _across(protocol: str, root: Path, recipe_hash: str | None) -> Source:
    if not is_cross_protocol(protocol):
        raise FasError(
            f"there is no protocol {protocol!r} across datasets",
            remedy="`fas datasets` names them; give data.dataset for a protocol of one dataset",
        )
    cross = load_cross_protocol(protocol)
    stores = {recipe.name: find_store(recipe.name, root, recipe_hash) for recipe in cross.recipes.values()}
    index = JoinedIndex({name: store.index() for name, store in stores.items()})
    return Source(
        dataset="+".join(stores),
        simulated=any(store.simulated for store in stores.values()),
        path=root,
        recipe_hash="+".join(store.path.name for store in stores.values()),
        recipe=_common_recipe(stores),
        index=index,
        splits=cross_store_splits(cross, stores, index),
    )


def _common_recipe(stores: Mapping[str, Store]) -> dict[str, Any]:
    """How the faces of all stores were cut; which frames were taken, and how they were turned, may differ."""
    free = {"frames", "rotation"}
    first, *others = stores
    for other in others:
        mine, theirs = stores[first].recipe, stores[other].recipe
        keys = sorted((mine.keys() | theirs.keys()) - free)
        if odd := [key for key in keys if mine.get(key) != theirs.get(key)]:
            raise FasError(
                f"the faces of {first} and {other} were not cut alike: {odd[0]} is {mine.get(odd[0])!r} and "
                f"{theirs.get(odd[0])!r}",
                path=stores[other].path,
                remedy="preprocess both with the same settings; data.recipe_hash chooses among several stores",
            )
    return stores[first].recipe
