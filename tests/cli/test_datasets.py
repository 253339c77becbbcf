"""`fas datasets` as a process: output, exit codes, one message for a user's mistake."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.oulu import make_oulu

pytestmark = pytest.mark.slow


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
    assert done.stdout.startswith("no raw tree: no root folder was given for dataset 'oulu'\n")
    assert "OULU-NPU (oulu)\n" in done.stdout
    assert "--root" in done.stdout


def test_shows_a_full_tree_found_through_the_environment(full: Path) -> None:
    done = fas("show", "oulu", "--strict", data=full)
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout, "presentations") == ["4950", "4950"]
    assert cells(done.stdout, "replay/display2") == ["990", "990"]
    assert done.stdout.startswith(f"{full / 'oulu'}: complete\n")
    assert "SIMULATED" not in done.stdout
    assert "differs" not in done.stdout


def test_shows_the_verdict_then_counts_then_every_kind_of_finding_then_the_facts(small: Path) -> None:
    (small / "Train_files/1_1_01_2.avi").unlink()
    (small / "notes.txt").touch()
    file = small / "Protocols/Protocol_2/Dev.txt"
    file.write_text(file.read_text().replace("+1,1_1_21_1", "-1,1_1_21_1"))
    done = fas("show", "oulu", "--root", small)
    assert (done.returncode, done.stderr) == (0, "")
    verdict, rest = done.stdout.split("\n", 1)
    assert verdict == f"{small}: 1 missing, 2 unexpected, 1 protocol disagreement  (SIMULATED data)"
    counts, findings = rest.split("missing: 1\n")
    assert cells(counts, "train attack") == ["16", "15  differs"]
    findings, facts = findings.split("\n\n")
    assert findings.splitlines() == [
        "  Train_files/1_1_01_2.avi",
        "unexpected: 2",
        "  Train_files/1_1_01_2.txt",
        "  notes.txt",
        "protocol file: 1",
        "  Protocols/Protocol_2/Dev.txt:1: 1_1_21_1 is bona fide by its name, but is listed with -1",
    ]
    assert facts.startswith("OULU-NPU (oulu)\n")

    strict = fas("show", "oulu", "--root", small, "--strict")
    assert strict.returncode == 2
    assert strict.stderr.startswith("error: the tree is not as published: 1 missing, 2 unexpected, 1 protocol")


def test_many_findings_are_counted_by_folder_and_listed_on_request(tmp_path: Path) -> None:
    root = tmp_path / "oulu"
    make_oulu(root, subjects=[1, 21, 36], phones=[1, 2], sessions=[1, 3])  # says nothing of being a part
    for number in range(12):
        (root / f"n{number:02}/deep").mkdir(parents=True)
        (root / f"n{number:02}/deep/a\tb.txt").touch()
    done = fas("show", "oulu", "--root", root, "--list", tmp_path / "all.tsv")
    assert (done.returncode, done.stderr) == (0, "")
    verdict, shown = done.stdout.split("\n", 1)
    assert len(shown.splitlines()) < 80
    at = shown.index("missing: 4890\n")
    assert shown[at:].splitlines()[:10] == [
        "missing: 4890",
        "     1330 in Dev_files",  # 15 subjects x 6 phones x 3 sessions x 5, less 20 that are there
        "     1780 in Test_files",  # 20 subjects
        "     1780 in Train_files",
        "  Dev_files/1_1_22_1.avi",
        "  Dev_files/1_1_22_2.avi",
        "  Dev_files/1_1_22_3.avi",
        "  Dev_files/1_1_22_4.avi",
        "  Dev_files/1_1_22_5.avi",
        "  and 4885 more: --list FILE writes them all",
    ]
    at = shown.index("unexpected: 12\n")  # twelve folders are too many lines
    assert shown[at:].splitlines()[1:12] == [
        *(f"        1 in n{number:02}" for number in range(9)),
        "        3 in 3 other folders",
        "  n00/deep/a\\tb.txt",
    ]
    at = shown.index("protocol file: ")  # so are 42 files: they are counted by the folders above
    assert [line.split()[-1] for line in shown[at:].splitlines()[1:5]] == [f"Protocols/Protocol_{n}" for n in "1234"]

    listed = [line.split("\t") for line in (tmp_path / "all.tsv").read_text().splitlines()]
    assert [sum(kind == one[0] for one in listed) for kind in ("missing", "unexpected")] == [4890, 12]
    assert listed[0] == ["missing", "Dev_files/1_1_22_1.avi"]
    assert listed[4890] == ["unexpected", "n00/deep/a\\tb.txt"]
    assert {tuple(map(len, (one[:1], one[1:]))) for one in listed[4902:]} == {(1, 3)}
    assert listed[4902][:3] == ["protocol", "Protocols/Protocol_1/Train.txt", "0"]
    assert listed[4902][3].startswith("1_1_02_1 belongs here")
    assert f"4890 missing, 12 unexpected, {len(listed) - 4902} protocol disagreements" in verdict

    to_terminal = fas("show", "oulu", "--root", root, "--list", "-")
    assert to_terminal.stdout == (tmp_path / "all.tsv").read_text()
    assert to_terminal.stderr == f"{verdict}\n"


def test_a_protocol_across_datasets_has_no_tree_to_check(tmp_path: Path) -> None:
    for options in (("--strict",), ("--root", tmp_path), ("--list", "-")):
        done = fas("show", "ocim_m", *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert "no tree of its own" in done.stderr
        assert "one by one: oulu, casia_fasd, replay_attack, msu_mfsd" in done.stderr


def test_a_dataset_whose_contents_nobody_wrote_down_is_never_called_complete(tmp_path: Path) -> None:
    (tmp_path / "root/ann").mkdir(parents=True)
    (tmp_path / "root/ann/real.mp4").touch()
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ntitle: Mine\nmedia: video\ngrammar: (?P<subject>[a-z]+)/(?P<kind>real|fake)\\.mp4\n"
        "fields: {subject: name, kind: {real: bona fide, fake: mask}}\nbona_fide: {kind: real}\n"
        "attacks: {mask: {kind: fake}}\nprotocols: {all: {about: all, test: {}}}\n"
    )
    done = fas("show", tmp_path / "mine.yaml", "--root", tmp_path / "root", "--strict")
    assert (done.returncode, done.stderr) == (0, "")
    verdict = f"{tmp_path / 'root'}: 1 found; the recipe does not say how many there should be"
    assert done.stdout.splitlines()[0] == verdict


@pytest.mark.parametrize("command", ["show", "protocol", "fake", ""])
def test_the_help_of_each_command_ends_with_examples_one_a_line(command: str) -> None:
    done = fas(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    _, examples = done.stdout.split("\n  Examples:\n")
    lines = [line.removeprefix("    ") for line in examples.splitlines()]
    assert 2 <= len(lines) <= 3
    assert all(line.startswith(f"fas datasets {command}".strip()) and len(line) <= 76 for line in lines)


def test_help_does_not_import_rich() -> None:
    code = "import sys; from fas.cli.main import app\n"
    code += "try: app(['datasets', 'show', '--help'])\nfinally: print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("\nFalse\n")


def test_strict_needs_a_tree() -> None:
    done = fas("show", "oulu", "--strict")
    assert done.returncode == 2
    assert "no root folder was given" in done.stderr


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
        (("protocol", "oulu", "1"), ["no root folder was given", "FAS_DATA"]),
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


def test_a_closed_pipe_is_not_a_traceback() -> None:
    command = f"{sys.executable} -m fas.cli.main datasets protocol oulu 3 --fold 1 --rules --csv - | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "video_id,path,subject,split,label,attack_type\n"
    assert done.stderr == ""


def test_makes_a_fake_tree_that_is_marked_as_simulated_and_complete(tmp_path: Path) -> None:
    done = fas("fake", "oulu", tmp_path / "fake")
    assert done.returncode == 0
    assert "4950 presentations like those of OULU-NPU" in done.stdout
    assert "SIMULATED" in done.stdout
    shown = fas("show", "oulu", "--root", tmp_path / "fake", "--strict")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"{tmp_path / 'fake'}: complete  (SIMULATED data)\n")
    again = fas("fake", "oulu", tmp_path / "fake")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_where_only_some_names_are_known_a_fake_tree_is_compared_with_the_published_counts(tmp_path: Path) -> None:
    root = tmp_path / "fake"
    fas("fake", "siw", root)  # the names of its attacks are not known
    shown = fas("show", "siw", "--root", root, "--strict")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"{root}: complete by its counts; not every name is known  (SIMULATED data)\n")
    assert "│ presentations         │ 4477      │ 4477  │" in shown.stdout
    assert "differs" not in shown.stdout

    next((root / "Test/spoof").rglob("*-2-*.mov")).unlink()
    shown = fas("show", "siw", "--root", root)
    verdict = shown.stdout.splitlines()[0]
    assert verdict == f"{root}: 1 unexpected, 3 counts differ from the published ones  (SIMULATED data)"
    assert [cells(shown.stdout, key) for key in ("presentations", "test attack")] == [
        ["4477", "4476  differs"],
        ["1462", "1461  differs"],
    ]


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
        (("--root", full / "oulu"), "does not name a dataset of phones"),
        (("official",), "is a protocol itself"),
        (("--fold", "1"), "is a protocol itself"),
    ):
        done = fas("protocol", cross, *arguments)
        assert done.returncode == 2
        assert problem in done.stderr


def test_a_dataset_with_several_protocols_needs_one_named() -> None:
    done = fas("protocol", "oulu", "--rules")
    assert done.returncode == 2
    assert "OULU-NPU has 4 protocols" in done.stderr and "4: " in done.stderr
    assert fas("protocol", "nuaa", "--rules").returncode == 0  # it has one
