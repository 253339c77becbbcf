"""What the base does with the scores of the dev split, on numbers worked out by hand and with real processes."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from fas.data.batch import Requirements
from fas.errors import FasError
from fas.inference.predictor import Decision, SampleScore
from fas.methods.base import Method
from fas.methods.dev import first_of_each_frame
from fas.training.callbacks import Progress
from fas.training.scoring import Scoring


class PixelMethod(Method):
    """The score is the pixel; nothing is learnt."""

    name = "pixel"
    requirements = Requirements(input_size=1)

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return self.weight * inputs["rgb"][:, 0, 0, 0]

    def loss(self, outputs, batch):
        error = (outputs - batch["label"]).abs().mean()
        return {"loss": 2 * error, "error": error}

    def score(self, outputs):
        return outputs

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.0)


class Frames(Dataset):
    """Frames of (presentation, frame, score), two a presentation."""

    def __init__(self, scores, labels):
        self.rows = [(code, frame, score) for code, pair in enumerate(scores) for frame, score in enumerate(pair)]
        self.labels = labels

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, position):
        code, frame, score = self.rows[position]
        return {
            "inputs": {"rgb": torch.full((3, 1, 1), float(score))},
            "label": self.labels[code],
            "presentation": code,
            "frame": frame,
        }


class Module(pl.LightningDataModule):
    def __init__(self, scores, attack_types, batch_size=4):
        super().__init__()
        labels = [int(not one) for one in attack_types]
        self.presentations = {"label": np.array(labels), "attack_type": np.array(attack_types)}
        self.frames = Frames(scores, labels)
        self.batch_size = batch_size

    def val_dataloader(self):
        sampler = None
        if self.trainer.world_size > 1:
            sampler = DistributedSampler(self.frames, self.trainer.world_size, self.trainer.global_rank, shuffle=False)
        return DataLoader(self.frames, batch_size=self.batch_size, sampler=sampler)

    train_dataloader = val_dataloader


# Means of presentations: bona fide 0.9, 0.8, 0.3; print 0.2, 0.4; replay 0.7.
SCORES = [(0.8, 1.0), (0.9, 0.7), (0.2, 0.4), (0.1, 0.3), (0.4, 0.4), (0.9, 0.5)]
TYPES = ["", "", "", "print/printer1", "print/printer2", "replay/display1"]


def make_trainer(folder, **settings):
    return pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **{"enable_checkpointing": False, "devices": 1, **settings},
    )


def check_dev(metrics, threshold):
    # Descending: 0.9 b, 0.8 b, 0.7 replay, 0.4 print, 0.3 b, 0.2 print. At 0.55, the midpoint of 0.4 and 0.7, one of
    # three attacks is accepted and one of three bona fide rejected: EER 1/3.
    assert threshold == pytest.approx(0.55)
    assert metrics["dev/eer"] == pytest.approx(1 / 3)
    # At 0.55: APCER of print 0 of 2, of replay 1 of 1; the worst is 1. BPCER 1/3. ACER (1 + 1/3) / 2.
    assert metrics["dev/acer"] == pytest.approx(2 / 3)
    # Pairs (bona fide, attack) in the right order: 0.9 and 0.8 win 3 each, 0.3 wins 1: 7 of 9.
    assert metrics["dev/auc"] == pytest.approx(7 / 9)
    # Mean over frames of |score - label|: (0.2 + 0 + 0.1 + 0.3 + 0.8 + 0.6 + 0.1 + 0.3 + 0.4 + 0.4 + 0.9 + 0.5) / 12.
    assert metrics["dev/error"] == pytest.approx(4.6 / 12)
    assert metrics["dev/loss"] == pytest.approx(9.2 / 12)


def test_dev_metrics_count_presentations(tmp_path):
    method = PixelMethod()
    trainer = make_trainer(tmp_path)
    assert np.isnan(method.threshold)
    trainer.validate(method, datamodule=Module(SCORES, TYPES), verbose=False)
    check_dev(trainer.callback_metrics, method.threshold)


def test_a_second_validation_forgets_the_first(tmp_path):
    method = PixelMethod()
    trainer = make_trainer(tmp_path)
    trainer.validate(method, datamodule=Module([(0.0, 0.1), (0.2, 0.3)], ["print/a", ""]), verbose=False)
    trainer.validate(method, datamodule=Module(SCORES, TYPES), verbose=False)
    check_dev(trainer.callback_metrics, method.threshold)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_two_processes_agree_with_one(tmp_path, batch_size):
    # 14 frames would split evenly; 13 make the sampler repeat one, which must not count twice.
    module = Module([*SCORES, (0.65,)], [*TYPES, "replay/display2"], batch_size)
    alone = make_trainer(tmp_path)
    alone.validate(PixelMethod(), datamodule=module, verbose=False)

    both = make_trainer(tmp_path, devices=2, strategy="ddp_fork")
    both.validate(PixelMethod(), datamodule=module, verbose=False)
    for name in ("dev/eer", "dev/acer", "dev/auc", "dev/threshold"):
        assert both.callback_metrics[name] == pytest.approx(alone.callback_metrics[name].item())


def test_threshold_and_name_travel_in_the_checkpoint(tmp_path):
    method = PixelMethod()
    trainer = make_trainer(tmp_path, max_epochs=1, enable_checkpointing=True)
    trainer.fit(method, datamodule=Module(SCORES, TYPES))
    [path] = tmp_path.rglob("*.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["fas_threshold"] == method.threshold == pytest.approx(0.55)
    assert checkpoint["fas_method"] == "pixel"


@pytest.mark.parametrize("precision", ["32-true", "bf16-true"])
def test_a_presentation_exactly_at_the_threshold_stays_accepted(tmp_path, precision):
    # Attack and bona fide have one score, so it is the threshold; and the mean of three frames is no float32.
    frames = (0.25, 0.5, 0.375 + 2**-8)  # exact in bfloat16
    mean = sum(frames) / 3
    assert float(np.float32(mean)) > mean
    method = PixelMethod()
    trainer = make_trainer(tmp_path, max_epochs=1, enable_checkpointing=True, precision=precision)
    trainer.fit(method, datamodule=Module([frames, frames], ["", "print/a"]))
    [path] = tmp_path.rglob("*.ckpt")
    loaded = PixelMethod()
    loaded.on_load_checkpoint(torch.load(path, weights_only=True))
    assert method.threshold == loaded.threshold == mean
    faces = [SampleScore(number, score, np.zeros((1, 1, 3), np.uint8), {}) for number, score in enumerate(frames)]
    assert Decision(path, loaded.threshold, 3, 3, faces).bona_fide


def test_sanity_check_may_see_one_class(tmp_path):
    method = PixelMethod()
    # The two batches of the sanity check hold bona fide frames alone.
    trainer = make_trainer(tmp_path, max_epochs=1, num_sanity_val_steps=1)
    trainer.fit(method, datamodule=Module(SCORES, TYPES))
    assert trainer.callback_metrics["dev/eer"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("types", "found"), [(["", ""], "2 bona fide and 0 attack"), (["a", "a"], "0 bona fide and 2")]
)
def test_one_class_alone_is_an_error(tmp_path, types, found):
    with pytest.raises(FasError, match=found):
        make_trainer(tmp_path).validate(PixelMethod(), datamodule=Module(SCORES[:2], types), verbose=False)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_an_error(tmp_path, bad):
    scores = [*SCORES[:-1], (0.9, bad)]
    with pytest.raises(FasError, match="diverged"):
        make_trainer(tmp_path).validate(PixelMethod(), datamodule=Module(scores, TYPES), verbose=False)


def test_predictions_carry_their_ids(tmp_path):
    module = Module(SCORES, TYPES)
    module.predict_dataloader = lambda: DataLoader(module.frames, batch_size=4)
    batches = make_trainer(tmp_path).predict(Scoring(PixelMethod()), datamodule=module)
    columns = {key: torch.cat([one[key] for one in batches]).tolist() for key in batches[0]}
    assert columns["presentation"] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert columns["frame"] == [0, 1] * 6
    assert columns["label"] == [1] * 6 + [0] * 6
    assert columns["score"] == pytest.approx([score for pair in SCORES for score in pair])


def test_first_of_each_frame():
    presentation = np.array([2, 1, 2, 1, 2])
    frame = np.array([0, 5, 0, 3, 1])
    # Ordered by presentation and frame: (1, 3), (1, 5), (2, 0) once, (2, 1).
    assert first_of_each_frame(presentation, frame).tolist() == [3, 1, 0, 4]


class TwoPlayers(Method):
    """Two optimisers under manual optimisation, which step in turns; no part of the loss is called `loss`."""

    name = "two_players"
    requirements = Requirements(input_size=1)

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.players = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(())) for _ in range(2)])

    def forward(self, inputs):
        return inputs["rgb"][:, 0, 0, 0] * self.players[0] * self.players[1]

    def loss(self, outputs, batch):
        error = (outputs - batch["label"]).square().mean()
        return {"first": error, "second": -error}

    def training_step(self, batch, batch_idx):
        for optimizer, part in zip(self.optimizers(), ("first", "second"), strict=True):
            self.toggle_optimizer(optimizer)
            parts = self.loss(self(batch["inputs"]), batch)
            optimizer.zero_grad()
            self.manual_backward(parts[part])
            optimizer.step()
            self.untoggle_optimizer(optimizer)
        self.log_losses("train", parts, len(batch["label"]))

    def score(self, outputs):
        return outputs

    def configure_optimizers(self):
        return [torch.optim.SGD([player], lr=0.1) for player in self.players]


def test_a_method_with_two_optimisers_steps_both_and_shows_its_losses(tmp_path, capsys):
    method = TwoPlayers()
    trainer = make_trainer(tmp_path, max_epochs=1, callbacks=[Progress()])
    trainer.fit(method, datamodule=Module(SCORES, TYPES))
    first, second = (player.item() for player in method.players)
    assert first != 1 and second != 1
    assert trainer.callback_metrics["train/first_epoch"] == pytest.approx(
        -trainer.callback_metrics["train/second_epoch"]
    )
    assert "train first" in capsys.readouterr().out
