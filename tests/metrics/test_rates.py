"""ISO rates at a threshold: by hand, and against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.metrics import Rate, error_rates, species_of

TYPES = ["print/printer1", "print/printer2", "replay/display1", "replay/display2", "mask", ""]
attacks = st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.just(0), st.sampled_from(TYPES))
bona_fide = st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.just(1), st.just(""))
presentations = st.tuples(st.lists(attacks, min_size=1, max_size=20), st.lists(bona_fide, min_size=1, max_size=10)).map(
    lambda both: both[0] + both[1]
)


def test_by_hand():
    # print: 1 of 4 accepted; replay: 2 of 4 accepted, both on display2; bona fide: 1 of 5 rejected.
    rows = [
        (0.1, 0, "print/printer1"),
        (0.6, 0, "print/printer1"),  # accepted: the score equals the threshold
        (0.2, 0, "print/printer2"),
        (0.3, 0, "print/printer2"),
        (0.5, 0, "replay/display1"),
        (0.4, 0, "replay/display1"),
        (0.7, 0, "replay/display2"),
        (0.9, 0, "replay/display2"),
        (0.59, 1, ""),  # rejected
        (0.6, 1, ""),
        (0.8, 1, ""),
        (0.9, 1, ""),
        (1.0, 1, ""),
    ]
    scores, labels, types = zip(*rows, strict=True)

    coarse = error_rates(scores, labels, types, 0.6)
    assert coarse.apcer_by_species == {"print": 0.25, "replay": 0.5}
    assert (coarse.worst_species, coarse.apcer) == ("replay", 0.5)
    assert coarse.apcer_pooled == 3 / 8
    assert coarse.bpcer == 1 / 5
    assert coarse.acer == pytest.approx(0.35)
    assert coarse.hter == pytest.approx((3 / 8 + 1 / 5) / 2)
    assert coarse.counts == {"attacks": 8, "attacks_accepted": 3, "bona_fide": 5, "bona_fide_rejected": 1}

    fine = error_rates(scores, labels, types, 0.6, level="fine")
    assert fine.apcer_by_species == {
        "print/printer1": 0.5,
        "print/printer2": 0.0,
        "replay/display1": 0.0,
        "replay/display2": 1.0,
    }
    assert (fine.apcer, fine.apcer_pooled, fine.bpcer) == (1.0, 3 / 8, 1 / 5)


@given(
    rows=presentations,
    threshold=st.sampled_from([-1.0, 0.0, 0.3, 0.5, 1.0, 2.0]),
    level=st.sampled_from(["coarse", "fine"]),
)
def test_equals_a_plain_loop(rows, threshold, level):
    scores, labels, types = zip(*rows, strict=True)
    rates = error_rates(scores, labels, types, threshold, level)
    expected: dict[str, list[int]] = {}
    rejected = []
    for score, label, attack_type in rows:
        if label == 1:
            rejected.append(int(score < threshold))
        else:
            species = attack_type.split("/")[0] if level == "coarse" else attack_type
            expected.setdefault(species or "unnamed", []).append(int(score >= threshold))
    assert rates.apcer_by_species == {name: sum(wrong) / len(wrong) for name, wrong in expected.items()}
    assert rates.apcer == max(sum(wrong) / len(wrong) for wrong in expected.values())
    everything = [wrong for species in expected.values() for wrong in species]
    assert rates.apcer_pooled == sum(everything) / len(everything)
    assert rates.bpcer == sum(rejected) / len(rejected)


@given(rows=presentations, threshold=st.floats(-1, 2))
def test_invariants(rows, threshold):
    scores, labels, types = zip(*rows, strict=True)
    coarse = error_rates(scores, labels, types, threshold)
    fine = error_rates(scores, labels, types, threshold, "fine")
    assert 0 <= coarse.apcer_pooled <= coarse.apcer <= fine.apcer <= 1
    assert coarse.hter <= coarse.acer
    # Rows in another order.
    assert error_rates(scores[::-1], labels[::-1], types[::-1], threshold) == coarse


def test_extreme_thresholds_and_infinite_scores():
    scores, labels, types = [-math.inf, 0.5, math.inf], [0, 0, 1], ["print", "print", ""]
    assert error_rates(scores, labels, types, -math.inf).apcer == 1.0
    assert error_rates(scores, labels, types, math.inf).apcer == 0.0
    assert error_rates(scores, labels, types, math.inf).bpcer == 0.0


def test_worst_species_of_equals_has_more_attacks():
    rates = error_rates([0, 0, 0, 1], [0, 0, 0, 1], ["mask", "replay", "replay", ""], 0.5)
    assert (rates.worst_species, rates.attacks["replay"]) == ("replay", Rate(0, 2))


def test_types_of_bona_fide_are_not_read_and_arrays_are_taken():
    rates = error_rates(np.float32([0, 1]), np.int64([0, 1]), np.array(["a/b", "c"], dtype=object), 0.5, "fine")
    assert rates.apcer_by_species == {"a/b": 0.0}


@pytest.mark.parametrize(
    ("scores", "labels", "types", "threshold", "message"),
    [
        ([0.5], [1], [""], 0.5, "at least one"),
        ([0.5], [0], ["print"], 0.5, "at least one"),
        ([], [], [], 0.5, "at least one"),
        ([0.5, 0.5], [0, 1], ["print"], 0.5, "differ"),
        ([0.5, 0.5], [0, 2], ["print", ""], 0.5, "labels are 1"),
        ([0.5, math.nan], [0, 1], ["print", ""], 0.5, "nan"),
        ([0.5, 0.5], [0, 1], ["print", ""], math.nan, "nan"),
    ],
)
def test_bad_input(scores, labels, types, threshold, message):
    with pytest.raises(ValueError, match=message):
        error_rates(scores, labels, types, threshold)


def test_unknown_level():
    with pytest.raises(ValueError, match="'coarse' or 'fine'"):
        species_of(["print"], "medium")
