"""A training step under Lightning with our logging against a bare PyTorch loop of the same network and batches.

Both run in turn, in one process. The time of a step is that between two fetches of a batch, so it holds everything that
happens in between; the batches lie ready in memory. On the CPU the process's CPU time is taken, which other processes
disturb less than the clock on the wall.

Usage: python benchmarks/training_step.py [--exp demo] [--steps 30] [--rounds 5] [key=value ...]
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from fas.data.batch import Batch, Requirements
from fas.data.dataset import MAP_RULES
from fas.methods.base import Method
from fas.training.build import build_method, build_trainer
from fas.training.callbacks import Progress
from fas.training.compose import compose_experiment
from fas.training.experiment import Experiment
from fas.training.fit import quiet
from fas.training.loggers import finish, make_loggers

Clock = Callable[[], float]

WARM_UP = 5
"""Steps at the start of a round that do not count."""


class Clocked(IterableDataset[Batch]):
    """Random batches, and the moments at which they were asked for."""

    def __init__(self, requirements: Requirements, batch_size: int, steps: int, clock: Clock) -> None:
        random = torch.Generator().manual_seed(0)
        side, size = requirements.input_size, requirements.map_size
        self.batch: dict[str, torch.Tensor] = {
            "image": torch.rand(batch_size, 3, side, side, generator=random),
            "label": torch.arange(batch_size) % 2,
            "presentation": torch.arange(batch_size),
            "frame": torch.zeros(batch_size, dtype=torch.int64),
        }
        for layer in requirements.layers:
            shape = (batch_size, MAP_RULES[layer].channels, size, size)
            self.batch[layer] = torch.rand(shape, generator=random)
        self.steps = steps
        self.clock = clock
        self.fetches: list[float] = []

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        for _ in range(self.steps):
            self.fetches.append(self.clock())
            yield self.batch

    def step_times(self) -> list[float]:
        """Seconds of each step after the warm-up."""
        return np.diff(self.fetches)[WARM_UP:].tolist()


def bare(method: Method, data: Clocked, device: torch.device) -> None:
    """What one would write without Lightning."""
    method.to(device).train()
    optimizer = method.configure_optimizers()
    for batch in DataLoader(data, batch_size=None):
        on_device = {key: value.to(device, non_blocking=True) for key, value in batch.items()}
        optimizer.zero_grad()
        loss = method.loss(method(on_device["image"]), on_device)["loss"]
        loss.backward()
        optimizer.step()


def under_lightning(experiment: Experiment, method: Method, data: Clocked, folder: Path) -> None:
    """What `fas fit` does, without validation and checkpoints."""
    loggers = make_loggers(experiment, folder)
    trainer = build_trainer(experiment, folder, loggers, [Progress()])
    with redirect_stdout(io.StringIO()):
        trainer.fit(method, DataLoader(data, batch_size=None))
    finish(loggers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exp", default="demo", help="experiment; the smaller its network, the more Lightning shows")
    parser.add_argument("--steps", type=int, default=30, help="steps of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each")
    parser.add_argument("overrides", nargs="*", help="as for `fas fit`")
    arguments = parser.parse_args()
    os.environ["WANDB_MODE"] = "offline"
    quiet()
    overrides = [*arguments.overrides, "trainer.max_epochs=1", "trainer.devices=1"]
    experiment = compose_experiment(arguments.exp, overrides)
    with tempfile.TemporaryDirectory() as folder:
        device = build_trainer(experiment, Path(folder), [], []).strategy.root_device
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    batch_size, requirements = experiment.data["batch_size"], build_method(experiment).requirements
    times: dict[str, list[float]] = {"bare loop": [], "under Lightning, logging to CSV and W&B": []}
    for _ in range(arguments.rounds):
        data = [Clocked(requirements, batch_size, arguments.steps, clock) for _ in times]
        bare(build_method(experiment), data[0], device)
        with tempfile.TemporaryDirectory() as folder:
            under_lightning(experiment, build_method(experiment), data[1], Path(folder))
        for title, clocked in zip(times, data, strict=True):
            times[title] += clocked.step_times()
    reference = np.median(times["bare loop"])
    print(f"`{arguments.exp}`, batches of {batch_size} on {device}, {torch.get_num_threads()} threads;", end=" ")
    print(f"medians of {len(times['bare loop'])} steps.\n")
    print("| training step | ms | images/s | ratio |")
    print("|---|---|---|---|")
    for title, seconds in times.items():
        median = np.median(seconds)
        print(f"| {title} | {1000 * median:.1f} | {batch_size / median:.0f} | {median / reference:.3f} x |")


if __name__ == "__main__":
    main()
