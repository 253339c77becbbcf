"""The stages of an experiment: a sequence of fits, each from the best checkpoint of the previous one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fas.errors import FasError
from fas.methods import method_class
from fas.methods.fitted import FittedMethod
from fas.training.arguments import check_arguments
from fas.training.experiment import Experiment, Monitor

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_HALF = ("16-true", "bf16-true")
"""Precisions of Lightning in which everything is rounded, not only what autocast chooses."""


def _stage_sections(
    *,
    model: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    augment: dict[str, Any] | None = None,
    trainer: dict[str, Any] | None = None,
    monitor: Monitor | None = None,
) -> dict[str, Any]:
    """The sections that a stage may override, with their types."""
    sections = {"model": model, "data": data, "augment": augment, "trainer": trainer, "monitor": monitor}
    return {name: content for name, content in sections.items() if content is not None}


def stage_experiments(experiment: Experiment) -> dict[str, Experiment]:
    """The config of each stage, in order; one with an empty name for an experiment without stages.

    A stage overrides single keys of the experiment's sections. If it names another method (a part of the last
    stage's, for example), it inherits the experiment's hyper-parameters that its method also has, so that
    `model.scale=2.2` reaches all stages.

    Raises:
        FasError: A stage's name, section or method is wrong, or a key that it does not know; a method lacks the stage
            that it follows; or a method that is fitted would be rounded to half precision.
    """
    check_model(experiment.model, "model")
    stages = {name: _stage(experiment, name, changes) for name, changes in experiment.stages.items()}
    stages = stages or {"": experiment}
    before = ""
    for stage in stages.values():
        method = str(stage.model["name"])
        kind = method_class(method)
        precision = stage.trainer.get("precision")
        if issubclass(kind, FittedMethod) and precision in _HALF:
            raise FasError(
                f"trainer.precision={precision} would round the images and the arrays of {method}, which is fitted",
                remedy="give trainer.precision=32-true or a mixed one",
            )
        wanted = kind.follows
        if wanted and wanted != before:
            folder, _, part = wanted.partition("/")
            raise FasError(
                f"method {method!r} starts from a trained {wanted!r}, but the stage before it does not train one",
                remedy=f"start from an experiment that has both stages, such as --exp {folder}, or add the stage: "
                f"stages: {{{part}: {{model: {{name: {wanted}}}}}, ...}}",
            )
        before = method
    return stages


def check_model(model: Mapping[str, Any], section: str) -> dict[str, Any]:
    """The checked keyword arguments of a section that names a method.

    Raises:
        FasError: The method or a hyper-parameter is unknown, or a value does not fit.
    """
    settings = dict(model)
    return check_arguments(method_class(str(settings.pop("name", None))), settings, section)


def _stage(experiment: Experiment, name: str, changes: Mapping[str, Any]) -> Experiment:
    section = f"stages.{name}"
    if not _NAME.fullmatch(name):
        raise FasError(f"{name!r} cannot be the name of a stage", remedy="use lower-case letters, digits and _")
    # A stage without changes is written `svm: {}` or left empty.
    changed = _stage_sections(**check_arguments(_stage_sections, changes or {}, section))
    own = dict(changed.get("model", {}))
    shared = dict(experiment.model)
    if own.get("name", shared.get("name")) != shared.get("name"):
        known = inspect.signature(method_class(str(own["name"]))).parameters
        shared = {key: value for key, value in shared.items() if key in known}
    model = {**shared, **own}
    check_model(model, f"{section}.model")
    return replace(
        experiment,
        model=model,
        data={**experiment.data, **changed.get("data", {})},
        augment={**experiment.augment, **changed.get("augment", {})},
        trainer={**experiment.trainer, **changed.get("trainer", {})},
        monitor=changed.get("monitor", experiment.monitor),
        stages={},
    )
