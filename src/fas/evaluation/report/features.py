"""Features of a network in the plane, by t-SNE (BASN, figure 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report.charts import BONA_FIDE_STYLE, species_style
from fas.evaluation.report.plot import WIDTH, Plot, mark_legend
from fas.labels import BONA_FIDE
from fas.metrics import species_of

PERPLEXITY = 30.0
"""The usual one; less where there are fewer than three times as many presentations."""

_FEWEST = 8
_BONA_FIDE = "bona fide"
_SQUARE = WIDTH - Plot.left - Plot.right + Plot.top + Plot.bottom


@dataclass(frozen=True)
class Features:
    """Feature vectors of one frame of each of some presentations.

    Attributes:
        kinds: `(n)` of the presentations: `bona fide` or the coarse species.
        vectors: Place in the network -> float32 `(n, D)`.
    """

    kinds: Sequence[str]
    vectors: Mapping[str, NDArray[np.float32]]


def sampled(evaluation: Evaluation, most: int = 300) -> list[str]:
    """The video ids of test presentations whose features are shown: all, or an even share of every kind.

    Args:
        evaluation: The evaluation of the test split.
        most: About how many; every kind keeps at least one.
    """
    presentations = evaluation.presentations
    kinds = np.array(_kinds(evaluation, presentations.video_id.tolist()))
    share = min(1.0, most / len(kinds))
    chosen = []
    for kind in dict.fromkeys(kinds.tolist()):
        ids = presentations.video_id[kinds == kind]
        count = max(1, round(share * len(ids)))
        chosen += ids[np.linspace(0, len(ids) - 1, count).round().astype(int)].tolist()
    return chosen


def features_of(
    evaluation: Evaluation, video_ids: Sequence[str], vectors: Mapping[str, NDArray[np.float32]]
) -> Features:
    """Names the kind of each presentation whose vectors are given in the same order."""
    return Features(_kinds(evaluation, video_ids), vectors)


def feature_charts(features: Features) -> list[tuple[str, str]]:
    """A chart per place in the network: its name, and the SVG with its legend. None with very few presentations."""
    if len(features.kinds) < _FEWEST:
        return []
    return [(name, _scatter(name, embed(vectors), features.kinds)) for name, vectors in features.vectors.items()]


def embed(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """t-SNE in two dimensions, the same each time.

    Source: van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008), by scikit-learn.

    Args:
        vectors: `(n, D)`, finite, n >= 4.

    Returns:
        `(n, 2)`; zeros if all vectors are equal.
    """
    # A second to import, and only reports need it.
    from sklearn.manifold import TSNE

    values = np.asarray(vectors, dtype=np.float64)
    if np.ptp(values, axis=0).max() == 0:
        return np.zeros((len(values), 2))
    start = "pca" if values.shape[1] > 1 else "random"
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    placed: NDArray[np.float64] = TSNE(perplexity=perplexity, init=start, random_state=0, n_jobs=1).fit_transform(
        values
    )
    return placed.astype(np.float64)


def _scatter(name: str, places: NDArray[np.float64], kinds: Sequence[str]) -> str:
    styles = {_BONA_FIDE: BONA_FIDE_STYLE, **species_style(set(kinds) - {_BONA_FIDE})}
    # One scale on both axes, since distances are compared.
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2, 1e-9) * 1.05
    x, y = ((float(centre - half), float(centre + half)) for centre in middle)
    plot = Plot(f"t-SNE of the features {name}", _SQUARE, x, y)
    plot.frame()
    for (across, up), kind in zip(places.tolist(), kinds, strict=True):
        plot.mark(across, up, styles[kind].colour, styles[kind].shape)
    shown = {kind: style for kind, style in styles.items() if kind in kinds}
    return plot.svg() + mark_legend([(kind, style.colour, style.shape) for kind, style in shown.items()])


def _kinds(evaluation: Evaluation, video_ids: Sequence[str]) -> list[str]:
    presentations = evaluation.presentations
    coarse = species_of(presentations.attack_type.tolist(), "coarse")
    kinds = {
        video_id: _BONA_FIDE if label == BONA_FIDE else species
        for video_id, label, species in zip(
            presentations.video_id.tolist(), presentations.label.tolist(), coarse, strict=True
        )
    }
    return [kinds[video_id] for video_id in video_ids]
