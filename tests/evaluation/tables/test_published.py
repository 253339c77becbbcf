"""The papers' numbers as data: samples read by eye, sums that must come out, and names that fas knows."""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path

import pytest

from fas.datasets.cross import load_cross_protocol
from fas.datasets.loading import known_recipes, load_recipe
from fas.datasets.text_yaml import read_text_yaml
from fas.evaluation.tables.published import FOLDER, Published, published, read_paper

PAPERS = sorted(FOLDER.glob("*.yaml"))


def one(paper: str, table: str, method: str, metric: str, **wanted: object) -> Published:
    found = [
        number
        for number in published()
        if (number.paper, number.table, number.method, number.metric) == (paper, table, method, metric)
        and all(getattr(number, key) == value for key, value in wanted.items())
    ]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("paper", "table", "method", "metric", "wanted", "printed", "source"),
    [
        ("BASN 2019", "Table 1", "BASN Model C", "acer", {"protocol": "1"}, "8.3", None),
        ("BASN 2019", "Table 2", "BASN", "acer", {"protocol": "4"}, "4.8 ± 6.4", None),
        ("BASN 2019", "Table 2", "STASN", "bpcer", {"protocol": "2"}, "0.3", "[49]"),
        ("BASN 2019", "Table 3", "BASN", "acer", {"protocol": "2"}, "0.12 ± 0.03", None),
        ("BASN 2019", "Table 4", "BASN", "hter", {"tested": "replay_attack"}, "23.6", None),
        ("BASN 2019", "Table 4", "Auxiliary", "hter", {"tested": "casia_fasd"}, "28.4", "[32]"),
        ("PDLE 2023", "Table 1", "PDLE", "acer", {"protocol": "3"}, "0.96 ± 1.03", None),
        ("PDLE 2023", "Table 2", "PDLE", "hter", {"cross": "ocim_o"}, "11.42", None),
        ("PDLE 2023", "Table 2", "PDLE w/o LE", "auc", {"cross": "ocim_m"}, "94.47", None),
        ("SSR-FCN 2020", "Table III", "SSR-FCN stage I", "eer", {"fold": 12}, "12.4", None),
        ("SSR-FCN 2020", "Table IV", "SSR-FCN on eye regions", "acer", {"attack": "mask/paper"}, "5.79", None),
        ("SSR-FCN 2020", "Table VI", "SSR-FCN", "tdr@fdr2%", {"fold": None}, "65.0 ± 25.9", None),
        ("SSR-FCN 2020", "Table VI", "CDC", "eer", {"attack": "makeup/obfuscation"}, "43.5", "[21]"),
        ("SSR-FCN 2020", "Table VII", "SSR-FCN", "eer", {"attack": None}, "3.9 ± 4.4", None),
        ("SSR-FCN 2020", "Table VIII", "SSR-FCN", "acer", {"protocol": "4"}, "10.8 ± 5.1", None),
        ("SSR-FCN 2020", "Table IX", "SSR-FCN", "hter", {"tested": "casia_fasd"}, "41.9", None),
        ("A-DeepPixBiS 2020", "Table II", "A-DeepPixBiS (binary output)", "acer", {"protocol": "2"}, "2.74", None),
        ("A-DeepPixBiS 2020", "Table II", "CDCN++", "acer", {"protocol": "4"}, "5.0 ± 2.9", "[1], [7]"),
        ("A-DeepPixBiS 2020", "Table IV", "A-DeepPixBiS (feature map)", "hter",
         {"trained": "oulu", "protocol": "grandtest"}, "9.35", None),
    ],
)  # fmt: skip
def test_samples_read_by_eye(paper, table, method, metric, wanted, printed, source):
    number = one(paper, table, method, metric, **wanted)
    assert (number.printed, number.quoted_from) == (printed, source)
    mean, _, std = printed.partition(" ± ")
    assert (number.mean, number.std) == (float(mean), float(std) if std else None)


def test_what_a_source_is_called():
    assert one("BASN 2019", "Table 1", "BASN", "acer").source == "BASN 2019, Table 1"
    quoted = one("SSR-FCN 2020", "Table IX", "SAPLC", "hter", tested="casia_fasd")
    assert quoted.source == "SSR-FCN 2020, Table IX, from [54]"


