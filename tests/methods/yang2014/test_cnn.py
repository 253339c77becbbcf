"""The first stage: loss, score, optimiser, the training mean."""

import math
import warnings

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from fas.methods.yang2014 import Yang2014Cnn
from fas.methods.yang2014.network import Yang2014Outputs


def small_cnn(**settings: object) -> Yang2014Cnn:
    torch.manual_seed(0)
    return Yang2014Cnn(**{**Yang2014Cnn.small, **settings})


def batch(seed: int, size: int = 4) -> dict:
    generator = torch.Generator().manual_seed(seed)
    return {
        "inputs": {"rgb": torch.rand(size, 3, 128, 128, generator=generator)},
        "label": torch.arange(size) % 2,
        "presentation": torch.arange(size),
        "frame": torch.zeros(size, dtype=torch.int64),
    }


def outputs(*logits: list[float]) -> Yang2014Outputs:
    return Yang2014Outputs(torch.tensor(logits), torch.zeros(len(logits), 1), torch.zeros(len(logits), 1))


def test_loss_is_the_softmax_cross_entropy():
    # -ln(3/4) for the bona fide face, -ln(1/2) for the attack
    parts = small_cnn().loss(outputs([0.0, math.log(3)], [0.0, 0.0]), {"label": torch.tensor([1, 0])})
    assert parts["loss"].item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    assert parts.keys() == {"loss"}


def test_score_is_the_softmax_of_bona_fide():
    assert small_cnn().score(outputs([0.0, math.log(3)], [0.0, 0.0])).tolist() == pytest.approx([0.75, 0.5])


def test_defaults_are_the_published_setting():
    with torch.device("meta"):
        method = Yang2014Cnn()
    assert (method.requirements.input_size, method.requirements.crop_scale) == (128, 1.8)
    assert method.requirements.sampling == "balanced"
    assert method.requirements.augmentation == [{"HorizontalFlip": {"p": 0.5}}]
    optimizer = method.configure_optimizers()["optimizer"]
    assert type(optimizer) is torch.optim.SGD
    [group] = optimizer.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (1e-3, 0.9, 0.01)
    assert len(group["params"]) == len(list(method.parameters())) == 16


def test_learning_rate_falls_to_a_tenth_after_so_many_steps_and_not_epochs():
    rates = []

    class Watched(Yang2014Cnn):
        def on_train_batch_start(self, batch, batch_idx):
            rates.append(self.optimizers().param_groups[0]["lr"])

    torch.manual_seed(0)
    train(Watched(**{**Yang2014Cnn.small, "lr_step": 3}), [batch(0), batch(1)], epochs=4)
    assert rates == pytest.approx([1e-3] * 3 + [1e-4] * 3 + [1e-5] * 2)


def test_training_mean_is_that_of_the_first_epoch_and_then_stays():
    batches = [batch(0), batch(1), batch(2, size=2)]
    means = []

    class Watched(Yang2014Cnn):
        def on_train_epoch_end(self):
            means.append(self.network.mean.clone())

    torch.manual_seed(0)
    method = Watched(**Yang2014Cnn.small)
    assert not method.network.mean.any()
    train(method, batches, epochs=3)
    expected = torch.cat([one["inputs"]["rgb"] for one in batches]).mean(0)
    assert method.network.seen == 10
    torch.testing.assert_close(means[0], expected)
    assert torch.equal(means[0], means[1]) and torch.equal(means[1], means[2])


def train(method: Yang2014Cnn, batches: list[dict], epochs: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            limit_val_batches=0,
        )
        trainer.fit(method, DataLoader(batches, batch_size=None))
