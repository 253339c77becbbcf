"""Hides messages of Lightning that are meant for developers."""

from __future__ import annotations

import logging
import warnings


def quiet_lightning() -> None:
    """Hides tips, hardware tables and warnings that a user of fas cannot act on."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*GPU available but not used.*",
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*Total length of `list` across ranks is zero.*",  # no dev split
        ".*`isinstance\\(treespec, LeafSpec\\)` is deprecated.*",
    ):
        warnings.filterwarnings("ignore", message=message)
