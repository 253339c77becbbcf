"""Conditions of capture, by hand."""

from __future__ import annotations

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report.conditions import by_condition
from tests.fakes.scores import score_table

ROWS = [
    ("p1", "1", "test", 0, "print/printer1", 0, 0.9),
    ("p2", "1", "test", 0, "print/printer2", 0, 0.1),
    ("r1", "1", "test", 0, "replay/display1", 0, 0.6),
    ("b1", "2", "test", 1, "", 0, 0.4),
    ("b2", "2", "test", 1, "", 0, 0.8),
]
ATTRIBUTES = {
    "p1": {"phone": "1", "session": "3", "access": "2"},
    "p2": {"phone": "1", "session": "3", "access": "3"},
    "r1": {"phone": "2", "session": "3", "access": "4"},
    "b1": {"phone": "1", "session": "3", "access": "1"},
    "b2": {"phone": "1", "session": "3", "access": "1"},
}


def parts(rows, attributes) -> dict[str, dict[str, list[str]]]:
    """Attribute -> value -> the presentations that have it."""
    presentations = evaluate_scores(score_table(rows), threshold=0.5, replicates=1).presentations
    found = by_condition(presentations, attributes)
    return {
        name: {value: presentations.video_id[mask].tolist() for value, mask in of.items()} for name, of in found.items()
    }


def test_by_hand():
    # session has one value; access tells bona fide from attack; neither is a condition.
    assert parts(ROWS, ATTRIBUTES) == {"phone": {"1": ["p1", "p2", "b1", "b2"], "2": ["r1"]}}


def test_unknown_presentations_and_none_at_all():
    known = {video_id: facts for video_id, facts in ATTRIBUTES.items() if video_id != "b2"}
    assert parts(ROWS, known) == {"phone": {"1": ["p1", "p2", "b1"], "2": ["r1"]}}
    assert parts(ROWS, {}) == {}
    assert parts(ROWS, {"other": {"phone": "1"}}) == {}


def test_presentations_of_unknown_facts_do_not_make_a_condition_of_what_tells_the_classes_apart():
    known = {video_id: facts for video_id, facts in ATTRIBUTES.items() if video_id not in ("b2", "r1")}
    assert parts(ROWS, known) == {}


def test_an_attribute_with_very_many_values_is_no_condition():
    rows = [(str(i), "1", "test", i % 2, "" if i % 2 else "print", 0, 0.5) for i in range(100)]
    attributes = {str(i): {"take": str(i // 2), "phone": str(i // 50)} for i in range(100)}
    assert list(parts(rows, attributes)) == ["phone"]
