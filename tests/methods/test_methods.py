"""What every method must do. Methods are found by their folders, so a new one is tested without a line here."""

import subprocess
import sys

import pytest

from fas.errors import FasError
from fas.methods import known_methods, method_class
from fas.methods.checks import checks, random_batch, run_checks
from fas.methods.sources import method_packages, use_methods_of

OWN = '''
from typing import Any, ClassVar
import torch
from fas.data.batch import Requirements
from fas.methods.base import Method
from .network import head

class Mine(Method):
    """A method of a user's own."""

    name: ClassVar[str] = "mine"

    def __init__(self, *, size: int = 8, lr: float = 0.05) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.requirements = Requirements(input_size=size)
        self.head = head()
        self.lr = lr

    def forward(self, inputs):
        return self.head(inputs["rgb"].mean(dim=(2, 3)))[:, 0]

    def loss(self, outputs, batch):
        error = torch.nn.functional.binary_cross_entropy_with_logits(outputs, batch["label"].float())
        return {"loss": error}

    def score(self, outputs):
        return SCORE

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)

METHOD = Mine
'''


@pytest.mark.parametrize("name", known_methods())
@pytest.mark.parametrize("what", checks())
def test_every_method(name, what):
    checks()[what](name)


def test_basn_is_found():
    assert "basn" in known_methods()


def test_a_name_that_is_not_a_method():
    with pytest.raises(FasError, match=r"unknown method 'os'(.|\n)*basn"):
        method_class("os")


@pytest.fixture
def own_methods(tmp_path):
    """Writes a folder with a method of a user's own; forgets it afterwards."""

    def write(score="outputs.sigmoid()", readme="## Deviations\nnone"):
        folder = tmp_path / "own"
        package = folder / "mine"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(OWN.replace("SCORE", score))
        (package / "network.py").write_text("import torch\n\ndef head():\n    return torch.nn.Linear(3, 1)\n")
        (package / "README.md").write_text(readme)
        (folder / "conf" / "model").mkdir(parents=True)
        (folder / "conf" / "model" / "mine.yaml").write_text("name: mine\nsize: 8\nlr: 0.05\n")
        return folder

    yield write
    from fas.methods import sources

    sources._user_folder = None
    for name in [name for name in sys.modules if name.startswith("fas_user_methods")]:
        del sys.modules[name]


def test_methods_of_a_folder_pass_the_same_checks(own_methods):
    use_methods_of(own_methods())
    assert "mine" in known_methods()
    assert method_packages()["mine"].origin != "fas"
    assert [reason for _, reason in run_checks("mine") if reason] == []


@pytest.mark.parametrize(
    ("score", "wrong"),
    [
        ("1 - outputs.sigmoid()", "score higher"),
        ("outputs.sigmoid() * 3", "in [0, 1]"),
        ("outputs.sigmoid() * 0 + 0.1 * outputs.argsort()", "does not depend on the rest of the batch"),
    ],
)
def test_a_wrong_score_is_found(own_methods, score, wrong):
    use_methods_of(own_methods(score))
    assert any(wrong in what for what, reason in run_checks("mine") if reason)


def test_the_command_checks_a_folder(own_methods):
    def fas(*arguments):
        command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    folder = own_methods(readme="nothing")
    done = fas("methods", "check", folder)
    assert done.returncode == 1
    assert "FAILED  README.md" in done.stdout
    (folder / "mine" / "README.md").write_text("Deviations: none")
    done = fas("methods", "check", folder)
    assert (done.returncode, "mine" in done.stdout) == (0, True), done.stdout + done.stderr
    listed = fas("--methods", folder, "methods").stdout
    assert "A method of a user's own." in listed
    assert "mine" not in fas("methods").stdout


def test_a_folder_without_a_method_or_with_a_taken_name_is_refused(tmp_path):
    with pytest.raises(FasError, match="no such folder"):
        use_methods_of(tmp_path / "none")
    with pytest.raises(FasError, match="holds no method"):
        use_methods_of(tmp_path)
    (tmp_path / "basn").mkdir()
    (tmp_path / "basn" / "__init__.py").write_text("")
    with pytest.raises(FasError, match="two methods are called 'basn'"):
        use_methods_of(tmp_path)
    assert known_methods()


def test_a_package_that_cannot_be_imported_is_named(own_methods):
    folder = own_methods()
    (folder / "mine" / "network.py").write_text("1 / 0")
    use_methods_of(folder)
    with pytest.raises(FasError, match="ZeroDivisionError"):
        method_class("mine")


def test_an_entry_point_offers_a_method(own_methods, monkeypatch, tmp_path):
    from importlib.metadata import EntryPoint

    from fas.methods import sources

    folder = own_methods()
    folder.rename(tmp_path / "installed_methods")
    (tmp_path / "installed_methods" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("mine", "installed_methods.mine", sources.ENTRY_POINTS)
    monkeypatch.setattr(sources, "entry_points", lambda group: [point] if group == sources.ENTRY_POINTS else [])
    assert method_class("mine").name == "mine"
    assert [reason for _, reason in run_checks("mine") if reason] == []


def test_random_batches_are_what_is_required():
    from fas.data.batch import Clip, Requirements

    wanted = Requirements(
        input_size=8,
        inputs=("rgb", "mesh"),
        targets={"depth": 4, "reflection": 2},
        raw=("depth",),
        clip=Clip(3, 2),
        domain="session",
        partner=True,
    )
    batch = random_batch(wanted, size=4)
    assert batch["inputs"]["rgb"].shape == (4, 3, 3, 8, 8)
    assert batch["inputs"]["mesh"].shape == (4, 3, 468, 2)
    assert batch["targets"]["depth"].shape == (4, 3, 1, 4, 4)
    assert batch["targets"]["depth"][1::2].abs().max() == 0 < batch["raw"]["depth"][1::2].min()
    assert batch["targets"]["reflection"][::2].abs().max() == 0 < batch["targets"]["reflection"][1::2].max()
    assert (batch["partner"]["label"] != batch["label"]).all()
    assert batch["domain"].tolist() == [0, 0, 1, 1]
