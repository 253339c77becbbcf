"""Pictures of evaluated faces: the crop next to its target maps and the predicted ones (BASN, figure 5)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report.features import Features
from fas.evaluation.scores.table import Presentations
from fas.files import atomic_file
from fas.labels import BONA_FIDE


@dataclass(frozen=True)
class Example:
    """One face with its maps.

    Attributes:
        video_id: The presentation.
        frame: The frame's number.
        label: 1 = bona fide, 0 = attack.
        attack_type: Empty for bona fide.
        score: The presentation's score.
        crop: uint8 `(H, W, 3)` RGB.
        target: Layer -> uint8 `(h, w)` or `(h, w, 3)`: what the method was to predict, zeros where the label says so.
        predicted: Layer -> what it predicted, in the same form. A map that is not a stored layer has no target.
    """

    video_id: str
    frame: int
    label: int
    attack_type: str
    score: float
    crop: NDArray[np.uint8]
    target: dict[str, NDArray[np.uint8]]
    predicted: dict[str, NDArray[np.uint8]]

    @property
    def kind(self) -> str:
        """`bona fide`, or the attack's fine species."""
        return "bona fide" if self.label == BONA_FIDE else self.attack_type or "attack"

    @property
    def maps(self) -> list[tuple[str, str, NDArray[np.uint8]]]:
        """Layer, `target` or `predicted`, and picture of every map, target before predicted."""
        kinds = (("target", self.target), ("predicted", self.predicted))
        return [(layer, kind, images[layer]) for layer in self.predicted for kind, images in kinds if layer in images]


@dataclass(frozen=True)
class Pictures:
    """What a report shows of the faces.

    Attributes:
        mistakes: The worst wrong decisions.
        typical: Presentations with scores near the median.
        attributes: video_id -> facts such as `phone`, for the tables by condition.
        features: Feature vectors, if the method shows any.
        missing: Why there are no pictures, if there are none.
    """

    mistakes: Sequence[Example] = ()
    typical: Sequence[Example] = ()
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    features: Features | None = None
    missing: str | None = None


def worst_mistakes(evaluation: Evaluation, most: int = 8) -> list[str]:
    """The video ids of wrong decisions, furthest from the threshold first, at most `most` of each class."""
    presentations, threshold = evaluation.presentations, evaluation.threshold.value
    accepted = presentations.score >= threshold
    wrong = presentations.where(accepted != (presentations.label == BONA_FIDE))
    chosen = []
    for of_class in (wrong.where(wrong.label != BONA_FIDE), wrong.where(wrong.label == BONA_FIDE)):
        order = np.argsort(-np.abs(of_class.score - threshold), kind="stable")[:most]
        chosen += of_class.video_id[order].tolist()
    return chosen


def typical(evaluation: Evaluation, each: int = 2) -> list[str]:
    """The video ids of presentations with scores near the median, `each` of bona fide and of every fine species.

    They are chosen by their scores' rank alone, not by how good the maps look.
    """
    presentations = evaluation.presentations
    groups = [presentations.where(presentations.label == BONA_FIDE)]
    attacks = presentations.where(presentations.label != BONA_FIDE)
    groups += [attacks.where(attacks.attack_type == name) for name in sorted(set(attacks.attack_type.tolist()))]
    return [video_id for group in groups for video_id in _of_middle_rank(group, each)]


def _of_middle_rank(group: Presentations, each: int) -> list[str]:
    order = np.argsort(group.score, kind="stable")
    ranks = (np.arange(each) + 1) * len(order) // (each + 1)
    return [str(group.video_id[order[rank]]) for rank in dict.fromkeys(ranks.tolist())]


def data_uri(image: NDArray[np.uint8], side: int = 160) -> str:
    """A picture for a page: JPEG for a crop, PNG for a map in shades of grey, as a `data:` address.

    Args:
        image: uint8 `(H, W, 3)` RGB or `(H, W)`.
        side: The longer side in pixels, where the image is larger.
    """
    height, width = image.shape[:2]
    if max(height, width) > side:
        size = (max(1, width * side // max(height, width)), max(1, height * side // max(height, width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    kind = "png" if image.ndim == 2 else "jpeg"
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(f".{kind}", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88] if kind == "jpeg" else [])[1]
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def write_figure(path: Path, examples: Sequence[Example], title: str | None = None) -> None:
    """Writes examples as a PNG: a column each, with the crop, and target and predicted maps below it.

    Args:
        path: The PNG file.
        examples: At least one, all with the same layers.
        title: A line above, such as that the data is simulated.

    Raises:
        FasError: The file cannot be written.
    """
    rows = ["face", *(f"{layer}\n{kind}" for layer, kind, _ in examples[0].maps)]
    headings = [f"{example.kind}\n{example.score:.2f}" for example in examples]
    columns = [[example.crop, *(image for _, _, image in example.maps)] for example in examples]
    write_grid(path, rows, headings, columns, title)


def write_grid(
    path: Path,
    rows: Sequence[str],
    headings: Sequence[str],
    columns: Sequence[Sequence[NDArray[np.uint8]]],
    title: str | None = None,
) -> None:
    """Writes columns of pictures as one PNG.

    Args:
        path: The PNG file.
        rows: What each row shows.
        headings: The text above each column.
        columns: Per column one picture per row, uint8 `(h, w)` or `(h, w, 3)` RGB.
        title: A line above.

    Raises:
        FasError: The file cannot be written.
    """
    from matplotlib.figure import Figure

    # Inches: the names of the rows on the left, headings and title above.
    left, above = 0.55, 0.4 + 0.2 * (len(title.splitlines()) if title else 0)
    width, height = 1.25 * len(columns) + left, 1.25 * len(rows) + above
    figure = Figure(figsize=(width, height), dpi=120)
    place = {"left": left / width, "right": 1, "bottom": 0, "top": 1 - above / height, "wspace": 0.03, "hspace": 0.03}
    grid = figure.subplots(len(rows), len(columns), squeeze=False, gridspec_kw=place)
    for column, images in enumerate(columns):
        for row, image in enumerate(images):
            axes = grid[row][column]
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set_xticks([])
            axes.set_yticks([])
            if column == 0:
                axes.set_ylabel(rows[row], fontsize=8)
        grid[0][column].set_title(headings[column], fontsize=7)
    if title:
        figure.suptitle(title, fontsize=9, y=1 - 0.05 / height, va="top")
    with atomic_file(path) as file:
        figure.savefig(file, format="png", bbox_inches="tight", pad_inches=0.05)
