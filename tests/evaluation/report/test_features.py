"""Features in the plane: which presentations, where they land, what is drawn."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.features import Features, embed, feature_charts, features_of, sampled
from fas.evaluation.report.plot import SHAPES
from tests.fakes.scores import random_scores


def test_all_presentations_where_they_are_few():
    evaluation = evaluate_scores(random_scores(), replicates=1)
    assert sorted(sampled(evaluation)) == sorted(evaluation.presentations.video_id.tolist())


def test_an_even_share_of_every_kind_where_they_are_many():
    evaluation = evaluate_scores(random_scores(), replicates=1)  # 16 bona fide, 32 print, 32 replay
    chosen = sampled(evaluation, most=40)
    assert len(set(chosen)) == len(chosen) == 40
    kinds = features_of(evaluation, chosen, {}).kinds
    assert Counter(kinds) == {"bona fide": 8, "print": 16, "replay": 16}
    assert len(sampled(evaluation, most=1)) == 3, "one of every kind"


def test_groups_that_are_far_apart_stay_apart():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 6)).astype(np.float32)
    vectors[20:] += 50
    placed = embed(vectors)
    assert placed.shape == (40, 2)
    centre = placed[:20].mean(axis=0)
    distance = np.linalg.norm(placed - centre, axis=1)
    assert distance[:20].max() < distance[20:].min()
    np.testing.assert_array_equal(placed, embed(vectors))


@pytest.mark.parametrize("shape", [(4, 3), (8, 1), (30, 2)])
def test_few_presentations_and_few_features(shape):
    placed = embed(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    assert placed.shape == (shape[0], 2)
    assert np.isfinite(placed).all()


def test_equal_features_are_one_point():
    assert not embed(np.ones((10, 3), np.float32)).any()


def test_chart_has_a_mark_of_its_kind_for_each_presentation():
    kinds = ["bona fide"] * 6 + ["print"] * 5
    vectors = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    ((name, chart),) = feature_charts(Features(kinds, {"<b>": vectors}))
    assert name == "<b>"
    root = ElementTree.fromstring(f"<div>{chart}</div>")
    shapes = Counter(path.get("d") for path in root.iter("path"))
    assert shapes == {SHAPES[0]: 7, SHAPES[1]: 6}, "the marks, and one of each in the legend"


def test_very_few_presentations_are_not_drawn():
    assert feature_charts(Features(["bona fide"] * 3, {"a": np.zeros((3, 2), np.float32)})) == []
