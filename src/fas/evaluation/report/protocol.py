"""Where the data and its partition come from: the provenance of the scores, and what the dataset's recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from fas.datasets.cross import known_cross_protocols, load_cross_protocol
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.recipe import Recipe
from fas.errors import FasError
from fas.evaluation.evaluate import Evaluation
from fas.runs.content import RunContent

_SIMULATED = "-simulated"


@dataclass(frozen=True)
class ProtocolFacts:
    """The data of a run.

    Attributes:
        facts: Name -> what is known, in the order of reading.
        splits: `(split, presentations, not acquired, never preprocessed)` of each split.
        meanings: Attribute -> value -> what it stands for. Empty for simulated data: its phones are no phones.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    splits: list[tuple[str, str, str, str]] = field(default_factory=list)
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def protocol_facts(run: RunContent, evaluation: Evaluation) -> ProtocolFacts:
    """What is known of a run's data; nothing where no provenance stands beside the scores."""
    provenance = evaluation.provenance
    if provenance is None:
        return ProtocolFacts()
    recipe = _recipe(run, provenance)
    facts = {**_of_recipe(recipe, provenance), **_of_scores(provenance)}
    return ProtocolFacts(
        facts={name: str(value) for name, value in facts.items() if value not in (None, "")},
        splits=_splits(provenance),
        meanings={}
        if recipe is None or evaluation.simulated
        else {name: known for name, known in recipe.fields.items() if isinstance(known, Mapping)},
    )


def _recipe(run: RunContent, provenance: Mapping[str, Any]) -> Recipe | None:
    """The recipe that the run's config names, else the one of its dataset's name; None if it is not there."""
    name = str(provenance.get("dataset")).removesuffix(_SIMULATED)
    given = _given_recipe(run.config)
    try:
        return load_recipe(given or name) if given or name in known_recipes() else None
    except FasError:  # moved or changed since the run
        return None


def _given_recipe(config: str | None) -> str | None:
    try:
        content = yaml.safe_load(config or "")
    except yaml.YAMLError:
        return None
    data = content.get("data") if isinstance(content, dict) else None
    given = data.get("recipe") if isinstance(data, dict) else None
    return given if isinstance(given, str) else None


def _of_recipe(recipe: Recipe | None, provenance: Mapping[str, Any]) -> dict[str, Any]:
    name, fold = str(provenance.get("protocol")), provenance.get("fold")
    simulated = provenance["simulated"]
    facts: dict[str, Any] = {"data": f"{provenance.get('dataset')}{' (simulated)' if simulated else ''}"}
    if recipe is None:
        return {**facts, **_of_cross_protocol(name, fold)}
    if simulated:
        facts["simulated after"] = f"{recipe.title}: its names and protocols, none of its recordings"
    else:
        facts |= {"dataset": recipe.title, "described in": recipe.citation, "available from": recipe.obtain}
        facts["licence"] = recipe.licence
    protocol = recipe.protocols.get(name)
    if protocol is None:
        return {**facts, "protocol": name, "fold": fold}
    facts["protocol"] = f"{name}: {protocol.about}"
    facts["fold"] = f"{fold} of {len(protocol.folds)}" if protocol.folds else None
    facts["partition"] = "by the rules of the dataset's owners" if protocol.official else "not by the owners"
    facts["official lists"] = "" if simulated else ", ".join(one.path for one in protocol.lists)
    facts["shared subjects"] = protocol.shared_subjects
    return facts


def _of_cross_protocol(name: str, fold: Any) -> dict[str, Any]:
    """A protocol of no recipe: one across datasets that comes with fas, or an unknown one by its name."""
    if name not in known_cross_protocols():
        return {"protocol": name, "fold": fold}
    cross = load_cross_protocol(name)
    return {"protocol": f"{name}: {cross.title}; {cross.about}", "protocol as in": cross.source}


def _of_scores(provenance: Mapping[str, Any]) -> dict[str, Any]:
    training = provenance.get("training") or {}
    return {
        "faces (recipe hash of the store)": provenance.get("recipe_hash"),
        "method": provenance.get("method"),
        "checkpoint": provenance.get("checkpoint"),
        "trained by": training.get("command"),
        "trained at commit": training.get("commit"),
        "scored at commit": provenance.get("commit"),
        "seed": provenance.get("seed"),
        "SHA-256 of the scores": provenance.get("scores_sha256"),
    }


def _splits(provenance: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    counts = [provenance.get(key) or {} for key in ("presentations", "not_acquired", "absent")]
    if not all(isinstance(count, Mapping) for count in counts):
        return []
    used, lost, absent = ({str(split): str(number) for split, number in count.items()} for count in counts)
    return [(split, number, lost.get(split, "?"), absent.get(split, "?")) for split, number in used.items()]
