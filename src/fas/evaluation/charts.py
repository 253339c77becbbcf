"""The charts of a report, from an evaluation and the log of training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fas.datasets.presentation import BONA_FIDE
from fas.evaluation.evaluate import Evaluation
from fas.evaluation.plot import ATTACK_COLOURS, BONA_FIDE_COLOUR, DASHES, WIDTH, Plot, legend
from fas.metrics import ErrorCurve, species_of

_BINS = 40
_ROW = 50  # height of one histogram with its name
_LEAST = 1.5  # height of the smallest bar: a single error must be seen


def species_style(species: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and dash of each coarse species; the palette repeats after six."""
    return {
        name: (ATTACK_COLOURS[place % len(ATTACK_COLOURS)], DASHES[(place + 1) % len(DASHES)])
        for place, name in enumerate(sorted(set(species)))
    }


def score_histograms(evaluation: Evaluation) -> str:
    """Scores of bona fide and every fine species below each other, with the threshold; errors are darker."""
    judged, threshold = evaluation.judged, evaluation.threshold.value
    groups = {"bona fide": judged.score[judged.label == BONA_FIDE]}
    attacks = judged.where(judged.label != BONA_FIDE)
    fine = np.array(species_of(attacks.attack_type.tolist(), "fine"))
    groups |= {name: attacks.score[fine == name] for name in evaluation.fine.attacks}

    low, high = _range(judged.score, threshold)
    height = Plot.top + Plot.bottom + _ROW * len(groups)
    plot = Plot("Histograms of the scores by species, with the threshold", height, (low, high), (0, len(groups)))
    plot.axes("score (high = bona fide)", None)
    edges = np.linspace(low, high, _BINS + 1)
    style = species_style(species_of(evaluation.fine.attacks, "coarse"))
    names = []
    for place, (name, scores) in enumerate(groups.items()):
        is_bona_fide = place == 0
        colour = BONA_FIDE_COLOUR if is_bona_fide else style[species_of([name], "coarse")[0]][0]
        floor = Plot.top + _ROW * (place + 1)
        wrong = scores < threshold if is_bona_fide else scores >= threshold
        inside = np.clip(scores, low, high)
        right, errors = (np.histogram(part, edges)[0] for part in (inside[~wrong], inside[wrong]))
        scale = (_ROW - 20) / max((right + errors).max(), 1)
        for index in np.flatnonzero(right + errors):
            left_edge, right_edge = plot.x(edges[index]) + 0.4, plot.x(edges[index + 1]) - 0.4
            split = floor - (max(scale * errors[index], _LEAST) if errors[index] else 0)
            top = split - (max(scale * right[index], _LEAST) if right[index] else 0)
            plot.bar(left_edge, right_edge, floor, split, colour, 1.0)
            plot.bar(left_edge, right_edge, split, top, colour, 0.35)
        plot.line(Plot.left, floor, WIDTH - Plot.right, floor, "axis")
        names.append((floor - _ROW + 15, f"{name}: {np.count_nonzero(wrong)} of {scores.size} wrong"))
    position = plot.x(threshold)
    plot.line(position, Plot.top, position, height - Plot.bottom, "threshold")
    for y, text in names:  # above the threshold's line
        plot.text(Plot.left, y, text, "label")
    return plot.svg()


def errors_over_threshold(evaluation: Evaluation) -> str:
    """BPCER and the APCER of each species at every threshold, with the chosen one."""
    judged, threshold = evaluation.judged, evaluation.threshold.value
    low, high = _range(judged.score, threshold)
    plot = Plot("BPCER and APCER by species over the threshold", 270, (low, high), (0, 1))
    plot.axes("threshold", "error rate", percent_y=True)
    grid = np.linspace(low, high, 400)
    bona_fide = np.sort(judged.score[judged.label == BONA_FIDE])
    plot.curve(grid, np.searchsorted(bona_fide, grid) / bona_fide.size, BONA_FIDE_COLOUR)
    entries = [("BPCER", BONA_FIDE_COLOUR, "none")]
    for name, scores, colour, dash in _attacks(evaluation):
        scores = np.sort(scores)
        plot.curve(grid, 1 - np.searchsorted(scores, grid) / scores.size, colour, dash)
        entries.append((f"APCER {name}", colour, dash))
    position = plot.x(threshold)
    plot.line(position, Plot.top, position, 270 - Plot.bottom, "threshold")
    return plot.svg() + legend(entries)