def test_the_printed_error_rates_agree_with_each_other():
    """ACER = (APCER + BPCER) / 2, also of means over folds. A wrong digit or a shifted cell breaks it."""
    rows = defaultdict(dict)
    for number in published():
        rows[number.paper, number.method, number.tested, number.protocol, number.table][number.metric] = number.mean
    full = {key: row for key, row in rows.items() if {"apcer", "bpcer", "acer"} <= row.keys()}
    assert len(full) == 5 + 28 + 20 + 37 + 12 + 16
    odd = {
        (*key[:2], key[3]) for key, row in full.items() if abs((row["apcer"] + row["bpcer"]) / 2 - row["acer"]) > 0.0501
    }
    as_printed = {
        *((paper, "Auxiliary", "4") for paper in {key[0] for key in full}),  # 9.3, 10.4, 9.5 in all papers
        *((paper, "FaceDe-S", "3") for paper in ("BASN 2019", "BTAS 2019 tutorial")),  # 4.0, 3.8, 3.6
        ("BASN 2019", "FaceDe-S", "4"),
        ("SSR-FCN 2020", "GRADIANT", "3"),
        ("SSR-FCN 2020", "TSCNN-ResNet", "4"),
    }
    assert odd == as_printed


def test_the_printed_means_over_attack_types_are_those_of_the_types():
    rows = defaultdict(list)
    for number in published():
        if number.tested == "siw_m":
            rows[number.table, number.method, number.metric].append(number)
    odd = set()
    for key, numbers in rows.items():
        (overall,) = [number for number in numbers if number.attack is None]
        types = [number.mean for number in numbers if number.attack is not None]
        assert len(types) == (3 if key[0] == "Table III" else 13)
        if abs(statistics.mean(types) - overall.mean) > 0.1:  # what rounding to one digit can do
            odd.add(key[:2])
            assert "the printed mean is not that of the printed types" in (overall.note or "")
    assert odd == {("Table IV", "SSR-FCN stage I"), ("Table IV", "SSR-FCN on eye regions")}


def test_datasets_and_protocols_are_those_of_fas():
    assert {name for number in published() for name in (number.tested, *number.trained.split(" + "))} <= set(
        known_recipes()
    )
    known = {(number.tested, number.protocol) for number in published() if number.protocol}
    unknown = {name for name in known if name[1] not in load_recipe(name[0]).protocols}
    assert unknown == {
        ("siw_m", "leave_one_out over these three types"),
        ("siw_m", "known types, random 60-40 split of the paper"),
    }


def test_folds_are_those_of_fas():
    folds = load_recipe("siw_m").protocols["leave_one_out"].folds
    for number in published():
        assert 0 <= number.mean <= 100
        if number.fold is not None:
            assert (number.tested, number.protocol) == ("siw_m", "leave_one_out")
            (held_out,) = folds[number.fold - 1]
            assert held_out["attack_type"] == (number.attack,)


@pytest.mark.parametrize("name", sorted({number.cross for number in published() if number.cross}))
def test_protocols_across_datasets_are_those_of_fas(name):
    cross = load_cross_protocol(name)
    (trained,) = {number.trained for number in published() if number.cross == name}
    (tested,) = {number.tested for number in published() if number.cross == name}
    assert {part.dataset for part in cross.train} == set(trained.split(" + "))
    assert {part.dataset for part in cross.test} == {tested}


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_every_name_and_note_is_used(path):
    content = read_text_yaml(path)
    printed = {number.printed_method for number in read_paper(path)}
    tables = [*content["tables"], {"names": content.get("names", {})}]
    assert {name for table in tables for name in table.get("names", {})} <= printed
    notes = {note for table in content["tables"] for note in table.get("notes", {}).values()}
    assert notes == {number.note for number in read_paper(path)} - {None}
    assert all(content.get("left_out", {"": "why"}).values())


@pytest.mark.parametrize(
    ("line", "message"),
    [("Ours | own | 1.0 | 2.0", "zip"), ("Ours | own | x", "no number"), ("Ours | - | 1.0", "from")],
)
def test_a_broken_table_is_named(tmp_path: Path, line, message):
    path = tmp_path / "paper.yaml"
    path.write_text(
        "paper: P\ntables:\n- table: Table 9\n  place: here\n  tested: oulu\n"
        f"  rows: |\n    method | from | ACER\n    {line}\n"
    )
    with pytest.raises(ValueError, match=f"paper.yaml, Table 9.*{message}"):
        list(read_paper(path))


def test_an_unknown_key_of_a_column_is_refused(tmp_path: Path):
    path = tmp_path / "paper.yaml"
    path.write_text(
        "paper: P\ntables:\n- table: Table 9\n  place: here\n  tested: oulu\n  columns: {ACER: {folds: '3'}}\n"
        "  rows: |\n    method | from | ACER\n    Ours | own | 1\n"
    )
    with pytest.raises(ValueError, match="folds"):
        list(read_paper(path))
