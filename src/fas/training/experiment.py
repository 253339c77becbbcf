"""A composed experiment: what `conf/fit.yaml` describes, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from fas.training.arguments import check_arguments

Monitor = Literal["dev/eer", "dev/acer", "dev/loss"]
"""The metrics that can choose the best checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The config of one run. Sections hold plain data, from which `fas.training.build` creates objects.

    Attributes:
        experiment: The experiment's name.
        model: `name` of the method, and its hyper-parameters.
        data: Arguments of `FasDataModule`.
        augment: `transforms` of the training crops, see `fas.data.augment`.
        trainer: Arguments of Lightning's `Trainer`.
        logger: Settings of loggers in addition to the CSV file: `wandb`, or None.
        seed: Seed of weights, sampling and augmentation.
        run_dir: The run's folder; None for a new one.
        monitor: The logged metric that chooses the best checkpoint, the lower the better.
        stages: The sequence of fits: name -> overrides of the sections above; see
            `fas.training.stages`. Empty for a single fit.
    """

    experiment: str
    model: dict[str, Any]
    data: dict[str, Any]
    augment: dict[str, Any]
    trainer: dict[str, Any]
    logger: dict[str, Any]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    run_dir: str | None
    monitor: Monitor
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Experiment:
        """Checks the sections' names and types.

        Raises:
            FasError: A section is unknown, missing or not a mapping, or a value does not fit.
        """
        return cls(**check_arguments(cls, config, "the experiment"))

    def config(self) -> dict[str, Any]:
        """The plain config, as it was composed."""
        return asdict(self)
