from __future__ import annotations

from pathlib import Path

import pytest

from fas.datasets.index import DatasetIndex, index_dataset
from fas.datasets.loading import load_recipe
from fas.datasets.protocol_files import check_protocol_files
from tests.fakes.oulu import make_oulu

OULU = load_recipe("oulu")


@pytest.fixture
def tree(tmp_path: Path) -> DatasetIndex:
    make_oulu(tmp_path, subjects=[1, 21, 36], phones=[1, 2], sessions=[1, 3], simulated=True)
    return index_dataset(OULU, tmp_path)


def check(tree: DatasetIndex, protocol: str | None = "1", fold: int | None = None) -> list[str]:
    return [str(item) for item in check_protocol_files(OULU, tree.root, tree.expected, protocol, fold)]


def edit(tree: DatasetIndex, old: str, new: str, path: str = "Protocols/Protocol_1/Test.txt") -> None:
    file = tree.root / path
    content = file.read_bytes().decode()
    assert old in content
    file.write_bytes(content.replace(old, new, 1).encode("utf-8", "surrogateescape"))


def test_agreement(tree: DatasetIndex) -> None:
    assert check(tree, None) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+1,1_3_36_1\n", "1,1_3_36_1\n"),
        ("+1,1_3_36_1\n", "\n\n  +1 , 1_3_36_1 \t\n"),
        ("+1,1_3_36_1\n", "\ufeff+1,1_3_36_1\n"),
        ("-2,1_3_36_4\n", "-1,1_3_36_4\n"),  # copies that pool all attacks
    ],
)
def test_harmless_differences(tree: DatasetIndex, old: str, new: str) -> None:
    edit(tree, old, new)
    assert check(tree) == []


def test_crlf_without_a_last_line_end(tree: DatasetIndex) -> None:
    file = tree.root / "Protocols/Protocol_1/Dev.txt"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().rstrip().replace(b"\n", b"\r\n"))
    assert check(tree) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("+1,1_3_36_1", "-1,1_3_36_1", ":1: 1_3_36_1 is bona fide by its name, but is listed with -1"),
        ("-1,1_3_36_2", "+1,1_3_36_2", ":2: 1_3_36_2 is print/printer1 by its name, but is listed with +1"),
        ("-1,1_3_36_3", "-2,1_3_36_3", ":3: 1_3_36_3 is print/printer2 by its name, but is listed with -2"),
        ("+1,1_3_36_1\n", "+1,1_3_36_1\n+1,1_3_36_1\n", ":2: 1_3_36_1 repeats line 1"),
        ("+1,1_3_36_1\n", "+1,1_3_36_1\n+1,1_1_36_1\n", ":2: 1_1_36_1 does not belong here by the protocol's rules"),
        ("+1,1_3_36_1\n", "+1,1_3_36_1\n+1,9_9_99_9\n", ":2: 9_9_99_9 is not a video of the dataset"),
        ("+1,1_3_36_1\n", "", ": 1_3_36_1 belongs here by the protocol's rules, but is not listed"),
    ],
)
def test_disagreements_are_named_by_file_and_line(tree: DatasetIndex, old: str, new: str, problem: str) -> None:
    edit(tree, old, new)
    assert check(tree) == [f"Protocols/Protocol_1/Test.txt{problem}"]


@pytest.mark.parametrize(
    "line", ["1_3_36_1", "+1;1_3_36_1", "+3,1_3_36_1", "+1,../1_3_36_1", "+1,1_3_36_1,x", "\udcff"]
)
def test_lines_that_cannot_be_read(tree: DatasetIndex, line: str) -> None:
    edit(tree, "+1,1_3_36_1\n", f"+1,1_3_36_1\n{line}\n")
    (problem,) = check(tree)
    assert problem.startswith("Protocols/Protocol_1/Test.txt:2: ")
    assert "is not of the form" in problem


def test_a_file_that_is_not_there(tree: DatasetIndex) -> None:
    (tree.root / "Protocols/Protocol_3/Dev_1.txt").unlink()
    problem = "Protocols/Protocol_3/Dev_1.txt: cannot be read: No such file or directory"
    assert check(tree, None) == check(tree, "3") == check(tree, "3", 1) == [problem]
    assert check(tree, "3", 2) == check(tree, "4", 1) == []


def test_a_missing_video_is_not_a_disagreement(tree: DatasetIndex) -> None:
    (tree.root / "Test_files/1_3_36_1.avi").unlink()
    assert check(tree, None) == []
