from __future__ import annotations

from dataclasses import replace

import pytest

from fas.datasets.contents import published_presentations
from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader, is_safe
from fas.datasets.recipe_parts import Contents
from fas.datasets.selection import satisfies
from fas.errors import FasError

OULU = load_recipe("oulu")
PATH = "Train_files/1_1_01_1.avi"


def test_a_selection_holds_where_every_field_has_a_listed_value() -> None:
    facts = {"phone": "1", "session": "2"}
    assert satisfies(facts, ({},))
    assert not satisfies(facts, ())
    assert satisfies(facts, ({"phone": ("1", "3"), "session": ("2",)},))
    assert satisfies(facts, ({"phone": ("3",)}, {"session": ("2",)}))
    assert not satisfies(facts, ({"phone": ("1",), "session": ("3",)},))
    assert not satisfies(facts, ({"take": ("1",)},))
    assert satisfies(facts, ({"take": ("",)},))  # a field that it does not have


def test_a_name_that_fits_no_label_or_two_is_an_error() -> None:
    with pytest.raises(FasError, match="exactly one label of the recipe, but this one fits none"):
        NameReader(replace(OULU, bona_fide=({"access": ("9",)},))).read(PATH)
    twice = replace(OULU, attacks={**OULU.attacks, "mask": ({"access": ("1",)},)})
    with pytest.raises(FasError, match="this one fits bona_fide and mask"):
        NameReader(twice).read(PATH)
    with pytest.raises(FasError, match="exactly one split"):
        NameReader(replace(OULU, splits={"dev": ({"folder": ("Dev",)},)})).read(PATH)


@pytest.mark.parametrize("path", ["a", "a/b.c", "a/..b", "ü"])
def test_plain_relative_paths_are_safe(path: str) -> None:
    assert is_safe(path)


@pytest.mark.parametrize("path", ["", ".", "..", "/a", "a/../b", "../a", "a/", "a//b", "./a", "a/."])
def test_all_other_paths_are_not(path: str) -> None:
    assert not is_safe(path)


def test_an_id_that_would_leave_its_folder_is_an_error() -> None:
    import re

    grammar = re.compile(r"(?P<folder>Train)_files/(?P<session>\.)(?P<phone>\.)(?P<subject>1)(?P<access>1)")
    recipe = replace(OULU, grammar=(grammar,), video_id="{session}{phone}")
    with pytest.raises(FasError, match=r"unusable id, '\.\.'"):
        NameReader(recipe).read("Train_files/..11")


def test_contents_that_the_grammar_does_not_match_are_an_error() -> None:
    products = OULU.contents[0].products
    contents = Contents(path="{folder}/{phone}_{session}_{subject}_{access}.avi", products=products)
    with pytest.raises(FasError, match="its own grammar does not match"):
        published_presentations(replace(OULU, contents=(contents,)))
