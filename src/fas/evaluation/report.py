"""One HTML file about a run: no network, no script, readable on a phone and in print."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from fas.evaluation import charts
from fas.evaluation.conditions import by_condition
from fas.evaluation.evaluate import CONFIDENCE, Evaluation
from fas.evaluation.pictures import Pictures, data_uri
from fas.evaluation.run import RunFiles
from fas.metrics import ErrorRates, Rate, error_rates, species_of


def render_report(run: RunFiles, evaluation: Evaluation, pictures: Pictures) -> str:
    """The report as HTML.

    Args:
        run: The run's files.
        evaluation: The evaluation of its scores.
        pictures: Faces, and facts on presentations.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fas.evaluation"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"percent": percent, "cells": _cells, "picture": data_uri, "range_bar": _range_bar}
    return environment.get_template("report.html").render(
        title=_title(run, evaluation),
        run=run,
        evaluation=evaluation,
        counts=evaluation.counts,
        verdict=verdict(evaluation),
        confidence=f"{CONFIDENCE:.0%}".replace("%", " %"),
        range_limit=_range_limit(evaluation),
        charts={name: _trusted(draw(evaluation)) for name, draw in _CHARTS.items()},
        training=[(name, _trusted(svg)) for name, svg in charts.training_curves(run.curves)],
        species_levels=_species_levels(evaluation),
        coarse_species=sorted(set(species_of(evaluation.fine.attacks, "coarse"))),
        conditions=by_condition(evaluation, pictures.attributes),
        pictures=pictures,
        provenance=_lines(evaluation.provenance),
        environment=_lines(run.environment),
    )


_CHARTS: dict[str, Callable[[Evaluation], str]] = {
    "histograms": charts.score_histograms,
    "errors": charts.errors_over_threshold,
    "roc": charts.roc,
}


def verdict(evaluation: Evaluation) -> str:
    """What was found, in one sentence without judgement."""
    rates, counts = evaluation.rates, evaluation.counts
    data = {True: "simulated presentations", False: "presentations", None: "presentations of unknown origin"}
    return (
        f"At the threshold {evaluation.threshold.value:.4g} ({evaluation.threshold.rule}), "
        f"{percent(rates.apcer)} of the attacks of the worst species ({rates.worst_species}) pass as bona fide and "
        f"{percent(rates.bpcer)} of the bona fide presentations are rejected, over {counts['presentations']} "
        f"{data[evaluation.simulated]} of {counts['subjects']} subjects."
    )


def percent(value: float) -> str:
    """A share in percent with two decimals; the number and its sign stay on one line."""
    return f"{100 * value:.2f}\N{NO-BREAK SPACE}%"


def _species_levels(evaluation: Evaluation) -> list[ErrorRates]:
    """The coarse species where they group others, and the fine ones."""
    judged = evaluation.judged
    coarse = error_rates(judged.score, judged.label, judged.attack_type, evaluation.threshold.value, "coarse")
    return [evaluation.fine] if coarse.attacks == evaluation.fine.attacks else [coarse, evaluation.fine]


def _title(run: RunFiles, evaluation: Evaluation) -> str:
    named = (evaluation.provenance or {}).get("experiment")
    return f"{named}: {run.path.resolve().name}" if named else run.path.resolve().name


def _cells(rate: Rate) -> dict[str, str]:
    lower, upper = rate.interval(CONFIDENCE)
    return {
        "value": percent(rate.value),
        "interval": f"{100 * lower:.2f} to {percent(upper)}",
        "count": f"{rate.errors} of {rate.total}",
    }


def _range_bar(rate: Rate, limit: float) -> Markup:
    """A bar from 0 to `limit` with the interval and the value."""
    lower, upper = rate.interval(CONFIDENCE)
    start, end, value = (100 * share / limit for share in (lower, upper, rate.value))
    return _trusted(
        '<svg viewBox="-3 0 106 10" class="range" aria-hidden="true"><line x1="0" y1="5" x2="100" y2="5" class="grid"/>'
        f'<line x1="{start:.1f}" y1="5" x2="{end:.1f}" y2="5" class="interval"/>'
        f'<circle cx="{value:.1f}" cy="5" r="2.6"/></svg>'
    )


def _range_limit(evaluation: Evaluation) -> float:
    """The common end of all range bars: the first of a few round shares that holds every interval."""
    rates = [*evaluation.fine.attacks.values(), *evaluation.rates.attacks.values(), evaluation.rates.bona_fide]
    highest = max(rate.interval(CONFIDENCE)[1] for rate in rates)
    return next(limit for limit in (0.05, 0.1, 0.2, 0.5, 1.0) if highest <= limit)


def _trusted(markup: str) -> Markup:
    # Made by our own code, which escapes every text in it.
    return Markup(markup)  # noqa: S704


def _lines(content: Mapping[str, Any] | None) -> str | None:
    if content is None:
        return None
    return yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True)
