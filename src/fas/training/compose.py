"""Composes an experiment's config with Hydra; every mistake in a name or key becomes one message with the choices."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from fas.errors import FasError, FasWarning
from fas.methods.sources import config_folders
from fas.paths import store_root
from fas.resources import resource_dir
from fas.runs.run import Run
from fas.training.experiment import Experiment

_SECTIONS = ("model", "data", "augment", "trainer", "monitor")
"""The sections that a stage may override."""


def known_experiments() -> dict[str, Path]:
    """The experiments that `--exp` accepts: name (with its subfolder) -> file, sorted."""
    roots = [resource_dir("experiments"), *config_folders("experiments")]
    found = {path.relative_to(root).with_suffix("").as_posix(): path for root in roots for path in root.rglob("*.yaml")}
    return dict(sorted(found.items()))


def experiment_summary(path: Path) -> str:
    """What an experiment is for: the first line of the comment at its top."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line[1:].strip() for line in lines if line.startswith("#") and "@package" not in line), "")


def compose_experiment(experiment: str, overrides: Sequence[str] = ()) -> Experiment:
    """Composes an experiment.

    Args:
        experiment: A name of `known_experiments`, or the path of a user's own YAML file, which may build on ours
            (`defaults: [/fit, ...]` or `defaults: [basn, _self_]`).
        overrides: `key=value` in Hydra's grammar, such as `data.fold=2` or `model=basn`. `data=NAME` also accepts a
            dataset that has a store.

    Returns:
        The experiment, named as given, or by the file's stem.

    Raises:
        FasError: The experiment, a key or a group's choice is unknown, a value is missing, the YAML is broken, or every
            stage overrides what was given.

    Warns:
        FasWarning: Some stages override what was given.
    """
    known = known_experiments()
    if experiment in known:
        file, name = known[experiment], experiment
    else:
        file = Path(experiment).resolve()
        if file.suffix not in (".yaml", ".yml") or not file.is_file():
            raise FasError(
                f"there is no experiment {experiment!r}",
                remedy=_suggest(experiment, list(known)) + ", or give the path of a YAML file",
            )
        name = file.name
    folder = file.parents[name.count("/")]
    config = _compose(folder, name, _for_stages(folder, name, _with_stored_data(overrides)))
    composed = Experiment.from_config({**config, "experiment": Path(name).with_suffix("").as_posix()})
    _check_reach(composed, overrides)
    return composed


def compose_run(run: Path, overrides: Sequence[str] = ()) -> Experiment:
    """The config of a run, with overrides.

    Args:
        run: A run's folder, which has `config.yaml`.
        overrides: As for `compose_experiment`; a group's choice replaces that part of the run's config, such as
            `data=oulu` to test on another dataset.

    Raises:
        FasError: As for `compose_experiment`, or there is no config.
    """
    config = Run(run).config
    if not config.is_file():
        raise FasError("not a run: it has no config.yaml", path=run, remedy="give a folder made by `fas fit`")
    groups = {folder.name for folder in resource_dir("conf").iterdir() if folder.is_dir()}
    # The stored config has no defaults list to override, so a group's choice is added on top of it.
    added = [f"+{one}" if one.partition("=")[0] in groups else one for one in _with_stored_data(overrides)]
    added = _for_stages(run, config.name, added)
    composed = Experiment.from_config(_compose(run, config.name, added))
    _check_reach(composed, overrides)
    return composed


def data_choices() -> list[str]:
    """The choices of `data=`: those of `conf/data`, then the datasets that have a store."""
    return list(dict.fromkeys([*_data_files(), *_stored_datasets(store_root())]))


def _stored_datasets(root: Path) -> list[str]:
    from fas.store.find import list_stores  # half a second of imports that most commands do not need

    return sorted({path.parent.name for path in list_stores(root)}) if root.is_dir() else []


def _data_files() -> list[str]:
    return sorted(path.stem for path in (resource_dir("conf") / "data").glob("*.yaml"))


