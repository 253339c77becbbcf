"""Tables of rates, by hand."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.conditions import by_condition
from fas.evaluation.report.rates import RateTable, Row, by_attribute, by_species, overall, range_bar
from tests.fakes.scores import PROVENANCE, random_scores, score_table

ROWS = [
    ("p1", "1", "test", 0, "print/printer1", 0, 0.9),
    ("p2", "1", "test", 0, "print/printer2", 0, 0.1),
    ("r1", "1", "test", 0, "replay/display1", 0, 0.6),
    ("b1", "2", "test", 1, "", 0, 0.4),
    ("b2", "2", "test", 1, "", 0, 0.8),
]


def test_overall_has_the_intervals_of_the_bootstrap():
    evaluation = evaluate_scores(random_scores(provenance=PROVENANCE), replicates=50)
    rows = {row.name: row for row in overall(evaluation).groups[""]}
    for name, metric in (("APCER", "apcer"), ("BPCER", "bpcer"), ("EER on test", "eer"), ("AUC", "auc")):
        interval = evaluation.intervals.of[metric]
        assert (rows[name].lower, rows[name].upper) == (interval.lower, interval.upper)
    assert rows["APCER"].counts == "{0.errors} of {0.total}".format(
        evaluation.rates.attacks[evaluation.rates.worst_species]
    )
    assert rows["ACER"].counts == ""
    assert rows["AUC"].value_text == f"{evaluation.auc:.4f}"


def test_species_of_both_levels_by_hand():
    groups = by_species(evaluate_scores(score_table(ROWS), threshold=0.5, replicates=1)).groups
    found = {group: [(row.name, row.counts) for row in rows] for group, rows in groups.items()}
    assert found == {
        "BPCER": [("bona fide", "1 of 2")],
        "APCER, coarse species": [("print", "1 of 2"), ("replay", "1 of 1")],
        "APCER, fine species": [
            ("print/printer1", "1 of 1"),
            ("print/printer2", "0 of 1"),
            ("replay/display1", "1 of 1"),
        ],
    }


def test_one_level_where_both_are_the_same():
    rows = [
        (video_id, subject, split, label, kind.split("/")[0], *rest)
        for video_id, subject, split, label, kind, *rest in ROWS
    ]
    assert list(by_species(evaluate_scores(score_table(rows), threshold=0.5, replicates=1)).groups) == [
        "BPCER",
        "APCER",
    ]


def test_an_attribute_by_hand():
    attributes = {
        "p1": {"phone": "1"},
        "p2": {"phone": "2"},
        "r1": {"phone": "2"},
        "b1": {"phone": "1"},
        "b2": {"phone": "2"},
    }
    evaluation = evaluate_scores(score_table(ROWS), threshold=0.5, replicates=1)
    conditions = by_condition(evaluation.presentations, attributes)
    table = by_attribute(evaluation, "phone", conditions["phone"], {"1": "Samsung Galaxy S6 edge"})
    found = {group: [(row.name, row.note, row.counts) for row in rows] for group, rows in table.groups.items()}
    assert found == {
        "BPCER": [("phone 1", "Samsung Galaxy S6 edge", "1 of 1"), ("phone 2", "", "0 of 1")],
        "APCER print": [("phone 1", "Samsung Galaxy S6 edge", "1 of 1"), ("phone 2", "", "0 of 1")],
        "APCER replay": [("phone 2", "", "1 of 1")],
    }


def test_a_share_is_written_in_percent():
    row = Row("print", 1 / 6, 0.02086, 0.48414)
    assert row.value_text.replace("\N{NO-BREAK SPACE}", " ") == "16.67 %"
    assert row.interval_text.replace("\N{NO-BREAK SPACE}", " ") == "2.09 to 48.41 %"


@pytest.mark.parametrize("unit", ["subjects", "presentations"])
def test_intervals_are_of_the_unit_of_the_evaluation(unit):
    # One subject, whose attacks are half wrong: all draws of subjects are alike, draws of presentations are not.
    rows = [(f"p{i}", "1", "test", 0, "print", 0, i / 4) for i in range(4)] + [("b", "2", "test", 1, "", 0, 0.9)]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5, unit=unit)
    (row,) = by_species(evaluation).groups["APCER"]
    assert row.counts == "2 of 4"
    assert row.interval_text.replace("\N{NO-BREAK SPACE}", " ") == (
        "undefined" if unit == "subjects" else "0.00 to 100.00 %"
    )
    bona_fide, limit = by_species(evaluation).groups["BPCER"][0], pytest.approx(0.95)
    assert (bona_fide.lower, bona_fide.upper) == (0.0, limit), "the rule of three says little of a single one"


@pytest.mark.parametrize(
    ("upper", "limit"), [(0.0, 0.05), (0.05, 0.05), (0.06, 0.1), (0.3, 0.5), (0.51, 1.0), (1.0, 1.0)]
)
def test_the_scale_holds_every_share(upper, limit):
    rows = [Row("a", 0.0, 0.0, 0.01), Row("b", 0.0, 0.0, upper), Row("auc", 0.9, 0.8, 1.0, share=False)]
    assert RateTable("rate", {"": rows}).limit == limit


def test_the_bar_shows_interval_and_value():
    svg = ElementTree.fromstring(str(range_bar(Row("a", 0.1, 0.05, 0.2), 0.2)))
    line = next(one for one in svg.iter("line") if one.get("class") == "interval")
    assert (line.get("x1"), line.get("x2")) == ("75.0", "300.0")
    (dot,) = svg.iter("circle")
    assert dot.get("cx") == "150.0"


def test_an_interval_that_no_replicate_gave():
    row = Row("a", 0.1, math.nan, math.nan)
    assert row.interval_text == "undefined"
    assert RateTable("rate", {"": [row, Row("b", 0.0, 0.0, 0.03)]}).limit == 0.1
    assert "nan" not in range_bar(row, 0.1)