def roc(evaluation: Evaluation) -> str:
    """Bona fide accepted over attacks accepted, for each species and pooled, with the operating point."""
    judged, rates = evaluation.judged, evaluation.rates
    plot = Plot("ROC curves by species", 270, (0, 1), (0, 1))
    plot.axes("attacks accepted (APCER)", "bona fide accepted (1 - BPCER)", percent_x=True, percent_y=True)
    bona_fide = judged.score[judged.label == BONA_FIDE]
    entries = []
    for name, scores, colour, dash in [_pooled(evaluation), *_attacks(evaluation)]:
        curve = ErrorCurve.from_scores(scores, bona_fide)
        plot.curve(curve.far, 1 - curve.frr, colour, dash)
        entries.append((name, colour, dash))
    plot.dot(rates.apcer_pooled, 1 - rates.bpcer, "#000000")
    return plot.svg() + legend(entries)


def training_curves(curves: Mapping[str, Sequence[tuple[float, float]]]) -> list[tuple[str, str]]:
    """One chart per logged metric (`loss` of `train/loss` and `dev/loss`): its name and the SVG with its legend."""
    metrics: dict[str, dict[str, Sequence[tuple[float, float]]]] = {}
    for name, points in curves.items():
        split, _, metric = name.rpartition("/")
        metrics.setdefault(metric, {})[split] = points
    names = sorted(metrics, key=lambda metric: (metric != "loss", metric))
    return [(metric, _training_curve(metric, metrics[metric])) for metric in names]


def _training_curve(metric: str, splits: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    points = np.array([point for split in splits.values() for point in split])
    low, high = float(points[:, 1].min()), float(points[:, 1].max())
    log = low > 0 and high / low > 100
    steps = (float(points[:, 0].min()), float(points[:, 0].max()))
    bounds = (min(low, 0.0), high if high > min(low, 0.0) else 1.0)
    if log:
        bounds = (10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
    plot = Plot(f"{metric} over training steps", 210, steps, bounds, log=log)
    plot.axes("step", "")
    entries = []
    for split, colour, dash in zip(splits, (BONA_FIDE_COLOUR, *ATTACK_COLOURS), DASHES, strict=False):
        x, y = zip(*splits[split], strict=True)
        plot.curve(x, y, colour, dash)
        if len(x) == 1:
            plot.dot(x[0], y[0], colour)
        entries.append((split or metric, colour, dash))
    return plot.svg() + legend(entries)


def _attacks(evaluation: Evaluation) -> Iterator[tuple[str, NDArray[np.float64], str, str]]:
    """Name, scores, colour and dash of each coarse species."""
    attacks = evaluation.judged.where(evaluation.judged.label != BONA_FIDE)
    coarse = np.array(species_of(attacks.attack_type.tolist(), "coarse"))
    for name, (colour, dash) in species_style(coarse.tolist()).items():
        yield name, attacks.score[coarse == name], colour, dash


def _pooled(evaluation: Evaluation) -> tuple[str, NDArray[np.float64], str, str]:
    judged = evaluation.judged
    return "all attacks pooled", judged.score[judged.label != BONA_FIDE], "#8C8C8C", "none"


def _range(scores: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    """The axis of scores: [0, 1] where they are such, else what is finite, the threshold included."""
    values = np.append(scores, threshold)
    values = values[np.isfinite(values)]
    if values.size == 0 or (values.min() >= 0 and values.max() <= 1):
        return 0.0, 1.0
    return float(values.min()), float(values.max())
