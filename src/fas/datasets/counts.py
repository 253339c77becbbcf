"""Numbers to hold beside each other: what a tree has and what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fas.datasets.presentation import BONA_FIDE, Presentation
from fas.datasets.recipe import SPLITS, Recipe


def count(presentations: Sequence[Presentation]) -> Counter[str]:
    """Counts `subjects`, `presentations` in all, `train bona fide`, `train attack`, ..., and each species."""
    counts = Counter({"subjects": len({p.subject for p in presentations}), "presentations": len(presentations)})
    for presentation in presentations:
        kind = "bona fide" if presentation.label == BONA_FIDE else "attack"
        counts[f"{presentation.split} {kind}"] += 1
        if presentation.attack_type:
            counts[presentation.attack_type] += 1
    return counts


def count_published(recipe: Recipe) -> Counter[str] | None:
    """The same keys with the numbers that the recipe quotes; None if it quotes none."""
    published = recipe.published
    if published is None:
        return None
    total = sum(published.bona_fide.values()) + sum(published.attacks.values())
    counts = Counter({"subjects": published.subjects, "presentations": total, **published.species})
    for split in SPLITS:
        counts[f"{split} bona fide"] = published.bona_fide.get(split, 0)
        counts[f"{split} attack"] = published.attacks.get(split, 0)
    return counts


def count_keys(recipe: Recipe) -> list[str]:
    """The keys of a dataset's counts, in the order in which they are shown."""
    by_split = [f"{split} {kind}" for split in SPLITS for kind in ("bona fide", "attack")]
    return ["subjects", "presentations", *by_split, *recipe.attacks]
