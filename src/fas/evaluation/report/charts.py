"""The charts of a report, from an evaluation and the log of training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report.plot import ATTACK_COLOURS, BONA_FIDE_COLOUR, DASHES, SHAPES, WIDTH, Plot, legend
from fas.labels import BONA_FIDE, SPLITS
from fas.metrics import ErrorCurve, species_of

_BINS = 40
_SQUARE = 300  # height of a chart whose axes are of one kind
_ROW = 50  # height of one histogram with its name
_LEAST = 1.5  # height of the smallest bar: a single error must be seen


class Style(NamedTuple):
    """How a group of presentations is drawn in every chart: its colour, its line's dash and its mark's shape."""

    colour: str
    dash: str
    shape: str


BONA_FIDE_STYLE = Style(BONA_FIDE_COLOUR, DASHES[0], SHAPES[0])


def species_style(species: Iterable[str]) -> dict[str, Style]:
    """The style of each coarse species; the palette repeats after six."""
    return {
        name: Style(
            ATTACK_COLOURS[place % len(ATTACK_COLOURS)],
            DASHES[(place + 1) % len(DASHES)],
            SHAPES[(place + 1) % len(SHAPES)],
        )
        for place, name in enumerate(sorted(set(species)))
    }


def score_histograms(evaluation: Evaluation) -> str:
    """Scores of bona fide and every fine species below each other, with the threshold; errors are darker."""
    presentations, threshold = evaluation.presentations, evaluation.threshold.value
    groups = {"bona fide": presentations.score[presentations.label == BONA_FIDE]}
    attacks = presentations.where(presentations.label != BONA_FIDE)
    fine = np.array(species_of(attacks.attack_type.tolist(), "fine"))
    groups |= {name: attacks.score[fine == name] for name in evaluation.fine.attacks}

    low, high = _range(presentations.score, threshold)
    height = Plot.top + Plot.bottom + _ROW * len(groups)
    plot = Plot("Histograms of the scores by species, with the threshold", height, (low, high), (0, len(groups)))
    plot.axes("score (high = bona fide)", None)
    edges = np.linspace(low, high, _BINS + 1)
    style = species_style(species_of(evaluation.fine.attacks, "coarse"))
    names = []
    for place, (name, scores) in enumerate(groups.items()):
        is_bona_fide = place == 0
        colour = BONA_FIDE_COLOUR if is_bona_fide else style[species_of([name], "coarse")[0]].colour
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
    presentations, threshold = evaluation.presentations, evaluation.threshold.value
    low, high = _range(presentations.score, threshold)
    plot = Plot("BPCER and APCER by species over the threshold", 270, (low, high), (0, 1))
    plot.axes("threshold", "error rate", percent_y=True)
    grid = np.linspace(low, high, 400)
    bona_fide = np.sort(presentations.score[presentations.label == BONA_FIDE])
    plot.curve(grid, np.searchsorted(bona_fide, grid) / bona_fide.size, BONA_FIDE_COLOUR)
    entries = [("BPCER", BONA_FIDE_COLOUR, "none")]
    for name, scores, style in _attacks(evaluation):
        scores = np.sort(scores)
        plot.curve(grid, 1 - np.searchsorted(scores, grid) / scores.size, style.colour, style.dash)
        entries.append((f"APCER {name}", style.colour, style.dash))
    position = plot.x(threshold)
    plot.line(position, Plot.top, position, 270 - Plot.bottom, "threshold")
    return plot.svg() + legend(entries)


def roc(evaluation: Evaluation) -> str:
    """Bona fide accepted over attacks accepted, for each species and pooled; marks are at the threshold."""
    plot = Plot("ROC curves by species", _SQUARE, (0, 1), (0, 1))
    plot.axes("attacks accepted (APCER)", "bona fide accepted (1 - BPCER)", percent_x=True, percent_y=True)
    bona_fide = _bona_fide(evaluation)
    entries = []
    for name, scores, style in [_pooled(evaluation), *_attacks(evaluation)]:
        curve = ErrorCurve.from_scores(scores, bona_fide)
        plot.curve(curve.far, 1 - curve.frr, style.colour, style.dash)
        entries.append((name, style.colour, style.dash))
    for scores, style in _marked(evaluation):
        plot.mark(_accepted(scores, evaluation), 1 - evaluation.rates.bpcer, style.colour, style.shape)
    return plot.svg() + legend(entries)


def det(evaluation: Evaluation) -> str:
    """BPCER over APCER for each species and pooled, on axes of normal deviates; marks are at the threshold.

    Source: Martin et al., The DET curve in assessment of detection task performance, Eurospeech 1997: scores of two
    normal distributions give a straight line. A rate of 0 has no deviate and is drawn on the border.
    """
    bona_fide = _bona_fide(evaluation)
    curves = [
        (name, ErrorCurve.from_scores(scores, bona_fide), style)
        for name, scores, style in [_pooled(evaluation), *_attacks(evaluation)]
    ]
    bpcer = evaluation.rates.bpcer
    marks = [(_accepted(scores, evaluation), bpcer, style) for scores, style in _marked(evaluation)]
    return _det("DET curves by species", curves, marks)


def det_of_runs(runs: Sequence[tuple[str, Evaluation]]) -> str:
    """The DET curve of each run with its name, attacks pooled; marks are at each run's threshold."""
    styles = species_style(f"{place:03}" for place in range(len(runs))).values()
    curves, marks = [], []
    for (name, evaluation), style in zip(runs, styles, strict=True):
        curves.append((name, ErrorCurve.from_scores(_pooled(evaluation)[1], _bona_fide(evaluation)), style))
        marks.append((evaluation.rates.apcer_pooled, evaluation.rates.bpcer, style))
    return _det("DET curves of the runs", curves, marks)


