"""What must hold for every recipe and every protocol that comes with fas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fas.datasets.contents import covers_all, published_presentations
from fas.datasets.counts import count, count_published
from fas.datasets.cross import cross_splits, known_cross_protocols, load_cross_protocol
from fas.datasets.fake import empty_media, make_fake_tree
from fas.datasets.index import index_dataset
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.presentation import Presentation
from fas.datasets.protocol import folds, protocol_splits
from fas.datasets.protocol_files import check_protocol_files

pytestmark = pytest.mark.slow

LARGE = 40_000
"""Trees of more presentations are not written here; benchmarks/index.py does."""

EXPECTED = {
    *("oulu", "siw", "siw_m", "siw_mv2", "casia_fasd", "replay_attack", "msu_mfsd", "replay_mobile", "threedmad"),
    *("hkbu_v1", "hkbu_v1plus", "hkbu_v2", "rose_youtu", "nuaa", "celeba_spoof", "casia_surf", "cefa", "wmca", "uvad"),
}

ONE_CLASS = {("hkbu_v1", "leave_one_out", 8, "test")}
"""Subject 08 of HKBU-MARs V1 has masks only."""

_published: dict[str, list[Presentation]] = {}


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """Half a million presentations are not kept for the tests of other files."""
    yield
    _published.clear()


def published(name: str) -> list[Presentation]:
    if name not in _published:
        _published[name] = published_presentations(load_recipe(name), invented=True)
    return _published[name]


def test_the_datasets_of_the_field_are_there() -> None:
    assert set(known_recipes()) == EXPECTED


@pytest.mark.parametrize("name", known_recipes())
def test_ids_and_paths_are_unique_and_the_counts_are_the_published_ones(name: str) -> None:
    recipe, presentations = load_recipe(name), published(name)
    assert len({one.video_id for one in presentations}) == len(presentations) > 0
    found, wanted = count(presentations), count_published(recipe)
    assert {key: found[key] for key in wanted} == wanted
    assert all(one.label == (one.attack_type == "") for one in presentations)


@pytest.mark.parametrize("name", known_recipes())
def test_every_protocol_and_fold_has_both_classes_and_disjoint_splits(name: str) -> None:
    recipe, presentations = load_recipe(name), published(name)
    assert recipe.protocols
    for protocol, rules in recipe.protocols.items():
        for fold in folds(recipe, protocol):
            splits = protocol_splits(recipe, presentations, protocol, fold)
            for split, taken in splits.items():
                where = f"{name} {protocol} {fold} {split}"
                assert bool(getattr(rules, split)) == bool(taken), where
                labels = {0} if (name, protocol, fold, split) in ONE_CLASS else {0, 1}
                assert not taken or {one.label for one in taken} == labels, where
            members = [{one.video_id for one in taken} for taken in splits.values()]
            assert sum(map(len, members)) == len(set().union(*members))
            if not rules.shared_subjects:
                subjects = Counter(one for taken in splits.values() for one in {p.subject for p in taken})
                assert max(subjects.values()) == 1, f"{name} {protocol} {fold}"


@pytest.mark.parametrize("name", known_recipes())
def test_a_fake_tree_is_exactly_what_the_recipe_says(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    if len(published(name)) > LARGE:
        pytest.skip("too large to be written in a test")
    made = make_fake_tree(recipe, tmp_path / name, empty_media)
    index = index_dataset(recipe, tmp_path / name, strict=True)
    assert index.simulated
    assert index.presentations == made == published(name)
    assert check_protocol_files(recipe, index.root, index.presentations) == []
    if covers_all(recipe):
        assert index.presentations == index.expected


@pytest.mark.parametrize("name", known_cross_protocols())
def test_protocols_across_datasets(name: str) -> None:
    cross = load_cross_protocol(name)
    assert cross.name == name
    splits = cross_splits(cross, {dataset: published(dataset) for dataset in cross.datasets})
    assert {one.label for one in splits["train"]} == {one.label for one in splits["test"]} == {0, 1}
    assert bool(splits["dev"]) == bool(cross.dev)
    trained, tested = ({one.subject.partition("/")[0] for one in splits[split]} for split in ("train", "test"))
    assert not trained & tested
