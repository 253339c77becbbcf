"""`fas datasets` as a process: output, exit codes, one message for a user's mistake."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.oulu import make_oulu


def fas(*arguments: str | Path, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", "datasets", *map(str, arguments)]
    environment = {"COLUMNS": "120"} | ({} if data is None else {"FAS_DATA": str(data)})
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def rows(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output)))


def cells(output: str, key: str) -> list[str]:
    (line,) = [line for line in output.splitlines() if line.startswith(f"│ {key} ")]
    return [cell.strip() for cell in line.strip("│").split("│")][1:]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    make_oulu(tmp_path / "oulu", subjects=[1, 21, 36], phones=[1, 2], sessions=[1, 3], simulated=True)
    return tmp_path / "oulu"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    make_oulu(data / "oulu")
    return data


def test_lists_the_known_datasets() -> None:
    done = fas()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert ["oulu", "OULU-NPU", "video", "55", "990", "3960"] in [line.split() for line in lines]
    asked = next(number for number, line in enumerate(lines) if line.startswith("oulu: research only"))
    assert lines[asked + 1].strip() == "https://sites.google.com/site/oulunpudatabase"
    assert "ocim_m: O & C & I to M (whole datasets)" in lines


def test_shows_published_facts_without_a_tree() -> None:
    done = fas("show", "oulu")
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout, "train attack") == ["1440"]
    assert "no raw tree" in done.stdout
    assert "--root" in done.stdout


def test_shows_a_full_tree_found_through_the_environment(full: Path) -> None:
    done = fas("show", "oulu", "--strict", data=full)
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout, "presentations") == ["4950", "4950"]
    assert cells(done.stdout, "replay/display2") == ["990", "990"]
    assert "0 missing, 0 surplus, 0 protocol disagreements" in done.stdout
    assert "SIMULATED" not in done.stdout
    assert "differs" not in done.stdout


def test_shows_every_missing_and_surplus_name(small: Path) -> None:
    (small / "Train_files/1_1_01_2.avi").unlink()
    (small / "notes.txt").touch()
    file = small / "Protocols/Protocol_2/Dev.txt"
    file.write_text(file.read_text().replace("+1,1_1_21_1", "-1,1_1_21_1"))
    done = fas("show", "oulu", "--root", small)
    assert (done.returncode, done.stderr) == (0, "")
    assert "missing: Train_files/1_1_01_2.avi\n" in done.stdout
    assert "surplus: Train_files/1_1_01_2.txt\n" in done.stdout
    assert "surplus: notes.txt\n" in done.stdout
    assert "protocol file: Protocols/Protocol_2/Dev.txt:1: 1_1_21_1 is bona fide" in done.stdout
    assert cells(done.stdout, "train attack") == ["16", "15  differs"]
    assert "1 missing, 2 surplus, 1 protocol disagreements  (SIMULATED data)" in done.stdout

    strict = fas("show", "oulu", "--root", small, "--strict")
    assert strict.returncode == 2
    assert strict.stderr.startswith("error: the tree is not as published: 1 missing, 2 surplus, 1 protocol")


def test_strict_needs_a_tree() -> None:
    done = fas("show", "oulu", "--strict")
    assert done.returncode == 2
    assert "no root folder is given" in done.stderr


@pytest.mark.parametrize("options", [("--rules",), ()])
def test_protocol_as_csv(full: Path, options: tuple[str, ...]) -> None:
    done = fas("protocol", "oulu", "4", "--fold", "5", "--split", "test", "--csv", "-", *options, data=full)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("video_id,path,subject,split,label,attack_type\n")
    table = rows(done.stdout)
    assert len(table) == 60
    assert table[0] == {
        "video_id": "5_3_36_1",
        "path": "Test_files/5_3_36_1.avi",
        "subject": "36",
        "split": "test",
        "label": "1",
        "attack_type": "",
    }
    assert table[1]["attack_type"] == "print/printer2"
    assert table[1]["label"] == "0"


def test_protocol_rows_carry_their_role_and_path_as_on_disk(tmp_path: Path) -> None:
    make_oulu(tmp_path / "oulu", subjects=[1, 21, 36], phones=[1, 2], sessions=[1, 3], nested=True, simulated=True)
    done = fas("protocol", "oulu", "1", "--csv", tmp_path / "out.csv", "--root", tmp_path / "oulu")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"note: {tmp_path / 'oulu'} holds SIMULATED data\n"
    table = rows((tmp_path / "out.csv").read_text())
    assert [row["split"] for row in table] == ["train"] * 10 + ["dev"] * 10 + ["test"] * 10
    assert table[0]["path"] == "Train_files/Train_files/1_1_01_1.avi"
    assert all((tmp_path / "oulu" / row["path"]).is_file() for row in table)


def test_protocol_without_csv_prints_counts() -> None:
    done = fas("protocol", "oulu", "3", "--fold", "1", "--rules")
    assert done.returncode == 0
    assert cells(done.stdout, "subjects") == ["20", "15", "20"]
    assert cells(done.stdout, "bona fide") == ["300", "225", "60"]
    assert cells(done.stdout, "attack") == ["1200", "900", "240"]
    assert cells(done.stdout, "print/printer2") == ["300", "225", "60"]


def test_protocol_files_that_disagree_are_a_warning(small: Path) -> None:
    (small / "Protocols/Protocol_3/Test_2.txt").unlink()
    done = fas("protocol", "oulu", "3", "--fold", "2", "--root", small)
    assert done.returncode == 0
    assert "warning: the protocol's text files differ from its rules in 1 places" in done.stderr
    assert "Protocols/Protocol_3/Test_2.txt: cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "ouli"), ["unknown dataset 'ouli'; did you mean oulu?"]),
        (("show", "gone.yaml"), ["cannot be read", "path:   gone.yaml"]),
        (("show", "oulu", "--root", "/nowhere"), ["does not exist", "/nowhere"]),
        (("protocol", "oulu", "1"), ["no root folder is given", "FAS_DATA"]),
        (("protocol", "oulu", "9", "--rules"), ["no protocol '9'", "4 (unseen"]),
        (("protocol", "oulu", "3", "--rules"), ["6 folds", "give a fold of 1..6"]),
        (("protocol", "oulu", "1", "--fold", "1", "--rules"), ["no fold 1", "leave the fold out"]),
        (("protocol", "oulu", "1", "--rules", "--csv", "/nowhere/x"), ["cannot be written", "/nowhere/x"]),
        (("protocol", "oulu", "1", "--rules", "--split", "eval"), ["'eval'", "train"]),
    ],
)
def test_mistakes_are_one_message(arguments: tuple[str, ...], words: list[str]) -> None:
    done = fas(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words)


def test_an_empty_root_says_what_was_looked_for(tmp_path: Path) -> None:
    done = fas("show", "oulu", "--root", tmp_path)
    assert done.returncode == 2
    assert "looked for files such as Dev_files/1_1_21_1.avi" in done.stderr


def test_a_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m fas.cli.main datasets protocol oulu 3 --fold 1 --rules --csv - | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "video_id,path,subject,split,label,attack_type\n"
    assert done.stderr == ""


def test_makes_a_tree_that_is_marked_as_simulated_and_complete(tmp_path: Path) -> None:
    done = fas("fake", "oulu", tmp_path / "made")
    assert done.returncode == 0
    assert "4950 presentations like those of OULU-NPU" in done.stdout
    assert "SIMULATED" in done.stdout
    shown = fas("show", "oulu", "--root", tmp_path / "made", "--strict")
    assert shown.returncode == 0
    assert "0 missing, 0 surplus, 0 protocol disagreements  (SIMULATED data)" in shown.stdout
    again = fas("fake", "oulu", tmp_path / "made")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_where_only_some_names_are_known_a_made_tree_is_held_beside_the_published_counts(tmp_path: Path) -> None:
    fas("fake", "siw", tmp_path / "made")  # the names of its attacks are not known
    shown = fas("show", "siw", "--root", tmp_path / "made", "--strict")
    assert shown.returncode == 0
    assert "│ presentations         │ 4477      │ 4477  │" in shown.stdout
    assert "differs" not in shown.stdout


def test_a_protocol_across_datasets_from_rules_and_from_trees(tmp_path: Path, full: Path) -> None:
    cross = tmp_path / "phones.yaml"
    cross.write_text(
        "name: phones\ntitle: x\nabout: x\n"
        "train: [{dataset: oulu, protocol: 3, fold: 1, split: train}]\ntest: [{dataset: oulu, of: {split: test}}]\n"
    )
    from_rules = fas("protocol", cross, "--rules", "--csv", "-")
    assert (from_rules.returncode, from_rules.stderr) == (0, "")
    listed = rows(from_rules.stdout)
    assert listed[0] == {
        "video_id": "oulu/2_1_01_1",
        "path": "Train_files/2_1_01_1.avi",
        "subject": "oulu/01",
        "split": "train",
        "label": "1",
        "attack_type": "",
    }
    assert [sum(row["split"] == split for row in listed) for split in ("train", "dev", "test")] == [1500, 0, 1800]
    from_tree = fas("protocol", cross, "--root", f"oulu={full / 'oulu'}", "--csv", "-")
    assert sorted(from_tree.stdout.splitlines()) == sorted(from_rules.stdout.splitlines())
    for arguments, problem in (
        (("--root", full / "oulu"), "names no dataset of phones"),
        (("official",), "is a protocol itself"),
        (("--fold", "1"), "is a protocol itself"),
    ):
        done = fas("protocol", cross, *arguments)
        assert done.returncode == 2
        assert problem in done.stderr


def test_a_dataset_needs_a_protocol() -> None:
    done = fas("protocol", "oulu", "--rules")
    assert done.returncode == 2
    assert "name one of: 1, 2, 3, 4" in done.stderr