def _det(
    title: str, curves: Sequence[tuple[str, ErrorCurve, Style]], marks: Sequence[tuple[float, float, Style]]
) -> str:
    """Draws curves and marks `(APCER, BPCER, style)`; the axes hold every mark and every curve's EER."""
    shown = [*(curve.eer() for _, curve, _ in curves), *(rate for mark in marks for rate in mark[:2])]
    most = max(max(curve.false_accepts[0], curve.false_rejects[-1]) for _, curve, _ in curves)
    ends = _det_range(max(shown), int(most))
    plot = Plot(title, _SQUARE, ends, ends, x_scale="normal", y_scale="normal")
    plot.axes("attacks accepted (APCER)", "bona fide rejected (BPCER)", percent_x=True, percent_y=True)
    for _, curve, style in curves:
        inside = np.maximum(curve.far, curve.frr) <= ends[1]
        # One point beyond each end, which sits at the border, so that the line reaches it.
        inside = np.convolve(inside, [1, 1, 1])[1:-1] > 0
        plot.curve(curve.far[inside], curve.frr[inside], style.colour, style.dash)
    for apcer, bpcer, style in marks:
        plot.mark(apcer, bpcer, style.colour, style.shape)
    return plot.svg() + legend([(name, style.colour, style.dash) for name, _, style in curves])


def _det_range(highest: float, presentations: int) -> tuple[float, float]:
    """From below the smallest share that so many presentations can show, to above the points that must be seen."""
    low = next((low for low in (0.05, 0.02, 0.01, 0.005, 0.002) if low * presentations <= 1), 0.001)
    return low, next((high for high in (0.4, 0.6, 0.9, 0.99) if highest <= 0.9 * high), 0.999)


def _accepted(scores: NDArray[np.float64], evaluation: Evaluation) -> float:
    return np.count_nonzero(scores >= evaluation.threshold.value) / scores.size


