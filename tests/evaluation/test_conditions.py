"""Error rates by condition, by hand."""

from __future__ import annotations

from fas.evaluation.conditions import by_condition
from fas.evaluation.evaluate import evaluate_scores
from fas.metrics import Rate
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


def test_by_hand():
    tables = by_condition(evaluate_scores(score_table(ROWS), threshold=0.5), ATTRIBUTES)
    # session has one value; access tells bona fide from attack; neither is a condition.
    assert list(tables) == ["phone"]
    first, second = tables["phone"]
    assert (first.value, first.bona_fide, first.attacks) == ("1", Rate(1, 2), {"print": Rate(1, 2)})
    assert (second.value, second.bona_fide, second.attacks) == ("2", None, {"replay": Rate(1, 1)})


def test_unknown_presentations_and_none_at_all():
    evaluation = evaluate_scores(score_table(ROWS), threshold=0.5)
    known = {video_id: facts for video_id, facts in ATTRIBUTES.items() if video_id != "b2"}
    assert by_condition(evaluation, known)["phone"][0].bona_fide == Rate(1, 1)
    assert by_condition(evaluation, {}) == {}
    assert by_condition(evaluation, {"other": {"phone": "1"}}) == {}


def test_presentations_of_unknown_facts_do_not_make_a_condition_of_what_tells_the_classes_apart():
    evaluation = evaluate_scores(score_table(ROWS), threshold=0.5)
    known = {video_id: facts for video_id, facts in ATTRIBUTES.items() if video_id not in ("b2", "r1")}
    assert list(by_condition(evaluation, known)) == []


def test_an_attribute_with_very_many_values_is_no_condition():
    rows = [(str(i), "1", "test", i % 2, "" if i % 2 else "print", 0, 0.5) for i in range(100)]
    attributes = {str(i): {"take": str(i // 2), "phone": str(i // 50)} for i in range(100)}
    assert list(by_condition(evaluate_scores(score_table(rows), threshold=0.5), attributes)) == ["phone"]
