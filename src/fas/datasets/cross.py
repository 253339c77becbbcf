"""Protocols across datasets: small files in `preprocess/cross/`, or a user's own, that combine several datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from fas.datasets.loading import load_recipe, validated
from fas.datasets.naming import facts
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import Splits, check_disjoint, find_protocol, protocol_splits
from fas.datasets.recipe import Recipe
from fas.datasets.recipe_parts import STRICT
from fas.datasets.selection import Selection, describe, satisfies
from fas.errors import FasError
from fas.labels import SPLITS, Split
from fas.resources import resource_dir


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Part:
    """What one dataset contributes to a split.

    Attributes:
        dataset: A name of `fas datasets`, or a recipe or manifest file relative to the protocol's file.
        of: Which of its presentations, by fields, `split`, `label` and `attack_type`.
        protocol: Instead of `of`: a protocol of the dataset, of which one split is used.
        fold: The protocol's fold.
        split: The protocol's split.
    """

    dataset: str
    of: Selection = ({},)
    protocol: str | None = None
    fold: int | None = None
    split: Split | None = None

    def __str__(self) -> str:
        if self.protocol is not None:
            fold = "" if self.fold is None else f", fold {self.fold}"
            return f"{self.dataset}, protocol {self.protocol}{fold}: {self.split}"
        return self.dataset if self.of == ({},) else f"{self.dataset} ({describe(self.of)})"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CrossProtocol:
    """A partition of several datasets.

    Attributes:
        name: Its name on the command line.
        title: Its name in print.
        about: What it measures, and by which convention in the literature.
        source: Where the convention comes from.
        train: What it trains on.
        dev: What the threshold is chosen on; empty if the literature uses the test set's own EER.
        test: What is reported.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    title: str
    about: str
    source: str = ""
    train: tuple[Part, ...]
    dev: tuple[Part, ...] = ()
    test: tuple[Part, ...]

    def parts(self) -> Iterator[tuple[Split, Part]]:
        """Each part with its split."""
        for split in SPLITS:
            for part in getattr(self, split):
                yield split, part

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """Each dataset, as the parts write it -> its recipe; read once.

        Raises:
            FasError: There is no such dataset, or its recipe has mistakes.
        """
        return {dataset: load_recipe(dataset) for dataset in self.datasets}

    @property
    def datasets(self) -> list[str]:
        """The datasets that it uses, in order of use."""
        return list(dict.fromkeys(part.dataset for _, part in self.parts()))


def known_cross_protocols() -> list[str]:
    """The names of the cross-dataset protocols that come with fas."""
    folder = resource_dir("preprocess") / "cross"
    return sorted(path.stem for path in folder.glob("*.yaml"))


def is_cross_protocol(name_or_path: str | Path) -> bool:
    """Whether a name or file denotes a cross-dataset protocol rather than a dataset."""
    if str(name_or_path) in known_cross_protocols():
        return True
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        return False
    return any(line.startswith("train:") for line in path.read_text("utf-8", errors="replace").splitlines())


def load_cross_protocol(name_or_path: str | Path) -> CrossProtocol:
    """Reads and checks a cross-dataset protocol.

    Raises:
        FasError: The file cannot be read or has mistakes; each is named by its key.
    """
    known = str(name_or_path) in known_cross_protocols()
    path = resource_dir("preprocess") / "cross" / f"{name_or_path}.yaml" if known else Path(name_or_path)
    cross = validated(CrossProtocol, path, _inconsistencies)

    def located(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        own = {".yaml", ".yml", ".csv"}
        return tuple(
            replace(part, dataset=str(path.parent / part.dataset)) if Path(part.dataset).suffix in own else part
            for part in parts
        )

    return replace(cross, train=located(cross.train), dev=located(cross.dev), test=located(cross.test))


def _inconsistencies(cross: CrossProtocol) -> Iterator[tuple[str, str]]:
    for split, part in cross.parts():
        if (part.protocol is None) != (part.split is None):
            yield split, f"{part.dataset}: protocol and split go together"
        if part.protocol is not None and part.of != ({},):
            yield split, f"{part.dataset}: give either of, or protocol and split"
        if part.fold is not None and part.protocol is None:
            yield split, f"{part.dataset}: a fold needs a protocol"


def cross_splits(cross: CrossProtocol, presentations: Mapping[str, Sequence[Presentation]]) -> Splits:
    """Divides presentations of several datasets.

    Args:
        cross: The protocol.
        presentations: Name of a dataset -> its presentations.

    Returns:
        `train`, `dev` and `test`. `video_id` and `subject` are prefixed with the dataset's name and `/`; `path` stays
        relative to the dataset's own root.

    Raises:
        FasError: A dataset has no such protocol or fold, a presentation is taken twice, or is in two splits.
    """
    splits: Splits = {split: [] for split in SPLITS}
    for split, part in cross.parts():
        recipe = cross.recipes[part.dataset]
        for one in _taken(part, recipe, presentations[recipe.name]):
            splits[split].append(
                replace(one, video_id=f"{recipe.name}/{one.video_id}", subject=f"{recipe.name}/{one.subject}")
            )
    for split, taken in splits.items():
        if len({one.video_id for one in taken}) < len(taken):
            raise FasError(f"protocol {cross.name} puts a presentation into {split} twice", remedy="fix its parts")
    check_disjoint(f"protocol {cross.name}", splits)
    return splits


def _taken(part: Part, recipe: Recipe, presentations: Sequence[Presentation]) -> list[Presentation]:
    if part.protocol is None or part.split is None:
        return [one for one in presentations if satisfies(facts(one), part.of)]
    find_protocol(recipe, part.protocol, part.fold)
    return protocol_splits(recipe, presentations, part.protocol, part.fold)[part.split]
