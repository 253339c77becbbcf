"""Composes an experiment's config with Hydra; every mistake in a name or key becomes one message with the choices."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from fas.errors import FasError
from fas.resources import resource_dir
from fas.runs.run import Run
from fas.training.experiment import Experiment


def known_experiments() -> list[str]:
    """The names of the experiments that `--exp` takes, sorted; those in subfolders with their folder."""
    root = resource_dir("experiments")
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))


def compose_experiment(experiment: str, overrides: Sequence[str] = ()) -> Experiment:
    """Composes an experiment.

    Args:
        experiment: A name of `known_experiments`, or the path of a user's own YAML file, which may build on ours
            (`defaults: [/fit, ...]` or `defaults: [basn, _self_]`).
        overrides: `key=value` in Hydra's grammar, such as `data.fold=2` or `model=basn`.

    Returns:
        The experiment, named as given, or by the file's stem.

    Raises:
        FasError: The experiment, a key or a group's choice is unknown, a value is missing, or the YAML is broken.
    """
    if experiment in known_experiments():
        folder, name = resource_dir("experiments"), experiment
    else:
        file = Path(experiment).resolve()
        if file.suffix not in (".yaml", ".yml") or not file.is_file():
            raise FasError(
                f"there is no experiment {experiment!r}",
                remedy=_suggest(experiment, known_experiments()) + ", or give the path of a YAML file",
            )
        folder, name = file.parent, file.name
    config = _compose(folder, name, overrides)
    return Experiment.from_config({**config, "experiment": Path(name).with_suffix("").as_posix()})


def compose_run(run: Path, overrides: Sequence[str] = ()) -> Experiment:
    """The config of a run, with overrides.

    Args:
        run: A run's folder, which has `config.yaml`.
        overrides: As for `compose_experiment`; a group's choice replaces that part of the run's config, say
            `data=oulu` to test on another dataset.

    Raises:
        FasError: As for `compose_experiment`, or there is no config.
    """
    if not Run(run).config.is_file():
        raise FasError("this is no run's folder: it has no config.yaml", path=run, remedy="give a folder that fit made")
    groups = {folder.name for folder in resource_dir("conf").iterdir() if folder.is_dir()}
    # The stored config has no defaults list to override, so a group's choice is added on top of it.
    added = [f"+{one}" if one.partition("=")[0] in groups else one for one in overrides]
    return Experiment.from_config(_compose(run, Run(run).config.name, added))


def _compose(folder: Path, name: str, overrides: Sequence[str]) -> dict[str, Any]:
    places = ", ".join(f'"file://{resource_dir(each)}"' for each in ("conf", "experiments"))
    try:
        with initialize_config_dir(config_dir=str(folder.resolve()), version_base="1.3"):
            composed = compose(name, overrides=[f"hydra.searchpath=[{places}]", *overrides])
        config = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:  # Hydra has plain ones too
        raise _explain(error, folder, name, overrides) from error
    if not isinstance(config, dict):
        raise FasError("the config is not a mapping of keys to values", path=folder / name)
    return {str(key): value for key, value in config.items()}


def _explain(error: Exception, folder: Path, name: str, overrides: Sequence[str]) -> FasError:
    """Hydra's error in our words."""
    text = str(error).partition("\nSee https://")[0]
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        where = folder / name if mark is None else f"{mark.name}, line {mark.line + 1}"
        return FasError(f"the YAML is broken: {error.problem}", path=where, remedy="mend the file")
    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        choices = list(error.options or [])
        return FasError(
            f"there is no {group or 'config'} {choice!r}",
            remedy=_suggest(choice, choices) if choices else "check the defaults list of the experiment",
        )
    if isinstance(error, OverrideParseException):
        return FasError(
            f"the override {error.override!r} cannot be read",
            remedy="write key=value; quote a value that has one of = , [ ] { } ~ in it: \"run_dir='/data/a=b'\"",
        )
    unknown = re.search(r"Could not override '([^']+)'|'([^']+)' does not exist|Key '([^']+)' is not in struct", text)
    if unknown and overrides:
        key = next(filter(None, unknown.groups()))
        return FasError(f"there is no key {key!r} to override", remedy=_known_keys(key, folder, name))
    if isinstance(error, MissingMandatoryValue):
        return FasError(f"a value is missing: {text.splitlines()[0]}", remedy="give it as key=value")
    return FasError(f"the config cannot be composed: {text}", remedy=f"check {folder / name} and the overrides")


def _known_keys(key: str, folder: Path, name: str) -> str:
    """A remedy that names the keys beside and like the unknown one, from the config without overrides."""
    try:
        paths = _paths(_compose(folder, name, ()))
    except FasError:  # it needs overrides of its own
        return "check its spelling"
    beside = [path for path in paths if path.rpartition(".")[0] == key.rpartition(".")[0]]
    return _suggest(key, beside or [path for path in paths if "." not in path], paths)


def _paths(node: Any, prefix: str = "") -> list[str]:
    if not isinstance(node, dict):
        return []
    found = []
    for key, value in node.items():
        found += [f"{prefix}{key}", *_paths(value, f"{prefix}{key}.")]
    return found


def _suggest(word: str, choices: Sequence[str], similar_among: Sequence[str] | None = None) -> str:
    close = difflib.get_close_matches(word, similar_among or choices, n=3)
    return (f"did you mean {' or '.join(close)}? " if close else "") + f"choices: {', '.join(choices)}"
