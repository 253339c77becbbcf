"""Datasets of scores, read from the text of a provenance."""

from __future__ import annotations

import pytest

from fas.datasets.dataset_name import DatasetName
from fas.evaluation.scores.datasets import Datasets


@pytest.mark.parametrize(
    ("text", "simulated", "names", "shown"),
    [
        ("oulu", False, [("oulu", False)], "oulu"),
        ("oulu-simulated", True, [("oulu", True)], "oulu-simulated"),
        ("oulu", True, [("oulu", True)], "oulu-simulated"),  # the mark counts, not the name
        ("my-simulated", False, [("my-simulated", False)], "my-simulated"),  # real data with an odd name
        ("oulu+siw", False, [("oulu", False), ("siw", False)], "oulu + siw"),
        ("oulu-simulated+siw", True, [("oulu", True), ("siw", False)], "oulu-simulated + siw"),
    ],
)
def test_names_of_a_provenance(text, simulated, names, shown):
    found = Datasets.of_provenance({"dataset": text, "simulated": simulated})
    assert found is not None
    assert found.names == tuple(DatasetName(*name) for name in names)
    assert str(found) == shown
    assert found.recipes == {recipe for recipe, _ in names}


@pytest.mark.parametrize("provenance", [{}, {"dataset": None, "simulated": False}, {"dataset": 3, "simulated": True}])
def test_a_provenance_that_names_no_dataset(provenance):
    assert Datasets.of_provenance(provenance) is None
