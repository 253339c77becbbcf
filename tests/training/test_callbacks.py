from __future__ import annotations

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.demos.boring_classes import BoringModel

from fas.training.callbacks import Progress, checkpoints


class Scripted(BoringModel):
    """A network that trains on noise and reports the given dev errors, one an epoch."""

    def __init__(self, errors: list[float]) -> None:
        super().__init__()
        self.errors = errors

    def on_validation_epoch_end(self) -> None:
        self.log_dict({"dev/eer": self.errors[self.current_epoch], "dev/acer": 0.25, "dev/loss": 1.5})


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ([0.5, 0.2, 0.3, 0.4], 1),
        ([0.5, 0.2, 0.2, 0.3], 2),  # of equals the latest
        ([0.1, 0.2, 0.2, 0.2], 0),
    ],
)
def test_best_is_the_latest_of_the_lowest_and_last_is_the_last(tmp_path, errors, best, capsys):
    trainer = pl.Trainer(
        max_epochs=4,
        limit_train_batches=2,
        limit_val_batches=1,
        accelerator="cpu",
        logger=False,
        callbacks=[Progress(), *checkpoints(tmp_path, "dev/eer")],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Scripted(errors))
    assert {path.name for path in tmp_path.iterdir()} == {"best.ckpt", "last.ckpt"}
    epochs = {path.stem: torch.load(path, weights_only=True)["epoch"] for path in tmp_path.iterdir()}
    assert epochs == {"best": best, "last": 3}

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("epoch 2/4   train loss ")
    assert f"dev loss 1.5   dev EER {100 * errors[1]:.2f} %   dev ACER 25.00 %" in lines[1]
    assert "12/12" in printed.err  # 4 epochs of 2 and 1 batches