def _with_stored_data(overrides: Sequence[str]) -> list[str]:
    """Turns `data=NAME` of a dataset that has only a store into overrides that Hydra knows."""
    done: list[str] = []
    for override in overrides:
        key, _, name = override.partition("=")
        if key == "data" and re.fullmatch(r"[\w-]+", name) and name not in _data_files():
            where = [one.partition("=")[2].strip("'\"") for one in overrides if one.startswith("data.store=")]
            root = Path(where[-1]) if where else store_root()
            stored = _stored_datasets(root)
            if name not in stored:
                choices = [*_data_files(), *stored]
                raise FasError(
                    f"there is no data {name!r}: neither a file in conf/data nor a store of that dataset in {root}",
                    remedy=_suggest(name, choices),
                )
            done += ["data=default", f"data.dataset={name}"]
        else:
            done.append(override)
    return done


def _for_stages(folder: Path, name: str, overrides: Sequence[str]) -> list[str]:
    """Lets an override change what a stage takes from the experiment, which Hydra does not know as a key of the stage.

    Raises:
        FasError: There is no such stage.
    """
    staged = [one for one in overrides if one.startswith("stages.")]
    if not staged:
        return list(overrides)
    stages = list(_compose(folder, name, [one for one in overrides if one not in staged]).get("stages") or {})
    for one in staged:
        stage = re.split(r"[.=]", one)[1]
        if stage not in stages:
            choices = _suggest(stage, stages) if stages else "the experiment has no stages"
            raise FasError(f"there is no stage {stage!r}", remedy=choices)
    return [f"++{one}" if one in staged else one for one in overrides]


def _check_reach(experiment: Experiment, overrides: Sequence[str]) -> None:
    """An override that the stages override again would silently have no effect in them."""
    for override in overrides:
        key = override.partition("=")[0].lstrip("+~")
        if key.partition(".")[0] not in _SECTIONS or "." not in key:
            continue
        shadowed = [name for name, changes in experiment.stages.items() if _has(changes, key.split("."))]
        if not shadowed:
            continue
        value = override.partition("=")[2]
        instead = " ".join(f"stages.{name}.{key}={value}" for name in shadowed)
        if len(shadowed) == len(experiment.stages):
            raise FasError(f"every stage sets its own {key}", remedy=f"give {instead}")
        message = f"{key} does not reach stage {', '.join(shadowed)}, which sets its own value; for it give {instead}"
        warnings.warn(FasWarning(message), stacklevel=3)


def _has(node: Any, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True


def _compose(folder: Path, name: str, overrides: Sequence[str]) -> dict[str, Any]:
    roots = [resource_dir("conf"), resource_dir("experiments"), *config_folders("conf"), *config_folders("experiments")]
    places = ", ".join(f'"file://{root}"' for root in roots)
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
    """Translates Hydra's error into our words."""
    text = str(error).partition("\nSee https://")[0]
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        where = folder / name if mark is None else f"{mark.name}, line {mark.line + 1}"
        return FasError(f"the YAML is broken: {error.problem}", path=where, remedy="fix the file")
    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        choices = list(error.options or [])
        return FasError(
            f"there is no {group or 'config'} {choice!r}",
            remedy=_suggest(choice, choices) if choices else "check the defaults list of the experiment",
        )
    if isinstance(error, OverrideParseException):
        return FasError(
            f"the override {error.override!r} cannot be parsed",
            remedy="write key=value; quote a value that contains one of = , [ ] { } ~: \"run_dir='/data/a=b'\"",
        )
    unknown = re.search(r"Could not override '([^']+)'|'([^']+)' does not exist|Key '([^']+)' is not in struct", text)
    if unknown and overrides:
        key = next(filter(None, unknown.groups()))
        return FasError(f"there is no key {key!r} to override", remedy=_known_keys(key, folder, name))
    if isinstance(error, MissingMandatoryValue):
        return FasError(f"a value is missing: {text.splitlines()[0]}", remedy="give it as key=value")
    return FasError(f"the config cannot be composed: {text}", remedy=f"check {folder / name} and the overrides")


def _known_keys(key: str, folder: Path, name: str) -> str:
    """A remedy that names the keys next to and like the unknown one, from the config without overrides."""
    try:
        paths = _paths(_compose(folder, name, ()))
    except FasError:  # it does not compose without overrides
        return "check its spelling"
    siblings = [path for path in paths if path.rpartition(".")[0] == key.rpartition(".")[0]]
    return _suggest(key, siblings or [path for path in paths if "." not in path], paths)


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
