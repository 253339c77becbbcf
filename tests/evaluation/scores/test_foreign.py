"""Scores files of others: bob's two formats, any CSV by its columns; what is wrong is named by its line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fas.errors import FasError
from fas.evaluation.scores.file import write_scores
from fas.evaluation.scores.foreign import parse_columns, read_any_scores
from fas.evaluation.scores.table import COLUMNS
from tests.fakes.scores import PROVENANCE, random_scores

FOUR = """\
001 001 real/001.mov 0.9
001 print attack/001_p.mov 0.2
001 replay/phone attack/001_r.mov -0.3
002 002 real/002.mov 0.8
002 attack attack/002.mov 0.1
002 attack/mask attack/002_m.mov nan
"""
BOB = """\
claimed_id,test_label,is_bonafide,attack_type,score,frame_id,video_key
1,real/1_0,True,,0.9,0,real/1
1,real/1_5,True,,0.7,5,real/1
1,att/1_0,False,print,0.2,0,att/1
2,att/2_0,False,replay/1,,0,att/2
"""


def written(folder: Path, text: str, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_file_is_read_with_its_provenance(tmp_path):
    write_scores(tmp_path / "scores.csv", random_scores(), PROVENANCE)
    table = read_any_scores(tmp_path / "scores.csv", "test")
    assert set(table.split.tolist()) == {"dev", "test"}
    assert table.provenance is not None


def test_four_columns(tmp_path):
    table = read_any_scores(written(tmp_path, FOUR, "scores-eval"), "test")
    assert table.label.tolist() == [1, 0, 0, 1, 0, 0]
    assert table.attack_type.tolist() == ["", "print", "replay/phone", "", "", "mask"]
    assert table.subject.tolist() == ["001", "001", "001", "002", "002", "002"]
    assert table.video_id[0] == "real/001.mov"
    assert table.score[:5].tolist() == [0.9, 0.2, -0.3, 0.8, 0.1]
    assert math.isnan(table.score[5])
    assert set(table.split.tolist()) == {"test"}
    assert table.provenance is None


def test_a_byte_order_mark_is_not_part_of_the_first_identity(tmp_path):
    plain, marked = written(tmp_path, FOUR, "plain"), written(tmp_path, "\ufeff" + FOUR, "marked")
    tables = [read_any_scores(path, "test") for path in (plain, marked)]
    assert tables[0].label[0] == tables[1].label[0] == 1
    assert tables[0].subject.tolist() == tables[1].subject.tolist()


def test_four_columns_that_are_not_text_are_one_message(tmp_path):
    (tmp_path / "scores").write_bytes(FOUR.encode() * 400 + b"\xff 1 a 0.5\n")
    with pytest.raises(FasError, match="not UTF-8 text"):
        read_any_scores(tmp_path / "scores", "test")


NAMED = {"score": "score", "label": "label", "video_id": "video_id", "subject": "subject", "attack_type": "attack_type"}


@pytest.mark.parametrize(
    ("header", "columns"), [(",".join(COLUMNS), None), (",".join(COLUMNS), NAMED), (None, None)], ids=str
)
def test_scores_that_are_high_for_attacks_are_negated(tmp_path, header, columns):
    scores = ["0.25", "0", "-0.0", "1e-300", "nan"]
    lines = [f"v{i},s,test,1,,0,{score}" if header else f"s s v{i} {score}" for i, score in enumerate(scores)]
    path = written(tmp_path, "\n".join([*([header] if header else []), *lines]) + "\n")
    table = read_any_scores(path, "test", columns, higher_is="attack")
    assert table.higher_is == "attack"
    assert [str(score) for score in table.score.tolist()] == ["-0.25", "0.0", "0.0", "-1e-300", "nan"]


def test_the_direction_of_our_own_scores_is_known(tmp_path):
    path = tmp_path / "scores.csv"
    write_scores(path, random_scores(), PROVENANCE)
    few = {"score": "score", "label": "label"}
    for columns in (None, few):
        with pytest.raises(FasError, match="its high scores mean bona fide"):
            read_any_scores(path, "test", columns, higher_is="attack")
    for other in ("{", "[]", "{}"):  # a file of something else that happens to have the name
        path.with_suffix(".json").write_text(other)
        assert read_any_scores(path, "test", few, higher_is="attack").higher_is == "attack"


def test_four_columns_with_tabs_and_several_scores_of_a_presentation(tmp_path):
    table = read_any_scores(written(tmp_path, "1\t1\tx\t0.5\n1\t1\tx\t0.7\n\n1\tprint\ty\t0.1\n"), "dev")
    assert table.frame.tolist() == [0, 1, 0]
    assert table.presentations().score.tolist() == pytest.approx([0.6, 0.1])
    assert set(table.split.tolist()) == {"dev"}


def test_bob_csv(tmp_path):
    table = read_any_scores(written(tmp_path, BOB), "test")
    assert table.video_id.tolist() == ["real/1", "real/1", "att/1", "att/2"]
    assert table.frame.tolist() == [0, 5, 0, 0]
    assert table.label.tolist() == [1, 1, 0, 0]
    assert table.attack_type.tolist() == ["", "", "print", "replay/1"]
    assert math.isnan(table.score[3])
    assert table.presentations().score[0] == pytest.approx(0.8)


def test_bob_csv_without_frames(tmp_path):
    text = "claimed_id,test_label,is_bonafide,attack_type,sample_n,score\n"
    text += "1,a,true,,0,0.9\n1,a,true,,1,0.5\n2,b,FALSE,mask,0,0.1\n"
    table = read_any_scores(written(tmp_path, text), "dev")
    assert table.frame.tolist() == [0, 1, 0]
    assert table.label.tolist() == [1, 1, 0]


def test_any_csv_by_its_columns(tmp_path):
    text = "file,who,is_live,kind,p,set\na.mp4,x,1,live,0.9,val\nb.mp4,y,0,print,0.1,eval\n"
    columns = parse_columns("video_id=file,subject=who,label=is_live,attack_type=kind,score=p,split=set")
    table = read_any_scores(written(tmp_path, text), "test", columns)
    assert table.video_id.tolist() == ["a.mp4", "b.mp4"]
    assert table.split.tolist() == ["dev", "test"]
    assert table.attack_type.tolist() == ["", "print"]


def test_two_columns_are_enough(tmp_path):
    table = read_any_scores(written(tmp_path, "p,y\n0.9,1\n0.1,0\n"), "test", {"score": "p", "label": "y"})
    assert table.video_id.tolist() == ["line 2", "line 3"]
    assert table.subject.tolist() == ["", ""]
    assert table.attack_type.tolist() == ["", ""]


@pytest.mark.parametrize(
    ("bona_fide", "labels", "expected", "species"),
    [
        ("live", ("live", "print", "mask"), [1, 0, 0], ["", "print", "mask"]),
        ("Live", ("live", "spoof", "spoof"), [1, 0, 0], ["", "spoof", "spoof"]),
        ("0", ("0", "1", "1"), [1, 0, 0], ["", "", ""]),
        ("-1", ("1", "-1", "2.0"), [0, 1, 0], ["", "", ""]),
    ],
)
def test_a_label_that_means_bona_fide(tmp_path, bona_fide, labels, expected, species):
    path = written(tmp_path, "p,y\n" + "".join(f"0.5,{label}\n" for label in labels))
    table = read_any_scores(path, "test", {"score": "p", "label": "y"}, bona_fide)
    assert table.label.tolist() == expected
    assert table.attack_type.tolist() == species


@pytest.mark.parametrize(
    ("text", "columns", "bona_fide", "message"),
    [
        ("p,y\n0.5,1\n", "score=q,label=y", None, "line 1: no column q; the header has p, y"),
        ("p,y,p\n0.5,1,1\n", "score=p,label=y", None, "line 1: column p appears twice"),
        ("p,y\n0.5,1\n0.5,2\n", "score=p,label=y", None, "line 3: label is '2'"),
        ("p,y\n0.5,real\n", "score=p,label=y", None, "line 2: label is 'real'; it must be 1"),
        ("p,y\n0.5,real\n", "score=p,label=y", "live", "no row has the label 'live' in column 'y'"),
        ("p,y\n0.5,1\nhigh,0\n", "score=p,label=y", None, "line 3: score is 'high'"),
        ("p,y\n0.5,1,9\n", "score=p,label=y", None, "line 2: 3 fields instead of 2"),
        ("p,y,v\n1,1,a\n1,0,b\n1,1,a\n", "score=p,label=y,video_id=v", None, "line 4: frame 0 of video 'a' appears"),
        ("p,y,v\n1,1,a\n1,0,a\n", "score=p,label=y,video_id=v", None, "line 3: video 'a' has label 0, but 1 on line 2"),
        ("p,y,s\n1,1,holdout\n", "score=p,label=y,split=s", None, "line 2: split is 'holdout'; known are train"),
        ("p,y,w\n1,1,\n", "score=p,label=y,subject=w", None, "line 2: the subject is empty"),
        ("", "score=p,label=y", None, "line 1: no column p, y"),
        ("p,y\n", "score=p,label=y", None, "no rows"),
        ("1 1 a 0.5\n1 1 b\n", None, None, "line 2: 3 fields instead of 4"),
        ("1 1 a 0.5\n1 print a 0.5\n", None, None, "line 2: video 'a' has label 0, but 1 on line 1"),
        ("1 1 a x\n", None, None, "line 1: score is 'x'"),
        (BOB.replace("False", "No"), None, None, None),
        ("a,b\n1,2\n", None, None, "line 1: no column video_id"),
        ("a,b\n1,2\n", None, "live", "--bona-fide is for files that are read by --columns"),
    ],
)  # fmt: skip
def test_mistakes_are_named_by_their_line(tmp_path, text, columns, bona_fide, message):
    path = written(tmp_path, text)
    mapping = None if columns is None else parse_columns(columns)
    if message is None:  # every word but true is an attack, as in bob
        assert read_any_scores(path, "test", mapping, bona_fide).label.tolist() == [1, 1, 0, 0]
        return
    with pytest.raises(FasError, match=message):
        read_any_scores(path, "test", mapping, bona_fide)


def test_a_file_of_no_known_format_names_the_way_out(tmp_path):
    with pytest.raises(FasError) as error:
        read_any_scores(written(tmp_path, "prob,y\n0.5,1\n"), "test")
    assert "--columns score=COLUMN,label=COLUMN" in (error.value.remedy or "")


def test_a_file_that_is_not_there(tmp_path):
    for columns in (None, {"score": "p", "label": "y"}):
        with pytest.raises(FasError, match="cannot read the scores file"):
            read_any_scores(tmp_path / "none.csv", "test", columns)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("score", "'score' is not NAME=COLUMN"),
        ("score=", "is not NAME=COLUMN"),
        ("score=a,live=b", "'live=b' is not NAME=COLUMN"),
        ("score=a,score=b,label=c", "score is given twice"),
        ("score=a", "--columns lacks label"),
        ("video_id=a", "--columns lacks score and label"),
        ("", "is not NAME=COLUMN"),
    ],
)
def test_a_mapping_that_is_none(text, message):
    with pytest.raises(FasError, match=message):
        parse_columns(text)


def test_a_column_may_have_an_equals_sign():
    assert parse_columns("score= p=1 ,label=y") == {"score": "p=1", "label": "y"}
