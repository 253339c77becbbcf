"""The pages in docs/datasets are what the recipes say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from fas.datasets.loading import known_recipes, load_recipe

ROOT = Path(__file__).parents[2]
SLOW = {"celeba_spoof"}
"""Its page takes half a minute; `python scripts/make_dataset_pages.py --check` has it."""

SPEC = importlib.util.spec_from_file_location("make_dataset_pages", ROOT / "scripts" / "make_dataset_pages.py")
assert SPEC is not None and SPEC.loader is not None
PAGES = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PAGES)


def written(name: str) -> str:
    return (ROOT / "docs" / "datasets" / name).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(known_recipes()) - SLOW))
def test_a_page_is_what_its_recipe_says(name: str) -> None:
    assert "\n".join(PAGES.page(load_recipe(name))).rstrip() + "\n" == written(f"{name}.md")


def test_the_lists_of_datasets_and_of_protocols_across_them() -> None:
    assert "\n".join(PAGES.index()).rstrip() + "\n" == written("README.md")
    assert "\n".join(PAGES.across()).rstrip() + "\n" == written("across.md")
    assert {path.stem for path in (ROOT / "docs" / "datasets").glob("*.md")} == {*known_recipes(), "README", "across"}
