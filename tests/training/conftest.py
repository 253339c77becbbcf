from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fas.training.compose import compose_experiment
from fas.training.experiment import Experiment
from tests.fakes.store import TINY, make_store


@pytest.fixture(scope="session")
def store_root(tmp_path_factory) -> Path:
    """A folder with a store of simulated presentations whose classes a tiny network tells apart; only read."""
    root = tmp_path_factory.mktemp("store")
    make_store(root)
    return root


@pytest.fixture
def tiny(store_root, tmp_path) -> Callable[..., Experiment]:
    """Composes a small experiment on that store, in a run's folder of the test's own, with further overrides."""

    def compose(*overrides: str) -> Experiment:
        return compose_experiment(
            "basn", [*TINY, f"data.store='{store_root}'", f"run_dir='{tmp_path / 'run'}'", "logger=csv", *overrides]
        )

    return compose
