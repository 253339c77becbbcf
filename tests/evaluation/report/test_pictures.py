"""Which faces are shown, and the picture files."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from fas.errors import FasError
from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.pictures import Example, data_uri, typical, worst_mistakes, write_figure
from tests.fakes.scores import random_scores, score_table


def decode(uri: str) -> np.ndarray:
    content = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


def example(layers: tuple[str, ...] = ("depth", "reflection")) -> Example:
    maps = {"depth": np.full((8, 8), 200, np.uint8), "reflection": np.full((8, 8, 3), (255, 0, 0), np.uint8)}
    chosen = {layer: maps[layer] for layer in layers}
    crop = np.full((32, 32, 3), (0, 0, 255), np.uint8)
    return Example("a", 3, 0, "print/printer1", 0.25, crop, chosen, chosen)


def test_worst_mistakes_are_the_furthest_from_the_threshold_attacks_first():
    rows = [
        (name, "1", "test", 0, "print", 0, score) for name, score in (("a", 0.6), ("b", 0.9), ("c", 0.2), ("d", 0.7))
    ]
    rows += [(name, "2", "test", 1, "", 0, score) for name, score in (("e", 0.4), ("f", 0.1), ("g", 0.5))]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5)
    assert worst_mistakes(evaluation) == ["b", "d", "a", "f", "e"]
    assert worst_mistakes(evaluation, most=1) == ["b", "f"]


def test_no_mistakes():
    rows = [("a", "1", "test", 0, "print", 0, 0.1), ("b", "2", "test", 1, "", 0, 0.9)]
    assert worst_mistakes(evaluate_scores(score_table(rows), threshold=0.5)) == []


def test_typical_are_the_scores_near_the_median_of_each_species():
    rows = [(f"p{score}", "1", "test", 0, "print", 0, score) for score in (0.5, 0.1, 0.3, 0.2, 0.4)]
    rows += [("r", "1", "test", 0, "replay", 0, 0.0), ("b", "2", "test", 1, "", 0, 0.9)]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5)
    # Ranks 5 * 1 / 3 = 1 and 5 * 2 / 3 = 3 of print; a single presentation is shown once.
    assert typical(evaluation) == ["b", "p0.2", "p0.4", "r"]
    assert typical(evaluation, each=1) == ["b", "p0.3", "r"]


def test_typical_holds_every_fine_species():
    evaluation = evaluate_scores(random_scores())
    shown = typical(evaluation)
    species = dict(zip(evaluation.presentations.video_id, evaluation.presentations.attack_type, strict=True))
    assert {species[video_id] for video_id in shown} == {"", *evaluation.fine.attacks}
    assert len(shown) == len(set(shown)) == 10


def test_data_uri_of_a_map_is_lossless():
    image = np.random.default_rng(0).integers(0, 256, (16, 12), dtype=np.uint8)
    uri = data_uri(image)
    assert uri.startswith("data:image/png;base64,")
    np.testing.assert_array_equal(decode(uri), image)


def test_data_uri_of_a_crop_keeps_colours_and_limits_the_size():
    image = np.zeros((400, 200, 3), np.uint8)
    image[..., 0] = 250  # red
    shown = decode(data_uri(image, side=100))
    assert shown.shape == (100, 50, 3)
    blue, green, red = shown.reshape(-1, 3).mean(axis=0)
    assert red > 240 and green < 12 and blue < 12


@pytest.mark.parametrize("layers", [("depth", "reflection"), ("depth",), ()])
def test_figure_is_a_png(tmp_path, layers):
    path = tmp_path / "docs" / "maps.png"
    write_figure(path, [example(layers)] * 3, "simulated data")
    figure = cv2.imread(str(path))
    assert figure is not None
    assert (figure == (255, 0, 0)).all(axis=2).mean() > 0.02, "the blue crops"
    assert (figure == (0, 0, 255)).all(axis=2).any() == ("reflection" in layers), "the red maps"


def test_figure_in_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FasError, match="cannot write"):
        write_figure(tmp_path / "file" / "maps.png", [example()])
