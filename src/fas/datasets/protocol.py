"""Dividing presentations into train, dev and test by the protocols of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fas.datasets.naming import facts
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import Protocol
from fas.datasets.selection import satisfies
from fas.errors import FasError
from fas.labels import SPLITS, Split

Splits = dict[Split, list[Presentation]]


def protocol_splits(
    recipe: Recipe, presentations: Iterable[Presentation], protocol: str, fold: int | None = None
) -> Splits:
    """Divides presentations by a protocol.

    Args:
        recipe: The dataset.
        presentations: What to divide; those that the protocol does not use are left out.
        protocol: The protocol's name in the recipe.
        fold: Which fold, from 1; None for a protocol without folds.

    Returns:
        `train`, `dev` and `test`, each in the order given; one is empty where the protocol has no such split or none of
        its presentations were given. Each presentation keeps its `split` as distributed.

    Raises:
        FasError: The protocol or the fold is unknown, or a presentation or (unless the official partition has it so) a
            subject would be in two splits.
    """
    rules = find_protocol(recipe, protocol, fold)
    splits: Splits = {split: [] for split in SPLITS}
    for presentation in presentations:
        known = facts(presentation)
        if fold is not None:
            known["held_out"] = "yes" if satisfies(known, rules.folds[fold - 1]) else "no"
        for split in SPLITS:
            if satisfies(known, getattr(rules, split)):
                splits[split].append(presentation)
    check_disjoint(f"protocol {protocol} of {recipe.title}", splits, shared_subjects=bool(rules.shared_subjects))
    return splits


def find_protocol(recipe: Recipe, protocol: str, fold: int | None) -> Protocol:
    """The rules of a protocol.

    Raises:
        FasError: The protocol is unknown, the fold is not one of its folds, or it has folds and none is given.
    """
    rules = recipe.protocols.get(protocol)
    if rules is None:
        known = [f"{name} ({rules.about})" for name, rules in recipe.protocols.items()]
        raise FasError(f"{recipe.title} has no protocol {protocol!r}", remedy=f"name one of: {', '.join(known)}")
    count = len(rules.folds)
    if fold is None and count:
        raise FasError(f"protocol {protocol} of {recipe.title} has {count} folds", remedy=f"give a fold of 1..{count}")
    if fold is not None and not 1 <= fold <= count:
        remedy = f"give a fold of 1..{count}" if count else "leave the fold out"
        raise FasError(f"protocol {protocol} of {recipe.title} has no fold {fold}", remedy=remedy)
    return rules


def default_protocol(recipe: Recipe) -> str:
    """The name of a recipe's only protocol, so that users need not type it.

    Raises:
        FasError: The recipe has several protocols, so the choice would change every number; or it has none.
    """
    if len(recipe.protocols) == 1:
        return next(iter(recipe.protocols))
    if not recipe.protocols:
        raise FasError(f"{recipe.title} has no protocol", remedy="add one to the recipe's `protocols`")
    choices = "".join(f"\n  {name}: {rules.about}" for name, rules in recipe.protocols.items())
    raise FasError(
        f"{recipe.title} has {len(recipe.protocols)} protocols; choose one:{choices}",
        remedy="name one: data.protocol=NAME for training, or after the dataset for `fas datasets protocol`",
    )


def folds(recipe: Recipe, protocol: str) -> Iterator[int | None]:
    """The folds of a protocol from 1; None alone for a protocol without folds."""
    count = len(recipe.protocols[protocol].folds)
    yield from range(1, count + 1) if count else (None,)


def check_disjoint(what: str, splits: Mapping[Split, Iterable[Presentation]], *, shared_subjects: bool = False) -> None:
    """Rejects a partition that tests on what it trains on.

    Args:
        what: Which partition, for messages.
        splits: The partition.
        shared_subjects: Accept subjects in several splits, as some official partitions have them.

    Raises:
        FasError: A presentation, or a subject, is in two splits.
    """
    subjects: dict[str, Split] = {}
    seen: dict[str, Split] = {}
    for split, presentations in splits.items():
        for presentation in presentations:
            video_id, subject = presentation.video_id, presentation.subject
            other = seen.setdefault(video_id, split)
            if other != split:
                raise FasError(f"{what} puts {video_id} into {other} and {split}", remedy="fix its selections")
            other = subjects.setdefault(subject, split)
            if other != split and not shared_subjects:
                raise FasError(
                    f"{what} puts subject {subject} into {other} and {split} (with {video_id})",
                    remedy="fix the protocol's selections in the recipe",
                )
