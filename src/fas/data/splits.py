"""A protocol's splits restricted to what a store holds, with the names of everything that is missing."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fas.data.joined import JoinedIndex
from fas.datasets.contents import published_presentations
from fas.datasets.cross import CrossProtocol, cross_splits
from fas.datasets.loading import load_recipe
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import Splits, find_protocol, protocol_splits
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Protocol
from fas.errors import FasError, FasWarning
from fas.labels import ATTACK, BONA_FIDE
from fas.store.index import PresentationTable
from fas.store.store import Store

_SHOWN = 3


@dataclass(frozen=True)
class Split:
    """One split of a protocol.

    Attributes:
        codes: `(n,)` codes of its presentations in the store's index.
        not_acquired: Presentations that preprocessing tried and could not store (no face, not decodable).
        absent: Presentations of the published dataset that preprocessing has not seen.
        first_frames: Only so many frames from the beginning of each video are used, by the protocol; None for all.
    """

    codes: NDArray[np.intp]
    not_acquired: tuple[Presentation, ...]
    absent: tuple[Presentation, ...]
    first_frames: int | None = None


def recipe_of(store: Store, recipe: str | None = None) -> Recipe:
    """The recipe of a store's dataset.

    Args:
        store: The store.
        recipe: Name or path of the recipe; None uses the one that the store keeps.

    Raises:
        FasError: There is no such recipe.
    """
    return load_recipe(recipe or store.recipe_path())


def store_splits(
    store: Store, table: PresentationTable, recipe: Recipe, protocol: str, fold: int | None
) -> dict[str, Split]:
    """Divides a store's presentations into the splits of a protocol.

    Args:
        store: The store.
        table: The presentations of its index.
        recipe: The dataset's recipe.
        protocol: The protocol's name.
        fold: From 1; None for a protocol without folds.

    Returns:
        `train`, `dev` and `test`; those that the protocol has.

    Raises:
        FasError: The protocol or fold is unknown.
    """
    rules = find_protocol(recipe, protocol, fold)
    parts = [protocol_splits(recipe, some, protocol, fold) for some in _groups(store, table, recipe)]
    return _splits(parts, rules, table, rules.train_frames)


def cross_store_splits(cross: CrossProtocol, stores: Mapping[str, Store], index: JoinedIndex) -> dict[str, Split]:
    """Divides the presentations of several stores into the splits of a protocol across datasets.

    Args:
        cross: The protocol.
        stores: Dataset -> store.
        index: Their joined index.

    Returns:
        `train`, `dev` and `test`; those that the protocol has.

    Raises:
        FasError: A dataset has no such protocol or fold, or a part trains on the first frames only.
    """
    for split, part in cross.parts():
        if part.protocol is not None and split == "train":
            rules = find_protocol(cross.recipes[part.dataset], part.protocol, part.fold)
            if rules.train_frames is not None:
                raise FasError(f"{part} trains on first frames only, which protocols across datasets do not support")
    groups = {
        one.name: _groups(stores[one.name], index.indexes[one.name].presentations, one)
        for one in cross.recipes.values()
    }
    parts = [cross_splits(cross, {name: group[kind] for name, group in groups.items()}) for kind in range(3)]
    return _splits(parts, cross, index.presentations, None)


def _groups(
    store: Store, table: PresentationTable, recipe: Recipe
) -> tuple[list[Presentation], list[Presentation], list[Presentation]]:
    """What is stored, what could not be acquired, and what preprocessing has not seen."""
    stored = _stored(table)
    failed = _failed(store)
    known = {one.video_id for one in (*stored, *failed)}
    # Only a simulated tree itself records what it should hold.
    published = [] if store.simulated else published_presentations(recipe)
    return stored, failed, [one for one in published if one.video_id not in known]


def _splits(
    parts: Sequence[Splits], rules: Protocol | CrossProtocol, table: PresentationTable, train_frames: int | None
) -> dict[str, Split]:
    code_of = {video_id: code for code, video_id in enumerate(table.video_id.tolist())}
    return {
        split: Split(
            codes=np.array([code_of[one.video_id] for one in parts[0][split]], dtype=np.intp),
            not_acquired=tuple(parts[1][split]),
            absent=tuple(parts[2][split]),
            first_frames=train_frames if split == "train" else None,
        )
        for split in parts[0]
        if getattr(rules, split)
    }


def check_split(name: str, split: Split, labels: NDArray[np.integer], where: str, store: Path) -> None:
    """Checks that a split can be used, and warns about what is missing.

    Args:
        name: `train`, `dev` or `test`.
        split: The split.
        labels: Label of every presentation code.
        where: Dataset and protocol, for messages.
        store: The store's folder, for messages.

    Raises:
        FasError: The split is empty, or has only one class.

    Warns:
        FasWarning: Presentations are missing.
    """
    if not len(split.codes):
        hint = "choose another protocol or dataset"
        if split.not_acquired or split.absent:
            hint = "preprocess the presentations of this split first"
        raise FasError(f"{where} has no {name} presentations in the store", path=store, remedy=hint)
    for label, word in ((BONA_FIDE, "bona fide"), (ATTACK, "attack")):
        if not np.any(labels[split.codes] == label):
            raise FasError(
                f"the {name} split of {where} has no {word} presentation in the store",
                path=store,
                remedy="preprocess the presentations of this class, or choose another protocol",
            )
    total = len(split.codes) + len(split.not_acquired) + len(split.absent)
    for missing, why in (
        (split.not_acquired, "could not be acquired (see failures.jsonl of the store)"),
        (split.absent, "are not in the store: preprocessing has not seen them"),
    ):
        if missing:
            message = f"{where}: {len(missing)} of {total} {name} presentations {why}: {_summary(missing)}"
            warnings.warn(FasWarning(message), stacklevel=2)


def rows_of(codes: Iterable[int], table: PresentationTable) -> NDArray[np.int64]:
    """The index rows of presentations, in the order given."""
    ranges = [np.arange(table.start[code], table.stop[code]) for code in codes]
    return np.concatenate(ranges) if ranges else np.zeros(0, dtype=np.int64)


def _stored(table: PresentationTable) -> list[Presentation]:
    columns = (table.video_id, table.subject, table.split, table.label, table.attack_type, table.attributes)
    return [
        Presentation(video_id, video_id, subject, split, int(label), attack_type, attributes)
        for video_id, subject, split, label, attack_type, attributes in zip(*columns, strict=True)
    ]


def _failed(store: Store) -> list[Presentation]:
    """Presentations of which nothing could be stored."""
    records = (record for record in store.failures() if "frame" not in record and "path" in record)
    fields = ("video_id", "path", "subject", "split", "label", "attack_type", "attributes")
    return [Presentation(*(record[field] for field in fields)) for record in records]


def _summary(presentations: Sequence[Presentation]) -> str:
    """Counts by class or species, and the first names."""
    counts = Counter(one.attack_type or "bona fide" for one in presentations)
    names = ", ".join(one.video_id for one in presentations[:_SHOWN]) + (", ..." * (len(presentations) > _SHOWN))
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) + f" ({names})"
