"""Finds stores below a folder."""

from __future__ import annotations

from pathlib import Path

from fas.datasets.dataset_name import DatasetName
from fas.errors import FasError
from fas.store.names import STORE_FILE, check_dataset
from fas.store.store import Store


def list_stores(root: Path) -> list[Path]:
    """The folders of all stores below `root`, sorted by dataset and recipe hash."""
    return sorted(path.parent for path in Path(root).glob(f"*/*/{STORE_FILE}"))


def only_store(root: Path) -> Path:
    """The folder of the only store below `root`.

    Raises:
        FasError: There is none, or more than one; the message lists them.
    """
    stores = list_stores(root)
    if len(stores) == 1:
        return stores[0]
    if not stores:
        raise FasError("no store here", path=root, remedy="create one with `fas preprocess`, or give a store's folder")
    raise FasError(f"several stores here:{_choices(stores)}", path=root, remedy="give one of these folders")


def _choices(stores: list[Path]) -> str:
    return "".join(f"\n    {path}" for path in stores) or " none"


def _command(dataset: str) -> str:
    from fas.datasets.loading import known_recipes  # reads YAML with pydantic; needed only for the text of an error

    # No recipe's name has this suffix, so it is the suffix of a simulated tree.
    recipe = DatasetName.of_folder(dataset, simulated=True).recipe
    return f"fas preprocess {recipe if recipe in known_recipes() else 'FILE'}"


def find_store(dataset: str, root: Path, recipe_hash: str | None = None) -> Store:
    """Opens the store of a dataset.

    Args:
        dataset: The dataset's name, such as `oulu` or `oulu-simulated`.
        root: The folder that stores live in (`$FAS_STORE`).
        recipe_hash: The recipe, or the beginning of its hash, where the dataset has several.

    Raises:
        FasError: No store matches, or more than one; the message lists the choices.
    """
    check_dataset(dataset)
    stores = list_stores(root)
    matches = [path for path in stores if path.parent.name == dataset and path.name.startswith(recipe_hash or "")]
    if len(matches) == 1:
        return Store.open(matches[0])
    wanted = f"dataset {dataset!r}" + (f" with recipe {recipe_hash!r}" if recipe_hash else "")
    if not matches:
        raise FasError(
            f"no store of {wanted}; there is:{_choices(stores)}",
            path=root,
            remedy=f"create it with `{_command(dataset)}`, or set FAS_STORE to the folder that has it",
        )
    raise FasError(
        f"several stores of {wanted}:{_choices(matches)}",
        path=root,
        remedy="choose one by its recipe hash (the last folder), or remove those that you do not need",
    )
