"""Two systems on the same presentations: numbers worked out by hand, and what must not be paired."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from fas.errors import FasError
from fas.evaluation.comparison.compare import compare_scores
from fas.evaluation.comparison.terminal import render_comparison
from fas.evaluation.scores.table import ScoreTable
from tests.fakes.runs import counted_scores
from tests.fakes.scores import PROVENANCE


def where(table: ScoreTable, mask) -> ScoreTable:
    names = ("video_id", "subject", "split", "label", "attack_type", "frame", "score")
    return replace(table, **{name: getattr(table, name)[mask] for name in names})


def changed(table: ScoreTable, column: str, video_id: str, value: object) -> ScoreTable:
    values = getattr(table, column).copy()
    values[table.video_id == video_id] = value
    return replace(table, **{column: values})


def compare(a: ScoreTable, b: ScoreTable, **options):
    return compare_scores(a, b, **{"threshold": "dev-eer", "replicates": 200, **options})


def test_differences_and_decisions_by_hand():
    # A accepts prints 0-2 and replay 0, rejects live 0-1; B accepts print 0, rejects live 0: B is right where A is.
    result = compare(counted_scores(3, 1, 2), counted_scores(1, 0, 1))
    expected = {"apcer": (0.3, 0.1), "apcer_pooled": (0.2, 0.05), "bpcer": (0.2, 0.1), "acer": (0.25, 0.1)}
    for name, (a, b) in {**expected, "apcer/print": (0.3, 0.1), "apcer/replay": (0.1, 0.0)}.items():
        difference = result.differences[name]
        assert (difference.a, difference.b) == pytest.approx((a, b))
        assert difference.value == pytest.approx(a - b)
        assert difference.interval[0] <= difference.value <= difference.interval[1]
    every = result.decisions["all"]
    assert (every.both_correct, every.only_a_correct, every.only_b_correct, every.both_wrong) == (24, 0, 4, 2)
    assert every.p_value == pytest.approx(2 * 0.5**4)
    attacks, live = result.decisions["attack"], result.decisions["bona fide"]
    assert (attacks.only_b_correct, live.only_b_correct, live.both_wrong) == (3, 1, 1)
    assert result.counts == {"presentations": 30, "bona_fide": 10, "attacks": 20, "subjects": 10}


def test_the_order_of_rows_does_not_matter_and_swapping_turns_the_sign():
    a, b = counted_scores(3, 1, 2), counted_scores(1, 4, 0)
    shuffled = where(b, np.random.default_rng(0).permutation(len(b)))
    result, swapped = compare(a, shuffled), compare(b, a)
    for name in ("apcer", "bpcer", "acer", "eer", "auc"):
        assert result.differences[name].value == pytest.approx(-swapped.differences[name].value)
    assert result.differences == compare(a, b).differences
    assert result.decisions["all"].only_a_correct == swapped.decisions["all"].only_b_correct


def test_a_system_does_not_differ_from_itself():
    result = compare(counted_scores(3, 1, 2), counted_scores(3, 1, 2))
    assert all((one.value, one.interval, one.p_value) == (0, (0, 0), 1) for one in result.differences.values())


def test_each_system_has_its_own_threshold():
    # B's scores are A's moved to another scale, dev rows too: at their own thresholds the two are the same.
    a = counted_scores(3, 1, 2)
    result = compare(a, replace(a, score=0.1 * a.score + 5))
    assert (result.a.threshold.value, result.b.threshold.value) == pytest.approx((0.5, 5.05))
    assert result.differences["acer"].value == 0
    with_one = compare(a, replace(a, score=0.1 * a.score + 5), threshold=0.5)
    assert with_one.differences["apcer"].b == 1


def test_a_presentation_without_a_score_is_left_out_of_both_and_counted():
    a = changed(counted_scores(3, 1, 2), "score", "print-0", np.nan)
    b = changed(changed(counted_scores(1, 0, 1), "score", "print-0", np.nan), "score", "live-9", np.nan)
    result = compare(a, b)
    assert result.without_score == {"a_only": 0, "b_only": 1, "both": 1}
    assert result.counts["presentations"] == 28
    assert result.differences["apcer/print"].a == pytest.approx(2 / 9)  # prints 1 and 2 of nine


def test_subjects_are_drawn_not_presentations():
    def of_subjects(table: ScoreTable, name: str) -> ScoreTable:
        return replace(table, subject=np.where(table.split == "test", name, table.subject).astype(object))

    tables = counted_scores(3, 1, 2), counted_scores(1, 0, 1)
    # One subject is drawn once in every replicate; each presentation without a subject counts as one.
    one = compare(*(of_subjects(table, "only") for table in tables)).differences["apcer"]
    unnamed = compare(*(of_subjects(table, "") for table in tables)).differences["apcer"]
    assert one.interval == pytest.approx((0.2, 0.2))
    assert unnamed.interval[0] < 0.2 < unnamed.interval[1]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda b: where(b, b.video_id != "print-3"), r"1 \(print-3\) only in A; none only in B"),
        (lambda b: counted_scores(1, 0, 1, prefix="x"), r"30 \(live-0, live-1, .*, \.\.\.\) only in A; 30 \(xlive-0"),
        (lambda b: changed(b, "subject", "print-3", "other"), "subject of 1 pres.*print-3 has 's3' in A and 'other'"),
        (lambda b: changed(b, "attack_type", "print-3", "mask"), "attack_type of 1 .*'print' in A and 'mask' in B"),
        (lambda b: changed(b, "label", "print-3", 1), "label of 1 .*print-3 has '0' in A and '1' in B"),
        (lambda b: replace(b, provenance={**PROVENANCE, "dataset": "siw", "simulated": False}), "oulu and siw"),
        (lambda b: replace(b, score=np.where(b.label == 1, np.nan, b.score)), "no bona fide presentation"),
        (lambda b: where(b, b.split != "dev"), "dev split"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(spoil, message):
    a = replace(counted_scores(3, 1, 2), provenance={**PROVENANCE, "dataset": "oulu", "simulated": False})
    with pytest.raises(FasError, match=message):
        compare(a, spoil(counted_scores(1, 0, 1)))


@pytest.mark.parametrize(
    ("of_a", "of_b", "expected"),
    [(True, False, True), (None, True, True), (False, False, False), (None, False, None), (None, None, None)],
)
def test_simulated_data_is_not_forgotten(of_a, of_b, expected):
    a, b = (
        replace(
            counted_scores(1, 0, 1),
            provenance=None if simulated is None else {**PROVENANCE, "dataset": "oulu", "simulated": simulated},
        )
        for simulated in (of_a, of_b)
    )
    result = compare(a, b)
    assert result.simulated is expected
    console = Console(width=120)
    with console.capture() as captured:
        console.print(render_comparison(result, "a", "b"))
    assert ("SIMULATED DATA" in captured.get()) is (expected is True)


def test_json_has_no_nan():
    # The only bona fide subject of its kind: replicates without it have no metric.
    a = counted_scores(1, 0, 0, of=1)
    content = compare(a, a, replicates=5).to_json()
    json.dumps(content, allow_nan=False)
    assert content["interval"]["unit"] == "subject"
    assert content["differences"]["apcer"]["interval"] == [0, 0]
