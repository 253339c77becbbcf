"""Official partitions by the declarative rules of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fas.datasets.naming import facts, satisfies
from fas.datasets.presentation import Presentation
from fas.datasets.recipe import SPLITS, Protocol, Recipe, Split
from fas.errors import FasError


def protocol_splits(
    recipe: Recipe, presentations: Iterable[Presentation], protocol: str, fold: int | None = None
) -> dict[Split, list[Presentation]]:
    """Divides presentations by a protocol.

    Args:
        recipe: The dataset.
        presentations: What to divide; those that the protocol does not use are left out.
        protocol: The protocol's name in the recipe.
        fold: Which fold, from 1; None for a protocol without folds.

    Returns:
        `train`, `dev` and `test`, each in the order given; one is empty where none of its presentations were given.
        Each presentation keeps its `split` as distributed.

    Raises:
        FasError: The protocol or the fold is unknown, or a subject would be in two splits.
    """
    rules = find_protocol(recipe, protocol, fold)
    splits: dict[Split, list[Presentation]] = {split: [] for split in SPLITS}
    for presentation in presentations:
        known = facts(presentation)
        if fold is not None:
            known["held_out"] = "yes" if satisfies(known, rules.folds[fold - 1]) else "no"
        for split in SPLITS:
            if satisfies(known, getattr(rules, split)):
                splits[split].append(presentation)
    _check_disjoint(recipe, protocol, splits)
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


def folds(recipe: Recipe, protocol: str) -> Iterator[int | None]:
    """The folds of a protocol from 1; None alone for a protocol without folds."""
    count = len(recipe.protocols[protocol].folds)
    yield from range(1, count + 1) if count else (None,)


def _check_disjoint(recipe: Recipe, protocol: str, splits: dict[Split, list[Presentation]]) -> None:
    seen: dict[str, Split] = {}
    for split, presentations in splits.items():
        for presentation in presentations:
            other = seen.setdefault(presentation.subject, split)
            if other != split:
                raise FasError(
                    f"protocol {protocol} of {recipe.title} puts subject {presentation.subject} into {other} and "
                    f"{split} (with {presentation.video_id})",
                    remedy="mend the protocol's selections in the recipe",
                )
