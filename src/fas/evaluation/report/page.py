"""Puts the page together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
import numpy as np
import yaml
from markupsafe import Markup
from numpy.typing import NDArray

from fas.evaluation.evaluate import Evaluation
from fas.evaluation.report import charts, formatting
from fas.evaluation.report.calibration import calibration, reliability_chart
from fas.evaluation.report.conditions import by_condition
from fas.evaluation.report.features import feature_charts
from fas.evaluation.report.operating import operating_rows
from fas.evaluation.report.overlay import has_overlay, map_overlay, overlay_key
from fas.evaluation.report.pictures import Example, Pictures, data_uri
from fas.evaluation.report.protocol import protocol_facts
from fas.evaluation.report.rates import by_attribute, by_species, overall, range_bar
from fas.evaluation.scores.datasets import Datasets
from fas.evaluation.scores.table import ScoreTable
from fas.runs.content import RunContent


@dataclass(frozen=True)
class RunReport:
    """What the report shows of one run.

    Attributes:
        files: The run's files.
        table: Its scores.
        evaluation: The evaluation of the scores.
        pictures: Faces, features, and facts on presentations.
    """

    files: RunContent
    table: ScoreTable
    evaluation: Evaluation
    pictures: Pictures = field(default_factory=Pictures)

    @property
    def title(self) -> str:
        """The experiment and the folder's name."""
        folder = self.files.path.resolve().name
        named = (self.evaluation.provenance or {}).get("experiment")
        return f"{named}: {folder}" if named else folder


def render_report(runs: Sequence[RunReport]) -> str:
    """The report as HTML: a summary over the runs if there are several, then everything about each.

    Args:
        runs: At least one.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fas.evaluation.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "percent": formatting.percent,
        "picture": data_uri,
        "range_bar": range_bar,
        "overlays": _overlays,
        "overlay_keys": _overlay_keys,
    }
    marks = {run.evaluation.simulated for run in runs}
    return environment.get_template("report.html").render(
        title=runs[0].title if len(runs) == 1 else f"{len(runs)} runs",
        simulated=True in marks,
        unknown=None in marks,
        confidence=formatting.CONFIDENCE_TEXT,
        runs=[_shown(run) for run in runs],
        comparison=None if len(runs) == 1 else _trusted(_comparison(runs)),
    )


def _shown(run: RunReport) -> dict[str, Any]:
    """What the templates read of a run."""
    evaluation, pictures = run.evaluation, run.pictures
    protocol = protocol_facts(run.files, evaluation)
    calibrated = calibration(evaluation)
    features = [] if pictures.features is None else feature_charts(pictures.features)
    drawn = {
        "histograms": charts.score_histograms(evaluation),
        "errors": charts.errors_over_threshold(evaluation),
        "roc": charts.roc(evaluation),
        "det": charts.det(evaluation),
        "reliability": "" if calibrated is None else reliability_chart(calibrated.bins),
    }
    conditions = by_condition(evaluation.presentations, pictures.attributes)
    return {
        "title": run.title,
        "data": None if evaluation.provenance is None else Datasets.of_provenance(evaluation.provenance),
        "evaluation": evaluation,
        "counts": evaluation.counts,
        "verdict": formatting.verdict(evaluation),
        "overall": overall(evaluation),
        "about_intervals": formatting.about_intervals(evaluation),
        "operating": operating_rows(evaluation, run.table),
        "charts": {name: _trusted(svg) for name, svg in drawn.items()},
        "species": by_species(evaluation),
        "conditions": [
            by_attribute(evaluation, name, values, protocol.meanings.get(name, {}))
            for name, values in conditions.items()
        ],
        "calibration": calibrated,
        "pictures": pictures,
        "features": [(name, _trusted(chart)) for name, chart in features],
        "training": [(name, _trusted(svg)) for name, svg in charts.training_curves(run.files.curves)],
        "protocol": protocol,
        "provenance": _lines(evaluation.provenance),
        "config": run.files.config,
        "environment": _lines(run.files.environment),
    }


def _comparison(runs: Sequence[RunReport]) -> str:
    return charts.det_of_runs([(f"{place}. {run.title}", run.evaluation) for place, run in enumerate(runs, start=1)])


def _overlays(example: Example) -> list[tuple[str, NDArray[np.uint8]]]:
    """Layer and overlay of each predicted map."""
    return [
        (layer, map_overlay(layer, example.crop, values))
        for layer, values in example.predicted.items()
        if has_overlay(layer)
    ]


def _overlay_keys(example: Example) -> list[str]:
    """What the colours of the overlays mean."""
    return [overlay_key(layer) for layer in example.predicted if has_overlay(layer)]


def _trusted(markup: str) -> Markup:
    # Made by our own code, which escapes every text in it.
    return Markup(markup)  # noqa: S704


def _lines(content: Mapping[str, Any] | None) -> str | None:
    if content is None:
        return None
    return yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True)
