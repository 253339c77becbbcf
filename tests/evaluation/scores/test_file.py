"""The scores file: what is written is read back to the bit; every kind of wrong row is named by its line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError, FasWarning
from fas.evaluation.scores.file import ScoreTable, read_scores, write_scores
from fas.evaluation.scores.provenance import provenance_path, read_provenance
from fas.evaluation.scores.table import COLUMNS

HEADER = "video_id,subject,split,label,attack_type,frame,score"
GOOD = [
    "a,01,dev,1,,0,0.9",
    "a,01,dev,1,,1,0.7",
    "b,02,test,0,print/printer1,0,0.25",
    "c,02,test,0,replay/display1,0,nan",
]
PROVENANCE = {"dataset": "oulu-simulated", "simulated": True}


def table(rows: list[tuple[str, str, str, int, str, int, float]]) -> ScoreTable:
    return ScoreTable(*(np.array(column) for column in zip(*rows, strict=True)))


def file_with(folder: Path, *lines: str) -> Path:
    path = folder / "scores.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def test_reads_every_column(tmp_path):
    scores = read_scores(file_with(tmp_path, *GOOD))
    assert scores.video_id.tolist() == ["a", "a", "b", "c"]
    assert scores.subject.tolist() == ["01", "01", "02", "02"]
    assert scores.split.tolist() == ["dev", "dev", "test", "test"]
    assert scores.label.tolist() == [1, 1, 0, 0]
    assert scores.attack_type.tolist() == ["", "", "print/printer1", "replay/display1"]
    assert scores.frame.tolist() == [0, 1, 0, 0]
    assert scores.score[:3].tolist() == [0.9, 0.7, 0.25]
    assert math.isnan(scores.score[3])


def test_presentations_are_means_in_order_of_appearance(tmp_path):
    presentations = read_scores(file_with(tmp_path, *reversed(GOOD))).presentations()
    assert presentations.video_id.tolist() == ["c", "b", "a"]
    assert presentations.attack_type.tolist() == ["replay/display1", "print/printer1", ""]
    assert presentations.label.tolist() == [0, 0, 1]
    assert math.isnan(presentations.score[0])
    assert presentations.score[1:].tolist() == pytest.approx([0.25, 0.8])
    assert presentations.where(presentations.label == 1).subject.tolist() == ["01"]


names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=8)


@given(
    facts=st.dictionaries(
        names,
        st.tuples(names, st.sampled_from(["train", "dev", "test"]), st.one_of(st.just(""), names)),
        min_size=1,
        max_size=5,
    ),
    scores=st.lists(st.floats(), min_size=1, max_size=4),
)
def test_round_trip_is_exact(tmp_path_factory, facts, scores):
    path = tmp_path_factory.mktemp("scores") / "scores.csv"
    rows = [
        (video_id, subject, split, int(attack_type == ""), attack_type, frame, score)
        for video_id, (subject, split, attack_type) in facts.items()
        for frame, score in enumerate(scores)
    ]
    # Object columns: numpy's fixed-width text drops trailing nulls.
    write_scores(path, ScoreTable(*(np.array(c, dtype=object) for c in zip(*rows, strict=True))), PROVENANCE)
    back = read_scores(path)
    for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        if name != "score":
            assert getattr(back, name).tolist() == list(column)
    np.testing.assert_array_equal(back.score, np.array([row[-1] for row in rows]))


def test_float32_scores_are_kept(tmp_path):
    score = np.float32([0.1])
    row = ("a", "1", "test", 1, "", 0)
    write_scores(tmp_path / "s.csv", ScoreTable(*(np.array([value]) for value in row), score), PROVENANCE)
    assert read_scores(tmp_path / "s.csv").score.astype(np.float32) == score


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("d,02,test,2,,0,0.5", "line 6: label is '2'; it must be 1 (bona fide) or 0 (attack)"),
        ("d,02,test,,,0,0.5", "line 6: label is ''"),
        ("d,02,test,0,print,0,high", "line 6: score is 'high'; it must be a number"),
        ("d,02,test,0,print,0,", "line 6: score is ''"),
        ("d,02,test,0,print,1.5,0.5", "line 6: frame is '1.5'; it must be a whole number from 0"),
        ("d,02,test,0,print,-1,0.5", "line 6: frame is '-1'"),
        ("d,02,eval,0,print,0,0.5", "line 6: split is 'eval'; it must be one of train, dev, test"),
        ("d,02,test,1,print,0,0.5", "line 6: a bona fide row (label 1) has the attack type 'print'"),
        (",02,test,0,print,0,0.5", "line 6: the video_id is empty"),
        ("d,,test,0,print,0,0.5", "line 6: the subject is empty"),
        ("d,02,test,0,print,0", "line 6: 6 fields instead of 7"),
        ("d,02,test,0,print,0,0.5,9", "line 6: 8 fields instead of 7"),
        ("a,01,dev,1,,1,0.5", "line 6: frame 1 of video 'a' appears twice (first on line 3)"),
        ("a,01,dev,0,,2,0.5", "line 6: video 'a' has label 0, but 1 on line 2"),
        ("a,09,dev,1,,2,0.5", "line 6: video 'a' has subject '09', but '01' on line 2"),
        ("a,01,test,1,,2,0.5", "line 6: video 'a' has split 'test', but 'dev' on line 2"),
        ("b,02,test,0,mask,2,0.5", "line 6: video 'b' has attack_type 'mask', but 'print/printer1' on line 4"),
        ('"d,02,test,0,print,0,0.5', "line 6: not CSV"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path, line, message):
    path = file_with(tmp_path, *GOOD, line)
    with pytest.raises(FasError) as error:
        read_scores(path)
    assert error.value.cause.startswith(message)
    assert error.value.path == path


def test_lines_are_counted_over_blank_lines(tmp_path):
    with pytest.raises(FasError, match="line 7: label"):
        read_scores(file_with(tmp_path, *GOOD, "", "d,02,test,2,,0,0.5"))


def test_columns_in_another_order_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "scores.csv"
    text = "score,extra,video_id,subject,split,label,attack_type,frame\r\n0.5,x,a,1,test,1,,0\r\n"
    path.write_text(text, encoding="utf-8-sig", newline="")
    scores = read_scores(path)
    assert (scores.video_id[0], scores.score[0]) == ("a", 0.5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (HEADER.encode(), "no rows"),
        (b"video_id,score\na,0.5\n", "line 1: no column subject, split, label, attack_type, frame"),
        (HEADER.encode() + b",score\n", "line 1: column score appears twice"),
        (HEADER.encode() + b"\n\xff\xfe\x00,1\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_scores_file(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    with pytest.raises(FasError, match=message):
        read_scores(path)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FasError, match="cannot read the scores file"):
            read_scores(path)


def test_the_provenance_is_next_to_the_scores_and_notices_a_change(tmp_path):
    path = tmp_path / "run" / "scores.csv"
    write_scores(path, table([("a", "1", "test", 1, "", 0, 0.5)]), {**PROVENANCE, "fold": 2})
    provenance = read_provenance(path)
    assert provenance is not None
    assert (provenance["dataset"], provenance["simulated"], provenance["fold"]) == ("oulu-simulated", True, 2)
    path.write_text(path.read_text().replace("0.5", "0.6"))
    with pytest.warns(FasWarning, match=r"scores\.csv was changed after its provenance scores\.json"):
        assert read_provenance(path) == provenance


def test_provenance_is_optional_to_read_but_never_silently_wrong(tmp_path):
    path = file_with(tmp_path, *GOOD)
    assert read_provenance(path) is None
    for text in ("{", "[]", "{}", json.dumps({"simulated": "yes"})):
        provenance_path(path).write_text(text)
        with pytest.raises(FasError, match="provenance"):
            read_provenance(path)


@pytest.mark.parametrize("provenance", [{}, {"dataset": "oulu"}, {"simulated": False}, {"dataset": 1, "simulated": 0}])
def test_provenance_is_required_to_write(tmp_path, provenance):
    with pytest.raises(ValueError, match="provenance needs"):
        write_scores(tmp_path / "scores.csv", table([("a", "1", "test", 1, "", 0, 0.5)]), provenance)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_table_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "scores.csv"
    write_scores(path, table([("a", "1", "test", 1, "", 0, 0.5)]), PROVENANCE)
    before = path.read_bytes(), provenance_path(path).read_bytes()
    wrong = table([("a", "1", "test", 1, "", 0, 0.5), ("a", "1", "test", 1, "", 0, 0.6)])
    with pytest.raises(FasError, match="line 3: frame 0 of video 'a' appears twice"):
        write_scores(path, wrong, PROVENANCE)
    assert (path.read_bytes(), provenance_path(path).read_bytes()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["scores.csv", "scores.json"]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FasError, match="cannot write"):
        write_scores(tmp_path / "file" / "scores.csv", table([("a", "1", "test", 1, "", 0, 0.5)]), PROVENANCE)


def test_unequal_columns():
    with pytest.raises(ValueError, match="different lengths"):
        ScoreTable(*(np.array([1]) for _ in range(6)), np.array([]))


def test_frames_with_opposite_infinities_have_no_mean():
    rows = [("a", "1", "test", 1, "", frame, score) for frame, score in enumerate((math.inf, -math.inf))]
    with pytest.raises(FasError, match="no mean"):
        table(rows).presentations()
