from __future__ import annotations

import resource
import warnings

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from fas.errors import FasError
from fas.methods.base import Method
from fas.training.callbacks import Progress
from fas.training.checkpoints import WholeFiles, checkpoints


class Batches(Dataset):
    """Nine samples: three batches."""

    def __len__(self):
        return 9

    def __getitem__(self, position):
        return {"inputs": torch.zeros(32), "label": torch.tensor(1)}


class Scripted(Method):
    """A network whose loss is always 2 and that reports the given dev errors, one an epoch."""

    name = "scripted"

    def __init__(self, errors: list[float]) -> None:
        Method.__init__(self)
        self.layer = torch.nn.Linear(32, 2)
        self.errors = errors

    def forward(self, inputs):
        return self.layer(inputs)

    def score(self, outputs):
        return outputs[:, 0]

    def loss(self, outputs, batch):
        return {"loss": 0 * outputs.sum() + 2}

    def training_step(self, batch, batch_idx):
        parts = self.loss(self(batch["inputs"]), batch)
        self.log_losses("train", parts, 1)
        return parts["loss"]

    def validation_step(self, batch, batch_idx):
        pass

    def train_dataloader(self):
        return DataLoader(Batches(), batch_size=3)

    val_dataloader = train_dataloader

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def on_validation_epoch_end(self) -> None:
        self.log_dict({"dev/eer": self.errors[self.current_epoch], "dev/acer": 0.25, "dev/loss": 1.5})


def fit(folder, errors, *, run="", **settings):
    """Trains four epochs, or on with the run in a folder."""
    trainer = pl.Trainer(
        **{"max_epochs": 4, "limit_train_batches": 2, **settings},
        limit_val_batches=1,
        accelerator="cpu",
        logger=False,
        callbacks=[Progress(), *checkpoints(folder, "dev/eer")],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Scripted(errors), ckpt_path=run or None, weights_only=True)


def epochs(folder):
    return {path.stem: torch.load(path, weights_only=True)["epoch"] for path in folder.iterdir()}


pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers.*")


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ([0.5, 0.2, 0.3, 0.4], 1),
        ([0.5, 0.2, 0.2, 0.3], 2),  # of equals the latest
        ([0.1, 0.2, 0.2, 0.2], 0),
    ],
)
def test_best_is_the_latest_of_the_lowest_and_last_is_the_last(tmp_path, errors, best, capsys):
    fit(tmp_path, errors)
    assert {path.name for path in tmp_path.iterdir()} == {"best.ckpt", "last.ckpt"}
    assert epochs(tmp_path) == {"best": best, "last": 3}

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("epoch 2/4   train loss 2 ")
    assert f"dev loss 1.5   dev EER {100 * errors[1]:.2f} %   dev ACER 25.00 %" in lines[1]
    assert "36/36" in printed.err  # 4 epochs of 2 and 1 batches of 3 samples
    assert "loss 2" in printed.err


def test_an_epoch_that_is_cut_short_is_not_rated_by_the_one_before(tmp_path, capsys):
    fit(tmp_path, [0.5] * 4, max_steps=3)  # two batches and a validation, then one batch and the end
    assert epochs(tmp_path) == {"best": 0, "last": 1}
    printed = capsys.readouterr()
    assert "12/12" in printed.err  # 2 and 1 and 1 batches of 3 samples
    first, second = printed.out.splitlines()
    assert "dev EER 50.00 %" in first and "dev" not in second
    assert "train loss 2 " in second  # the mean over what there was


def test_a_scoring_counts_its_samples_to_the_end(capsys):
    class Scores(pl.LightningModule):
        def predict_step(self, batch, batch_idx):
            return batch["label"]

    trainer = pl.Trainer(
        accelerator="cpu", logger=False, callbacks=[Progress("score")], enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.predict(Scores(), DataLoader(Batches(), batch_size=4))
    assert "score: 9/9" in capsys.readouterr().err


def test_an_epoch_without_validation_shows_no_errors_of_an_earlier_one(tmp_path, capsys):
    fit(tmp_path, [0.5] * 4, max_epochs=3, check_val_every_n_epoch=2)
    assert ["dev EER" in line for line in capsys.readouterr().out.splitlines()] == [False, True, False]


@pytest.mark.parametrize(("errors", "best"), [([0.1, 0.3, 0.2, 0.2], 0), ([0.3, 0.2, 0.1, 0.2], 2)])
def test_a_moved_run_still_knows_its_best(tmp_path, errors, best):
    fit(tmp_path / "before", errors, max_epochs=2)
    (tmp_path / "before").rename(tmp_path / "after")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="The dirpath has changed")
        fit(tmp_path / "after", errors, run=tmp_path / "after" / "last.ckpt")
    assert epochs(tmp_path / "after") == {"best": best, "last": 3}


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path):
    path = tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint({"epoch": 1}, path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # as a full disk: the system writes a part and refuses
    try:
        with pytest.raises(FasError, match="cannot write the file: File too large") as caught:
            WholeFiles().save_checkpoint({"epoch": 2, "weights": torch.zeros(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.path == path
    assert WholeFiles().load_checkpoint(path, weights_only=True) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]
