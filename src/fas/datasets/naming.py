"""From a path to a presentation, by the grammar and the selections of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from posixpath import splitext

from fas.datasets.presentation import ATTACK, BONA_FIDE, Presentation
from fas.datasets.recipe import Recipe, Selection
from fas.errors import FasError


def satisfies(facts: Mapping[str, str], selection: Selection) -> bool:
    """Whether every field that the selection names has one of its listed values."""
    return all(facts.get(name) in values for name, values in selection.items())


def facts(presentation: Presentation) -> dict[str, str]:
    """What a protocol may select by: the fields of the name, and the split as distributed."""
    return {**presentation.attributes, "subject": presentation.subject, "split": presentation.split}


def parse_presentation(recipe: Recipe, path: str) -> Presentation | None:
    """Reads a media file's path.

    Args:
        recipe: The dataset.
        path: Relative to the root, POSIX separators.

    Returns:
        The presentation, or None if the path does not match the recipe's grammar.

    Raises:
        FasError: The path matches, but fits no label or split of the recipe, or more than one; or it gives a
            `video_id` that would leave the folder it is used in.
    """
    match = recipe.grammar.fullmatch(path)
    if match is None:
        return None
    fields = {name: value for name, value in match.groupdict().items() if value is not None}
    attack_type = _only(path, "label", {"": recipe.bona_fide, **recipe.attacks}.items(), fields)
    split = _only(path, "split", recipe.splits.items(), fields)
    video_id = recipe.video_id.format_map(fields)
    if not is_safe(video_id):
        raise FasError(f"the recipe of {recipe.name!r} makes the unusable id {video_id!r} of a name", path=path)
    subject = fields.pop("subject")
    return Presentation(
        video_id=video_id,
        path=path,
        subject=subject,
        split=split,
        label=ATTACK if attack_type else BONA_FIDE,
        attack_type=attack_type,
        attributes=fields,
    )


def eye_file(recipe: Recipe, presentation: Presentation) -> str | None:
    """The path of a presentation's bundled eye positions, whether or not the file is there; None if there are none."""
    eyes = recipe.annotations.eyes
    return None if eyes is None else splitext(presentation.path)[0] + eyes.suffix


def published_presentations(recipe: Recipe) -> list[Presentation]:
    """Every presentation of the dataset as it was published, from the rules alone; empty if the recipe has none.

    Raises:
        FasError: The recipe's contents do not match its own grammar.
    """
    presentations = []
    for path in _published_paths(recipe):
        presentation = parse_presentation(recipe, path)
        if presentation is None or not is_safe(path):
            raise FasError(f"the recipe of {recipe.name!r} lists {path!r}, which its own grammar does not match")
        presentations.append(presentation)
    return sorted(presentations, key=lambda presentation: presentation.path)


def is_safe(path: str) -> bool:
    """Whether a relative POSIX path is in its plainest form and stays below the folder it is used in."""
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def _published_paths(recipe: Recipe) -> Iterator[str]:
    if recipe.contents is not None:
        for values in recipe.contents.products:
            for combination in product(*values.values()):
                yield recipe.contents.path.format_map(dict(zip(values, combination, strict=True)))


def _only(path: str, what: str, choices: Iterable[tuple[str, Selection]], fields: Mapping[str, str]) -> str:
    fitting = [name for name, selection in choices if satisfies(fields, selection)]
    if len(fitting) != 1:
        found = " and ".join(name or "bona_fide" for name in fitting) or "none"
        raise FasError(
            f"a name must fit exactly one {what} of the recipe, but this one fits {found}",
            path=path,
            remedy="mend the selections of the recipe so that every name of its grammar fits one",
        )
    return fitting[0]