def training_curves(curves: Mapping[str, Sequence[tuple[float, float]]]) -> list[tuple[str, str]]:
    """One chart per logged metric: its name and the SVG with its legend.

    Args:
        curves: `[STAGE/][SPLIT/]METRIC` -> its (step, value) pairs, at least one; steps continue from stage to stage.
            `cnn/train/loss` and `lstm/dev/loss` are the lines `cnn train` and `lstm dev` of the chart `loss`.
    """
    metrics: dict[str, dict[str, Sequence[tuple[float, float]]]] = {}
    starts: dict[str, float] = {}
    for name, points in curves.items():
        origin, _, metric = name.rpartition("/")
        metrics.setdefault(metric, {})[origin.replace("/", " ")] = points
        stage = origin.partition("/")[0]
        if stage and stage not in SPLITS:
            starts[stage] = min(starts.get(stage, math.inf), points[0][0])
    names = sorted(metrics, key=lambda metric: (metric != "loss", metric))
    return [(metric, _training_curve(metric, metrics[metric], starts)) for metric in names]


def _training_curve(
    metric: str, lines: Mapping[str, Sequence[tuple[float, float]]], starts: Mapping[str, float]
) -> str:
    """The lines of a metric by their names, with the first step of every stage that they show."""
    points = np.array([point for line in lines.values() for point in line])
    low, high = float(points[:, 1].min()), float(points[:, 1].max())
    log = low > 0 and high / low > 100
    steps = (float(points[:, 0].min()), float(points[:, 0].max()))
    bounds = (min(low, 0.0), high if high > min(low, 0.0) else 1.0)
    if log:
        bounds = (10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
    plot = Plot(f"{metric} over training steps", 210, steps, bounds, y_scale="log" if log else "linear")
    plot.axes("step", "")
    for stage, start in starts.items():
        if steps[0] <= start <= steps[1]:
            plot.line(plot.x(start), Plot.top, plot.x(start), 210 - Plot.bottom, "axis")
            # A name at the right end would be cut off there.
            place = plot.x(start)
            right = place < WIDTH - 80
            plot.text(place + (3 if right else -3), Plot.top + 9, stage, "tick" if right else "tick end")
    entries = []
    colours = (BONA_FIDE_COLOUR, *ATTACK_COLOURS)
    for place, (name, line) in enumerate(lines.items()):
        colour, dash = colours[place % len(colours)], DASHES[place % len(DASHES)]
        x, y = zip(*line, strict=True)
        plot.curve(x, y, colour, dash)
        if len(x) == 1:
            plot.mark(x[0], y[0], colour)
        entries.append((name or metric, colour, dash))
    return plot.svg() + legend(entries)


_Group = tuple[str, NDArray[np.float64], Style]
"""Name, scores and style of some attacks."""


def _attacks(evaluation: Evaluation) -> Iterator[_Group]:
    """Each coarse species."""
    attacks = evaluation.presentations.where(evaluation.presentations.label != BONA_FIDE)
    coarse = np.array(species_of(attacks.attack_type.tolist(), "coarse"))
    for name, style in species_style(coarse.tolist()).items():
        yield name, attacks.score[coarse == name], style


def _pooled(evaluation: Evaluation) -> _Group:
    presentations = evaluation.presentations
    return (
        "all attacks pooled",
        presentations.score[presentations.label != BONA_FIDE],
        Style("#8C8C8C", "none", SHAPES[0]),
    )


def _marked(evaluation: Evaluation) -> Iterator[tuple[NDArray[np.float64], Style]]:
    """The groups whose operating point is marked: each species, below the pooled one in black."""
    yield from ((scores, style) for _, scores, style in _attacks(evaluation))
    _, scores, style = _pooled(evaluation)
    yield scores, style._replace(colour="#000000")


def _bona_fide(evaluation: Evaluation) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = evaluation.presentations.score[evaluation.presentations.label == BONA_FIDE]
    return scores


def _range(scores: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    """The axis of scores: [0, 1] where they are such, else what is finite, the threshold included."""
    values = np.append(scores, threshold)
    values = values[np.isfinite(values)]
    if values.size == 0 or (values.min() >= 0 and values.max() <= 1):
        return 0.0, 1.0
    return float(values.min()), float(values.max())
