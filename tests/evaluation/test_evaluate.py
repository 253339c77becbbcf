"""Evaluation of score tables: by hand, compared with scikit-learn, and what it refuses or warns of."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from fas.errors import FasError
from fas.evaluation.as_json import evaluation_json, write_evaluation
from fas.evaluation.evaluate import Evaluation, evaluate_scores
from fas.evaluation.terminal import render
from fas.metrics import (
    OPERATING_POINTS,
    SpeciesScores,
    apcer_threshold,
    eer_threshold,
    frr_threshold,
    min_hter_threshold,
)
from tests.fakes.scores import PROVENANCE, random_scores, score_table

# Two frames each. Means on dev: attacks 0.1, 0.4, bona fide 0.3, 0.9, so the distinct means are 0.1 0.3 0.4 0.9 and at
# the midpoint 0.35 FAR = FRR = 1/2.
DEV = [
    ("d1", "21", "dev", 0, "print/printer1", 0, 0.0),
    ("d1", "21", "dev", 0, "print/printer1", 1, 0.2),
    ("d2", "21", "dev", 0, "replay/display1", 0, 0.4),
    ("d3", "22", "dev", 1, "", 0, 0.3),
    ("d4", "22", "dev", 1, "", 0, 0.9),
]
# At 0.35: print 1 of 2 accepted, replay 0 of 1, bona fide 1 of 3 rejected.
TEST = [
    ("t1", "36", "test", 0, "print/printer1", 0, 0.9),
    ("t1", "36", "test", 0, "print/printer1", 1, 0.7),
    ("t2", "36", "test", 0, "print/printer2", 0, 0.1),
    ("t3", "36", "test", 0, "replay/display1", 0, 0.2),
    ("t4", "37", "test", 1, "", 0, 0.3),
    ("t5", "37", "test", 1, "", 0, math.nan),
    ("t5", "37", "test", 1, "", 1, 0.6),
    ("t6", "37", "test", 1, "", 0, 0.9),
]


def cautions(evaluation: Evaluation) -> list[str]:
    """The warnings, without the one on intervals over the few subjects of these tables."""
    return [text for text in evaluation.warnings if not text.startswith("the intervals are rough")]


def test_by_hand():
    evaluation = evaluate_scores(score_table(DEV + TEST))
    assert evaluation.threshold.value == pytest.approx(0.35)
    assert evaluation.threshold.rule == "dev-eer"
    assert "50.00 % over 2 bona fide and 2 attack presentations" in evaluation.threshold.origin
    rates = evaluation.rates
    assert rates.apcer_by_species == {"print": 0.5, "replay": 0.0}
    assert (rates.apcer, rates.apcer_pooled, rates.bpcer) == pytest.approx((1 / 2, 1 / 3, 1 / 3))
    assert (rates.acer, rates.hter) == pytest.approx((5 / 12, 1 / 3))
    assert evaluation.fine.apcer_by_species == {"print/printer1": 1.0, "print/printer2": 0.0, "replay/display1": 0.0}
    # Test means: attacks 0.8 0.1 0.2, bona fide 0.3 0.6 0.9. Pairs won: 2, 2, 3 of 3 each.
    assert evaluation.auc == pytest.approx(7 / 9)
    # Equal errors at the midpoint of 0.3 and 0.6: FAR 1/3 (0.8), FRR 1/3 (0.3).
    assert evaluation.eer == pytest.approx(1 / 3)
    assert evaluation.counts == {
        "presentations": 6,
        "attacks": 3,
        "attacks_accepted": 1,
        "bona_fide": 3,
        "bona_fide_rejected": 1,
        "subjects": 2,
        "frames": 8,
        "frames_without_score": 1,
        "failures_to_acquire": {},
    }
    assert evaluation.warnings == ("the intervals are rough: they are based on only 2 subjects",)


def test_fine_level_takes_the_maximum_over_fine_species():
    evaluation = evaluate_scores(score_table(DEV + TEST), level="fine")
    assert (evaluation.rates.worst_species, evaluation.rates.apcer) == ("print/printer1", 1.0)
    assert evaluation.rates.acer == pytest.approx((1 + 1 / 3) / 2)


@pytest.mark.parametrize("threshold", [0.65, "0.65", "6.5e-1"])
def test_a_fixed_threshold_needs_no_dev_rows(threshold):
    evaluation = evaluate_scores(score_table(TEST), threshold=threshold)
    assert (evaluation.threshold.value, evaluation.threshold.rule) == (0.65, "fixed")
    assert evaluation.rates.bpcer == pytest.approx(2 / 3)


def test_dev_rows_from_another_table_replace_those_of_the_first():
    other = [("x", "1", "dev", 0, "print", 0, 0.2), ("y", "2", "dev", 1, "", 0, 0.3)]
    evaluation = evaluate_scores(score_table(DEV + TEST), score_table(other, path=Path("other.csv")))
    assert evaluation.threshold.value == pytest.approx(0.25)
    assert "dev split in other.csv" in evaluation.threshold.origin


def test_json_has_every_rate_with_counts_and_interval():
    content = json.loads(json.dumps(evaluation_json(evaluate_scores(score_table(DEV + TEST))), allow_nan=False))
    assert content["threshold"] == {
        "value": pytest.approx(0.35),
        "rule": "dev-eer",
        "origin": "EER of the dev split: 50.00 % over 2 bona fide and 2 attack presentations, species pooled",
    }
    assert content["apcer"]["species"] == "print"
    for rate in (content["apcer"], content["bpcer"], content["apcer_pooled"], *content["apcer_by_species"].values()):
        assert rate["value"] == rate["errors"] / rate["total"]
        lower, upper = rate["interval"]
        assert lower <= rate["value"] <= upper
    assert set(content["apcer_by_species"]) == {"print", "replay"}
    assert set(content["apcer_by_fine_species"]) == {"print/printer1", "print/printer2", "replay/display1"}
    values = {"acer": 5 / 12, "hter": 1 / 3, "eer": 1 / 3, "auc": 7 / 9}
    for name, value in values.items():
        assert content[name]["value"] == pytest.approx(value)
        lower, upper = content[name]["interval"]
        assert 0 <= lower <= value + 1e-12
        assert value - 1e-12 <= upper <= 1
    assert (content["eer"]["computed_on"], content["eer"]["optimistic"]) == ("test", True)
    assert (content["level"], content["aggregation"], content["split"]) == ("coarse", "mean", "test")
    assert (content["simulated"], content["provenance"]) == (None, None)


def test_scikit_learn_agrees_on_many_scores():
    table = random_scores(seed=5, frames=3)
    evaluation = evaluate_scores(table)
    presentations = evaluation.presentations
    assert len(presentations) == 4 * 2 * 2 * 5
    assert evaluation.auc == pytest.approx(roc_auc_score(presentations.label, presentations.score))
    means = {}
    for video_id, score in zip(table.video_id, table.score, strict=True):
        means.setdefault(video_id, []).append(score)
    assert presentations.score.tolist() == pytest.approx(
        [np.mean(means[video_id]) for video_id in presentations.video_id]
    )


def test_presentations_without_a_score_are_counted_and_in_no_rate():
    lost = [
        ("t7", "37", "test", 1, "", 0, math.nan),
        ("t8", "37", "test", 0, "mask/silicone", 0, math.nan),
        ("t9", "37", "test", 0, "print/printer1", 0, math.nan),
    ]
    evaluation = evaluate_scores(score_table(DEV + TEST + lost))
    assert evaluation.failures == {"bona fide": 1, "mask/silicone": 1, "print/printer1": 1}
    assert evaluation.counts["presentations"] == 6
    assert evaluation.rates == evaluate_scores(score_table(DEV + TEST)).rates
    assert cautions(evaluation) == ["no presentation of species mask/silicone has a score: it is not in any rate"]


def test_infinite_scores_give_plain_json():
    rows = [
        ("a", "1", "dev", 0, "print", 0, -math.inf),
        ("b", "2", "dev", 1, "", 0, math.inf),
        ("c", "3", "test", 0, "print", 0, -math.inf),
        ("d", "4", "test", 1, "", 0, math.inf),
    ]
    evaluation = evaluate_scores(score_table(rows))
    assert (evaluation.rates.acer, evaluation.auc) == (0.0, 1.0)
    assert json.loads(json.dumps(evaluation_json(evaluation), allow_nan=False))["threshold"]["value"] == "inf"


def test_subjects_of_dev_or_train_in_test_are_named():
    rows = [*DEV, *TEST, ("r", "36", "train", 1, "", 0, 0.5), ("s", "21", "test", 1, "", 0, 0.5)]
    train, dev = cautions(evaluate_scores(score_table(rows)))
    assert train.startswith("1 subject(s) are in train and in test (36)")
    assert dev.startswith("1 subject(s) are in dev and in test (21)")


@pytest.mark.parametrize(("dataset", "warnings"), [("oulu-simulated", 1), ("replay", 0), (None, 1)])
def test_a_subject_of_another_dev_file_may_be_another_person(dataset, warnings):
    table = score_table([*DEV, *TEST], provenance=PROVENANCE)
    rows = [("x", "36", "dev", 0, "print", 0, 0.2), ("y", "2", "dev", 1, "", 0, 0.3)]
    dev = score_table(rows, provenance=None if dataset is None else {"dataset": dataset, "simulated": True})
    assert len(cautions(evaluate_scores(table, dev))) == warnings


def test_scores_worse_than_chance_are_named():
    table = random_scores()
    (warning,) = cautions(evaluate_scores(replace(table, score=1 - table.score)))
    assert "inverted" in warning
    assert warning.endswith("If high scores mean attack, give `fas evaluate` the option --higher-is attack")


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        ({"provenance": PROVENANCE}, "High must mean bona fide"),
        ({"higher_is": "attack"}, "Leave out --higher-is attack"),
    ],
)
def test_inverted_scores_get_no_advice_that_is_refused(facts, remedy):
    table = random_scores(**facts)
    warnings = cautions(evaluate_scores(replace(table, score=1 - table.score)))
    assert any(remedy in warning for warning in warnings)


def test_thresholds_of_scores_that_are_high_for_attacks_are_in_the_direction_of_the_file():
    # In the file: attacks 0.9 and 0.3, bona fide 0.3 and 0.1. At 0.3 both scores of 0.3 are accepted.
    rows = [("a", "1", "test", 0, "print", 0, 0.9), ("b", "2", "test", 0, "print", 0, 0.3)]
    rows += [("c", "1", "test", 1, "", 0, 0.3), ("d", "2", "test", 1, "", 0, 0.1)]
    in_file = score_table(rows)
    table = replace(in_file, score=0.0 - in_file.score, higher_is="attack")
    evaluation = evaluate_scores(table, threshold="0.3", replicates=1)
    assert (evaluation.rates.apcer, evaluation.rates.bpcer) == (0.5, 0.0)
    strict = evaluate_scores(table, threshold="0.29", replicates=1)
    assert (strict.rates.apcer, strict.rates.bpcer) == (0.0, 0.5)
    content = evaluation_json(evaluation)
    assert (content["threshold"]["value"], content["accepted_if"]) == (0.3, "score <= threshold")
    # APCER where no bona fide presentation is rejected: at the highest of their scores in the file.
    assert content["operating_points"]["apcer10"]["threshold"] == 0.3
    assert "accepted as bona fide if the mean score over frames <= 0.3" in text(evaluation)
    assert "threshold 0.3 (fixed)" in text(evaluation)
    highest = evaluate_scores(table, threshold="0", aggregation="max", replicates=1)
    assert "if the min score over frames <= 0\n" in text(highest)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (TEST, "the dev split has no bona fide presentation"),
        ([*TEST, *DEV[:3]], "the dev split has no bona fide presentation"),
        ([*TEST, *DEV[3:]], "the dev split has no attack"),
        (DEV, "the test split has no bona fide presentation"),
        ([*DEV, *TEST[:4]], "the test split has no bona fide presentation"),
        ([*DEV, *TEST[4:]], "the test split has no attack"),
        ([*DEV, *TEST[:4], TEST[5]], r"no bona fide presentation with a score \(4 presentations"),
    ],
)
def test_a_class_is_missing(rows, message):
    with pytest.raises(FasError, match=message):
        evaluate_scores(score_table(rows, path=Path("scores.csv")))


@pytest.mark.parametrize("threshold", ["test-eer", "nan", "inf", "", math.nan, -math.inf])
def test_unknown_threshold(threshold):
    with pytest.raises(FasError, match="unknown threshold"):
        evaluate_scores(score_table(DEV + TEST), threshold=threshold)


def test_simulated_is_in_the_json_and_the_text():
    simulated = score_table(DEV + TEST, provenance=PROVENANCE)
    evaluation = evaluate_scores(simulated)
    assert evaluation_json(evaluation)["simulated"] is True
    assert "SIMULATED DATA" in text(evaluation)
    real = score_table(DEV + TEST, provenance={"dataset": "oulu", "simulated": False})
    assert evaluate_scores(real).simulated is False
    assert "SIMULATED" not in text(evaluate_scores(real))
    assert "unknown" not in text(evaluate_scores(real))
    # A threshold from simulated data is enough.
    mixed = evaluate_scores(real, simulated)
    assert mixed.simulated is True
    assert "SIMULATED DATA" in text(mixed)
    unknown = evaluate_scores(score_table(DEV + TEST))
    assert "unknown" in text(unknown)


def text(evaluation, **settings) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(render(evaluation, "scores.csv", **settings))
    return console.export_text()


def test_text_names_threshold_counts_failures_and_warnings():
    rows = [*DEV, *TEST, ("t7", "21", "test", 1, "", 0, math.nan)]
    shown = text(evaluate_scores(score_table(rows)))
    assert "threshold 0.35 (dev-eer): EER of the dev split" in shown
    assert "6 presentations of 2 subjects (3 bona fide, 3 attacks), 9 frames" in shown
    assert "failure to acquire (no frame has a score; not in any rate): 1 bona fide" in shown
    assert "warning: 1 subject(s) are in dev and in test (21)" in shown
    assert "50.00 %" in shown
    assert "failure-to-acquire rate 14.29 % (1 / 7); counted as rejections: APCER 50.00 %, BPCER 50.00 %" in shown
    assert "intervals: bootstrap over 2 subjects, 1000 replicates, seed 0" in shown
    assert "BPCER at APCER <= 1%" not in shown
    assert "10 of 10 operating points are hidden: with so few presentations a single error exceeds" in shown


def test_operating_points_that_cannot_be_resolved_are_shown_on_request_and_are_always_in_the_json():
    # 20 prints, 10 bona fide presentations: BPCER 10 and 20, APCER 10 can be resolved.
    rows = [(f"a{i}", f"a{i}", "test", 0, "print", 0, 0.1 + i / 100) for i in range(20)]
    rows += [(f"b{i}", f"b{i}", "test", 1, "", 0, 0.9 - i / 100) for i in range(10)]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5, replicates=5)
    names = [point.name for point in OPERATING_POINTS]
    some, every = text(evaluation), text(evaluation, every_point=True)
    assert [name for name in names if re.search(rf"\b{re.escape(name)} ", some)] == ["bpcer10", "bpcer20", "apcer10"]
    assert "7 of 10 operating points are hidden" in some
    assert "`fas evaluate --all` shows them" in " ".join(some.split())
    assert [name for name in names if re.search(rf"\b{re.escape(name)} ", every)] == names
    assert "BPCER at APCER <= 1%; too few to resolve" in every
    assert "not shown" not in every
    assert list(evaluation_json(evaluation)["operating_points"]) == names


def test_write_is_readable_json(tmp_path):
    evaluation = evaluate_scores(score_table(DEV + TEST))
    write_evaluation(tmp_path / "run" / "evaluation.json", evaluation)
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text()) == json.loads(
        json.dumps(evaluation_json(evaluation))
    )


def test_presentations_that_were_never_preprocessed_are_named():
    warnings = evaluate_scores(random_scores(provenance={**PROVENANCE, "absent": {"dev": 0, "test": 12}})).warnings
    assert [text for text in warnings if "never preprocessed" in text] == [
        "12 test presentations of the published dataset were never preprocessed: they are not in any number"
    ]
    assert not cautions(evaluate_scores(random_scores(provenance=PROVENANCE)))


def test_operating_points_and_their_mirror_images_by_hand():
    # Attacks 0.1 ... 1.0 of one species, bona fide 0.65 and 0.95. One attack of ten may pass at 10 %.
    rows = [(f"a{i}", f"s{i}", "test", 0, "print", 0, i / 10) for i in range(1, 11)]
    rows += [("b1", "s1", "test", 1, "", 0, 0.65), ("b2", "s2", "test", 1, "", 0, 0.95)]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5, replicates=20)
    points = evaluation_json(evaluation)["operating_points"]
    assert points["bpcer10"]["threshold"] == 1.0  # the attack of 1.0 passes
    assert points["bpcer10"]["value"] == 1.0
    assert points["bpcer10"]["held"] == {"rate": "apcer", "target": 0.1, "value": 0.1, "errors": 1, "total": 10}
    assert points["bpcer10"]["resolved"] is True
    assert points["bpcer20"]["held"]["errors"] == 0
    assert points["bpcer20"]["resolved"] is False
    assert points["apcer10"]["threshold"] == 0.65  # no bona fide presentation may be rejected
    assert points["apcer10"]["value"] == 0.4  # 0.7, 0.8, 0.9, 1.0
    assert points["tdr_at_fdr_0.02"]["value"] == 0.6
    assert points["tpr_at_fpr_0.0001"]["value"] == 0.0
    assert points["bpcer10"]["optimistic"] is True


def test_rules_of_the_threshold():
    table = random_scores(seed=3)
    presentations = table.presentations()
    presentations = presentations.where(presentations.split == "dev")
    attacks, bona_fide = (presentations.score[presentations.label == label] for label in (0, 1))
    scores = SpeciesScores.from_presentations(presentations.score, presentations.label, presentations.attack_type)
    expected = {
        "dev-eer": eer_threshold(attacks, bona_fide),
        "dev-min-hter": min_hter_threshold(attacks, bona_fide),
        "dev-bpcer10": apcer_threshold(scores, 0.1),
        "dev-bpcer100": apcer_threshold(scores, 0.01),
        "dev-apcer20": frr_threshold(bona_fide, 0.05),
    }
    for rule, value in expected.items():
        chosen = evaluate_scores(table, threshold=rule, replicates=1).threshold
        assert (chosen.rule, chosen.value) == (rule, value)
        assert "over 16 bona fide and 64 attack presentations" in chosen.origin
    test = evaluate_scores(table, threshold="test-eer-optimistic", replicates=1)
    assert "optimistic" in test.threshold.origin
    assert test.rates.hter == test.eer


def test_test_eer_needs_no_dev_rows():
    assert evaluate_scores(score_table(TEST), threshold="test-eer-optimistic").eer == pytest.approx(1 / 3)


@pytest.mark.parametrize(("aggregation", "score"), [("mean", 0.5), ("median", 0.4), ("max", 0.9), ("last", 0.2)])
def test_aggregation(aggregation, score):
    rows = [*TEST, *(("x", "38", "test", 1, "", frame, value) for frame, value in ((2, 0.2), (0, 0.9), (1, 0.4)))]
    evaluation = evaluate_scores(score_table(rows), threshold=0.5, aggregation=aggregation, replicates=1)
    assert evaluation.presentations.score[evaluation.presentations.video_id == "x"] == pytest.approx(score)
    assert evaluation_json(evaluation)["aggregation"] == aggregation


def test_failures_as_rejections():
    lost = [
        ("t7", "37", "test", 1, "", 0, math.nan),
        ("t8", "37", "test", 0, "mask/silicone", 0, math.nan),
        ("t9", "37", "test", 0, "print/printer1", 0, math.nan),
    ]
    failures = evaluation_json(evaluate_scores(score_table(DEV + TEST + lost)))["failures_to_acquire"]
    assert (failures["rate"]["errors"], failures["rate"]["total"]) == (3, 9)
    assert (failures["bona_fide"]["errors"], failures["bona_fide"]["total"]) == (1, 4)
    assert failures["attacks"]["mask"]["value"] == 1.0
    assert failures["attacks"]["print"]["value"] == pytest.approx(1 / 3)
    # Without them print 1 of 2 and bona fide 1 of 3.
    assert failures["as_rejections"]["apcer"]["value"] == pytest.approx(1 / 3)
    assert failures["as_rejections"]["bpcer"]["value"] == pytest.approx(2 / 4)


def test_intervals_over_subjects_are_wider_than_over_presentations_of_alike_ones():
    rng = np.random.default_rng(0)
    rows = []
    for subject in range(20):
        ease = rng.normal()
        rows += [
            (
                f"{subject}-{i}",
                f"{subject}",
                "test",
                i % 2,
                "" if i % 2 else "print",
                0,
                i % 2 + ease + rng.normal(0, 0.1),
            )
            for i in range(40)
        ]
    subjects, presentations = (
        evaluate_scores(score_table(rows), threshold=0.5, unit=unit).intervals for unit in ("subjects", "presentations")
    )
    assert (subjects.units, presentations.units) == (20, 800)
    for name in ("apcer", "bpcer", "acer", "hter", "eer", "auc"):
        widths = [one.of[name].upper - one.of[name].lower for one in (subjects, presentations)]
        assert widths[0] > 1.5 * widths[1], name
    again = evaluate_scores(score_table(rows), threshold=0.5).intervals
    assert again == subjects
    assert evaluate_scores(score_table(rows), threshold=0.5, seed=1).intervals.of != subjects.of


def test_the_rule_of_three_where_nothing_failed():
    rows = [(f"a{i}", f"s{i % 15}", "test", 0, "print", 0, 0.1) for i in range(60)]
    rows += [(f"b{i}", f"s{i % 30}", "test", 1, "", 0, 0.9) for i in range(60)]
    of = evaluate_scores(score_table(rows), threshold=0.5).intervals.of
    of_15, of_30 = (1 - 0.05 ** (1 / subjects) for subjects in (15, 30))
    expected = {
        "bpcer": of_30,
        "apcer": of_15,
        "acer": (of_30 + of_15) / 2,
        "hter": (of_30 + of_15) / 2,
        "eer": (of_30 + of_15) / 2,
        "bpcer20": of_30,
    }
    for name, upper in expected.items():
        assert (of[name].method, of[name].lower) == ("rule of three", 0.0)
        assert of[name].upper == pytest.approx(upper)
    assert (of["auc"].lower, of["auc"].upper) == pytest.approx((1 - of_30 - of_15, 1.0))
    inverted = evaluate_scores(score_table([(*row[:6], 1 - row[6]) for row in rows]), threshold=0.5).intervals.of
    assert (inverted["bpcer"].lower, inverted["bpcer"].upper) == pytest.approx((1 - of_30, 1.0))


def test_scores_of_two_directions_are_named():
    table = random_scores()
    flipped = replace(table, score=np.where(table.split == "dev", 1 - table.score, table.score))
    (warning,) = cautions(evaluate_scores(flipped))
    assert warning.startswith("the scores run in two directions: the AUC is 0.00")


def test_subjects_without_names_are_nobody():
    table = random_scores(provenance=PROVENANCE)
    evaluation = evaluate_scores(replace(table, subject=np.full(len(table), "", dtype=object)))
    assert evaluation.intervals.unit == "presentations"
    assert list(evaluation.warnings) == [
        "the subjects are not named: the intervals treat presentations as independent, so they may be too narrow"
    ]


def test_species_names_are_no_markup():
    rows = [("a", "1", "test", 0, "[red]x", 0, 0.1), ("b", "2", "test", 1, "", 0, 0.9)]
    assert "APCER [red]x" in text(evaluate_scores(score_table(rows), threshold=0.5))
