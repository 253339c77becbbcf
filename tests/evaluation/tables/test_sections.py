"""Tables next to the papers' rows, and the formats in which they are written: structure, marks, escaping."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fas.evaluation.tables.layouts import latex_text, markdown_text, render_latex, render_markdown, render_text
from fas.evaluation.tables.long_form import COLUMNS, render_csv
from fas.evaluation.tables.matching import published_for
from fas.evaluation.tables.results import read_results
from fas.evaluation.tables.sections import Row, Section, sections
from fas.evaluation.tables.summary import summarise
from tests.fakes.runs import counted_scores, data, make_run

P3 = data("3", "oulu")


@pytest.fixture
def folds(tmp_path):
    return [
        make_run(tmp_path / str(fold), counted_scores(wrong, 0, 0), protocol="3", fold=fold)
        for fold, wrong in ((1, 1), (2, 3))
    ]


@pytest.fixture
def simulated(tmp_path):
    return make_run(tmp_path / "sim", counted_scores(1, 0, 0), dataset="oulu-simulated", simulated=True)


def tables(runs, *metrics):
    return sections(summarise(read_results(runs, "dev-eer")), metrics)


def test_results_are_shown_with_the_papers_rows_of_the_same_protocol(folds):
    (table,) = tables(folds)
    assert table.title == "oulu, protocol 3"
    assert table.header == ("method", "APCER %", "BPCER %", "ACER %", "runs or source")
    ours, *papers = table.rows
    assert ours == Row(("demo", "20.00 ± 14.14", "0.00 ± 0.00", "10.00 ± 7.07", "2 of 6 folds, 2 runs"))
    assert all(row.published for row in papers)
    cells = {row.cells[0]: row.cells[1:] for row in papers}
    assert cells["BASN"] == ("1.8 ± 1.1", "3.6 ± 3.5", "2.7 ± 1.6", "BASN 2019, Table 2")
    assert cells["PDLE"] == ("", "", "0.96 ± 1.03", "PDLE 2023, Table 1")
    assert cells["STASN"][3] == "quoted in BASN 2019, Table 2"
    assert any("sample standard deviation (n - 1) over folds" in note for note in table.notes)
    assert any("numbers as printed" in note for note in table.notes)


def test_equal_numbers_are_one_row_and_unequal_ones_are_not():
    rows = published_for(P3, P3, ("apcer", "bpcer", "acer"))
    (auxiliary,) = [row for row in rows if row.method == "Auxiliary"]
    assert len(auxiliary.sources) == 6  # five papers, one of them with two tables
    assert "PDLE 2023, Table 1, from Liu et al., 2018" in auxiliary.sources  # prints the ACER alone
    assert auxiliary.source == "quoted in A-DeepPixBiS 2020, Table II, and 5 more"
    gradiant = [row for row in rows if row.method == "GRADIANT"]
    assert sorted(row.numbers["apcer"].printed for row in gradiant) == ["2.1 ± 3.9", "2.6 ± 3.9"]
    (odd,) = [row for row in gradiant if row.notes]
    assert odd.source == "quoted in SSR-FCN 2020, Table VIII"
    assert not any(row.own and row.quoted for row in rows)


def test_only_the_same_data_and_protocol():
    assert not published_for(data("7", "oulu"), data("7", "oulu"), ("acer",))
    assert not published_for(data("1", "oulu"), data("2", "oulu"), ("acer",))
    rm = data("grandtest", "replay_mobile")
    assert {row.method for row in published_for(data("1", "oulu"), rm, ("hter",))} >= {"DeepPixBiS", "IQM-SVM"}
    assert not published_for(P3, rm, ("hter",))  # the paper trains on protocol 1
    casia, replay = data("all", "casia_fasd"), data("grandtest", "replay_attack")
    (basn,) = [row for row in published_for(casia, replay, ("hter",)) if row.method == "BASN"]
    assert basn.numbers["hter"].printed == "23.6"
    for protocol in ("ocim_o", "ocim_o_lists"):  # papers do not say which of the two conventions they follow
        trained = data(protocol, "casia_fasd", "replay_attack", "msu_mfsd")
        rows = published_for(trained, data(protocol, "oulu"), ("auc",))
        assert {row.numbers["auc"].printed for row in rows if row.method == "PDLE (Res-18)"} == {"95.52"}
    assert not published_for(data("x", "casia_fasd", "msu_mfsd"), data("x", "oulu"), ("auc",))


def test_numbers_on_one_fold():
    siwm = data("leave_one_out", "siw_m")
    without = published_for(siwm, siwm, ("eer",))
    with_fold = published_for(siwm, siwm, ("eer",), fold=12)
    assert all(row.numbers["eer"].attack is None for row in without)
    (row,) = [row for row in with_fold if row.method == "SSR-FCN (fold 12, partial/paper_glasses)"]
    assert row.numbers["eer"].printed == "13.5"
    assert len(with_fold) > len(without)


def test_no_papers_row_is_shown_with_simulated_data_and_every_format_says_simulated(simulated):
    summaries = summarise(read_results([simulated], "dev-eer"))
    (table,) = sections(summaries)
    assert table.title == "SIMULATED DATA: oulu-simulated, protocol 1"
    assert [row.cells[0] for row in table.rows] == ["demo (simulated)"]
    assert any("published rows are left out" in note for note in table.notes)
    for text in (render_latex([table]), render_markdown([table])):
        assert "SIMULATED DATA" in text
        assert "(simulated)" in text
    (row, *_) = csv.DictReader(io.StringIO(render_csv(summaries)))
    assert row["simulated"] == "true"
    console = Console(width=120)
    with console.capture() as captured:
        console.print(render_text([table]))
    assert "SIMULATED DATA" in captured.get()


def test_a_dataset_that_only_calls_itself_real_gets_no_papers_rows(tmp_path):
    run = make_run(tmp_path, counted_scores(1, 0, 0), dataset="oulu", simulated=True)
    (table,) = tables([run])
    assert not any(row.published for row in table.rows)


def test_across_datasets_there_is_a_matrix(tmp_path):
    first = make_run(tmp_path / "1", counted_scores(1, 1, 1))
    second = make_run(tmp_path / "2", counted_scores(3, 3, 3), dataset="siw")
    make_run(first, counted_scores(2, 2, 2), name="scores_siw_protocol1.csv", dataset="siw")
    within_oulu, within_siw, across, matrix = tables([first, second])
    assert (within_oulu.title, within_siw.title) == ("oulu, protocol 1", "siw, protocol 1")
    assert across.title == "trained on oulu, protocol 1; tested on siw, protocol 1"
    assert across.header[1:3] == ("HTER %", "AUC %")
    assert matrix.title == "demo: HTER %, trained on (rows) and tested on (columns)"
    assert matrix.header == ("trained on", "oulu, protocol 1", "siw, protocol 1")
    assert [row.cells[1:] for row in matrix.rows] == [("10.00", "20.00"), ("", "30.00")]
    assert len(tables([first, second], "acer", "eer")) == 3 + 2


def test_thresholds_that_need_a_word(folds):
    summaries = summarise(read_results(folds, "0.5"))
    (table,) = sections(summaries, ("eer",))
    assert "threshold: fixed by the user, independent of the data" in table.notes
    assert any("EER is computed on the test scores" in note for note in table.notes)


def test_csv_has_the_unrounded_numbers_behind_the_table(folds):
    summaries = summarise(read_results(folds, "dev-eer"))
    rows = list(csv.DictReader(io.StringIO(render_csv(summaries, ("apcer",)))))
    assert tuple(rows[0]) == COLUMNS
    ours, *papers = rows
    assert float(ours["mean_percent"]) == pytest.approx(20)
    assert float(ours["std_percent"]) == pytest.approx(200**0.5)
    assert (ours["kind"], ours["folds"], ours["missing_folds"]) == ("run", "1; 2", "3; 4; 5; 6")
    assert (ours["std_over"], ours["threshold"]) == ("folds", "dev-eer")
    assert {row["kind"] for row in papers} == {"published"}
    (basn,) = [row for row in papers if row["method"] == "BASN"]
    assert (basn["mean_percent"], basn["std_percent"], basn["source"]) == ("1.8", "1.1", "BASN 2019, Table 2")


def section(*cells: str) -> Section:
    return Section("a_b & 50 %", ("m", "n", "s"), 1, (Row(cells), Row(("p", "1 ± 2", "x"), True)), ("$x_1$", "[n]"))


def test_latex_structure():
    text = render_latex([section(r"\input{x}", "1.00 ± 0.50", "[4] #1~^<>|")])
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 1
    assert r"\caption{a\_b \& 50 \%}" in text
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    lines = [line for line in body if line.endswith(r"\\")]
    assert all(len(re.split(r"(?<!\\)&", line)) == 3 for line in lines)
    assert lines[1].startswith(r"\textbackslash{}input\{x\} & 1.00 $\pm$ 0.50 & {}[4] \#1")
    assert body.count(r"\midrule") == 2  # below the header, and before the papers
    assert r"\item \$x\_1\$" in text and r"\item {}[n]" in text


@given(st.text())
def test_no_character_of_latex_keeps_a_meaning(text):
    escaped = latex_text(text)
    bare = re.sub(r"\\text[a-z]+\{\}|\\[{}$&#%_]|\$\\pm\$|^\{\}", "", escaped)
    assert not set(bare) & set("\\{}$&#%_^~±")
    assert escaped.isprintable()
    assert not escaped.startswith(("[", "*"))


@given(st.text(alphabet=st.sampled_from("ab|*_`\\<>[]#~&{}\n ")))
def test_a_markdown_cell_stays_one_cell(text):
    table = render_markdown([section(text, "1", "x")])
    row = table.splitlines()[4]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4
    assert re.sub(r"\\(.)", r"\1", markdown_text(text)) == text.replace("\n", " ").strip()


def test_markdown_structure(folds):
    lines = render_markdown(tables(folds)).splitlines()
    assert lines[0] == "### oulu, protocol 3"
    assert lines[3] == "| --- | ---: | ---: | ---: | --- |"
    assert lines[4].startswith("| demo | 20.00 ± 14.14 |")
