"""A training step under Lightning with our logging against a bare PyTorch loop of the same network and batches.

The steps alternate: whenever Lightning asks for a batch, which lies ready in memory, the bare loop makes a step first.
So whatever else the machine does disturbs both alike. On the CPU the process's CPU time is taken for the same reason.

Usage: python benchmarks/training_step.py [--exp basn/simulated] [--steps 100] [key=value ...]
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric.utilities import move_data_to_device
from torch.utils.data import DataLoader, IterableDataset

from fas.methods.base import Method
from fas.methods.checks import random_batch
from fas.runs.run import Run
from fas.training.build import build_scorer, build_trainer
from fas.training.callbacks import Progress
from fas.training.compose import compose_experiment
from fas.training.fit import quiet
from fas.training.loggers import finish, make_loggers

WARM_UP = 10
"""Steps at the start that do not count."""


class BareLoop:
    """What one would write without Lightning."""

    def __init__(self, method: Method, device: torch.device) -> None:
        self.method = method.to(device).train()
        self.optimizer = method.configure_optimizers()
        self.device = device

    def step(self, batch: dict[str, Any]) -> None:
        """One step of training."""
        batch = move_data_to_device(batch, self.device)
        self.optimizer.zero_grad()
        self.method.loss(self.method(batch["inputs"]), batch)["loss"].backward()
        self.optimizer.step()


class Alternating(IterableDataset[dict[str, Any]]):
    """Gives Lightning one batch again and again, and lets the bare loop make a step before each."""

    def __init__(self, batch: dict[str, Any], steps: int, bare: BareLoop) -> None:
        self.batch = batch
        self.steps = steps
        self.bare = bare
        self.bare_seconds: list[float] = []
        self.lightning_seconds: list[float] = []

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for _ in range(self.steps):
            start = self._now()
            self.bare.step(self.batch)
            middle = self._now()
            yield self.batch  # Lightning comes back for the next batch when its step is done
            self.bare_seconds.append(middle - start)
            self.lightning_seconds.append(self._now() - middle)

    def _now(self) -> float:
        if self.bare.device.type == "cpu":
            return time.process_time()
        torch.cuda.synchronize(self.bare.device)
        return time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exp", default="basn/simulated", help="the smaller its network, the more Lightning shows")
    parser.add_argument("--steps", type=int, default=100, help="steps of each")
    parser.add_argument("overrides", nargs="*", help="as for `fas fit`")
    arguments = parser.parse_args()
    os.environ["WANDB_MODE"] = "offline"
    quiet()
    overrides = [*arguments.overrides, "trainer.max_epochs=1", "trainer.devices=1"]
    experiment = compose_experiment(arguments.exp, overrides)
    methods = [build_scorer(experiment) for _ in range(2)]
    batch = random_batch(methods[0].requirements, experiment.data["batch_size"])
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        loggers = make_loggers(experiment, Run(Path(folder)), Run(Path(folder)).final)
        trainer = build_trainer(experiment, Path(folder), loggers, [Progress()])
        device = trainer.strategy.root_device
        data = Alternating(batch, WARM_UP + arguments.steps, BareLoop(methods[0], device))
        trainer.fit(methods[1], DataLoader(data, batch_size=None))
        finish(loggers)

    size = len(batch["label"])
    medians = [float(np.median(times[WARM_UP:])) for times in (data.bare_seconds, data.lightning_seconds)]
    print(f"`{arguments.exp}`, batches of {size} on {device}, {torch.get_num_threads()} threads;", end=" ")
    print(f"medians of {arguments.steps} steps.\n")
    print("| training step | ms | images/s | ratio |")
    print("|---|---|---|---|")
    for title, median in zip(("bare loop", "under Lightning, logging to CSV and W&B"), medians, strict=True):
        print(f"| {title} | {1000 * median:.1f} | {size / median:.0f} | {median / medians[0]:.3f} x |")


if __name__ == "__main__":
    main()
