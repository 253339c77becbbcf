"""Operating points with thresholds from dev and from test, by hand."""

from __future__ import annotations

import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.operating import PointRow, operating_rows
from tests.fakes.scores import score_table


def split_rows(split: str, attacks: list[float], bona_fide: list[float]) -> list:
    rows = [(f"{split}a{i}", f"{split}1", split, 0, "print", 0, score) for i, score in enumerate(attacks)]
    return rows + [(f"{split}b{i}", f"{split}2", split, 1, "", 0, score) for i, score in enumerate(bona_fide)]


# Ten attacks and ten bona fide presentations each. On dev the highest attack has 0.5, on test two are above that.
DEV = split_rows("dev", [0.05 * i for i in range(1, 11)], [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])
TEST = split_rows("test", [0.1] * 8 + [0.7, 0.92], [0.3, 0.58, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])


def points(rows: list, **settings) -> dict[str, PointRow]:
    table = score_table(rows)
    return {row.name: row for row in operating_rows(evaluate_scores(table, replicates=20, **settings), table)}


def text(value: str) -> str:
    return value.replace("\N{NO-BREAK SPACE}", " ")


def test_bpcer10_by_hand():
    point = points(DEV + TEST)["bpcer10"]
    # On dev one attack of ten may pass: that of 0.5, which is the threshold. On test 0.7 and 0.92 pass there, 2 of 10
    # instead of 1, and 0.3 is rejected.
    assert point.dev is not None
    assert (point.dev.threshold, text(point.dev.value), point.dev.missed) == ("0.5", "10.00 %", True)
    assert text(point.dev.held) == "APCER print 20.00 % (2 of 10)"
    # On test itself the threshold is 0.92, the highest attack: 8 of 10 bona fide are below.
    assert (point.test.threshold, text(point.test.value), point.test.missed) == ("0.92", "80.00 %", False)
    assert text(point.test.held) == "APCER print 10.00 % (1 of 10)"
    assert point.resolved
    assert "\N{LESS-THAN OR EQUAL TO} 10%" in point.meaning


def test_too_few_presentations_are_marked():
    found = points(DEV + TEST)
    assert not found["bpcer100"].resolved
    assert found["apcer10"].resolved and not found["apcer20"].resolved


def test_the_interval_is_that_of_the_test_threshold():
    found = points(DEV + TEST)["bpcer10"]
    assert found.test.interval
    assert found.dev is not None
    assert found.dev.interval == ""


@pytest.mark.parametrize("dev", [[], split_rows("dev", [0.1], []), split_rows("dev", [float("nan")], [0.5])])
def test_without_a_whole_dev_split_there_is_no_threshold_from_it(dev):
    found = points(dev + TEST, threshold=0.5)
    assert all(row.dev is None for row in found.values())
    assert text(found["bpcer10"].test.value) == "80.00 %"
