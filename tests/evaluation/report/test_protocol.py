"""What the report says of the data: from the provenance and the recipe, real or simulated or unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.protocol import ProtocolFacts, protocol_facts
from fas.resources import resource_dir
from fas.runs.content import RunContent
from tests.fakes.scores import PROVENANCE, random_scores

REAL = {"dataset": "oulu", "simulated": False, "protocol": "3", "fold": 2}


def facts_of(provenance: dict | None, config: str | None = None) -> ProtocolFacts:
    evaluation = evaluate_scores(random_scores(provenance=provenance), replicates=1)
    return protocol_facts(RunContent(Path("run"), config, None, {}), evaluation)


def test_a_real_dataset_is_named_with_its_source():
    found = facts_of({**REAL, "recipe_hash": "ab12", "training": {"command": "fas fit --exp basn"}})
    assert found.facts["dataset"] == "OULU-NPU"
    assert "FG" in found.facts["described in"]
    assert found.facts["protocol"].startswith("3: unseen camera")
    assert found.facts["fold"] == "2 of 6"
    assert found.facts["partition"] == "by the rules of the dataset's owners"
    assert "Protocol_3" in found.facts["official lists"]
    assert found.facts["trained by"] == "fas fit --exp basn"
    assert found.meanings["phone"]["1"] == "Samsung Galaxy S6 edge"


def test_simulated_data_has_no_real_phones_and_no_licence():
    found = facts_of(PROVENANCE)
    assert found.facts["data"] == "oulu-simulated (simulated)"
    assert "none of its recordings" in found.facts["simulated after"]
    assert found.facts["protocol"].startswith("1: unseen environment")
    assert not {"dataset", "licence", "described in", "official lists"} & found.facts.keys()
    assert found.meanings == {}


def test_a_protocol_across_datasets_is_explained():
    found = facts_of({"dataset": "msu_mfsd+replay_attack+casia_fasd", "simulated": False, "protocol": "limited_mi_c"})
    assert "M & I to C" in found.facts["protocol"]
    assert "SSDG" in found.facts["protocol as in"]
    assert "fold" not in found.facts


def test_counts_of_the_splits():
    counts = {"presentations": {"dev": 40, "test": 30}, "not_acquired": {"dev": 1, "test": 0}}
    assert facts_of({**REAL, **counts}).splits == [("dev", "40", "1", "?"), ("test", "30", "0", "?")]


@pytest.mark.parametrize(
    "provenance",
    [
        {"dataset": "unheard-of", "simulated": False, "protocol": "x", "fold": 1},
        {"dataset": "../../etc/passwd.yaml", "simulated": False},
        {"dataset": "oulu", "simulated": False, "protocol": "99"},
        {"dataset": 3, "simulated": True, "presentations": [1], "training": None},
    ],
)
def test_what_is_not_known_is_left_out(provenance):
    found = facts_of(provenance)
    assert found.facts["data"].startswith(str(provenance["dataset"]))
    assert found.splits == []


@pytest.mark.parametrize("config", ["", "[", "data: 3", "- a", "data: {recipe: null}", "data: {recipe: 3}"])
def test_a_config_that_names_no_recipe(config):
    assert facts_of(REAL, config).facts["dataset"] == "OULU-NPU"


def test_a_recipe_that_the_config_names(tmp_path):
    recipe = (resource_dir("preprocess") / "oulu.yaml").read_text().replace("title: OULU-NPU", "title: Ours")
    (tmp_path / "ours.yaml").write_text(recipe)
    config = f"data:\n  recipe: {tmp_path / 'ours.yaml'}\n"
    assert facts_of(REAL, config).facts["dataset"] == "Ours"
    (tmp_path / "ours.yaml").unlink()
    assert facts_of(REAL, config).facts == {"data": "oulu", "protocol": "3", "fold": "2"}


def test_without_provenance_nothing_is_known():
    assert facts_of(None) == ProtocolFacts()
