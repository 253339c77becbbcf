from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.datasets.dataset_name import DatasetName

RECIPES = st.builds(str.__add__, st.text(min_size=1), st.sampled_from(["", "-simulated"]))
NAMES = st.builds(DatasetName, RECIPES, st.booleans())


@given(NAMES)
def test_a_folder_is_read_back(name: DatasetName) -> None:
    assert DatasetName.of_folder(name.folder, name.simulated) == name
    assert str(name) == name.folder


@given(RECIPES)
def test_a_simulated_tree_never_shares_the_folder_of_its_dataset(recipe: str) -> None:
    assert DatasetName(recipe, simulated=True).folder != DatasetName(recipe).folder


@pytest.mark.parametrize(
    ("folder", "simulated", "name"),
    [
        ("oulu", False, DatasetName("oulu")),
        ("oulu-simulated", True, DatasetName("oulu", simulated=True)),
        ("lab-simulated", False, DatasetName("lab-simulated")),  # a real dataset with an unlucky name
        ("lab-simulated-simulated", True, DatasetName("lab-simulated", simulated=True)),
    ],
)
def test_the_suffix_only_counts_for_simulated_data(folder: str, simulated: bool, name: DatasetName) -> None:
    assert DatasetName.of_folder(folder, simulated) == name
    assert name.folder == folder


def test_names_are_ordered_by_recipe_with_real_data_first() -> None:
    names = [DatasetName("siw"), DatasetName("oulu", simulated=True), DatasetName("oulu")]
    assert list(map(str, sorted(names))) == ["oulu", "oulu-simulated", "siw"]
