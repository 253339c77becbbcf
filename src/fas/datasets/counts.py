"""The counts of a tree, and the published ones to compare them with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fas.datasets.presentation import Presentation
from fas.datasets.recipe import Recipe
from fas.labels import BONA_FIDE, SPLITS

ALL = "all"
"""The split of a dataset that is distributed without splits."""


def count(presentations: Sequence[Presentation]) -> Counter[str]:
    """Counts `subjects`, `presentations` in all, `train bona fide`, `train attack`, ..., and each species.

    Coarse and fine species are counted, and both classes over all splits (`all bona fide`).
    """
    counts = Counter({"subjects": len({p.subject for p in presentations}), "presentations": len(presentations)})
    for presentation in presentations:
        kind = "bona fide" if presentation.label == BONA_FIDE else "attack"
        counts[f"{ALL} {kind}"] += 1
        if presentation.split:
            counts[f"{presentation.split} {kind}"] += 1
        if presentation.attack_type:
            for species in {presentation.attack_type, presentation.attack_type.partition("/")[0]}:
                counts[species] += 1
    return counts


def count_published(recipe: Recipe) -> dict[str, int]:
    """The same keys with the numbers that the recipe quotes; only those that it quotes."""
    published = recipe.published
    if published is None:
        return {}
    total = sum(published.bona_fide.values()) + sum(published.attacks.values())
    counts = {"presentations": total if published.presentations is None else published.presentations}
    counts |= published.species
    if published.subjects is not None:
        counts["subjects"] = published.subjects
    for kind, numbers in (("bona fide", published.bona_fide), ("attack", published.attacks)):
        counts |= {f"{split} {kind}": number for split, number in numbers.items()}
        if numbers:
            counts[f"{ALL} {kind}"] = sum(numbers.values())
    return counts


def count_keys(recipe: Recipe) -> list[str]:
    """The keys of a dataset's counts, in the order in which they are shown."""
    splits: list[str] = [split for split in SPLITS if split in recipe.splits] or [ALL]
    by_split = [f"{split} {kind}" for split in splits for kind in ("bona fide", "attack")]
    quoted = recipe.published.species if recipe.published is not None else {}
    return ["subjects", "presentations", *by_split, *dict.fromkeys((*recipe.attacks, *quoted))]
