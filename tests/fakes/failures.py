"""Records of presentations that could not be acquired."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fas.datasets.loading import load_recipe
from fas.datasets.naming import NameReader


def oulu_failure(path: str) -> dict[str, Any]:
    """What preprocessing records of a video of OULU-NPU without a face."""
    presentation = NameReader(load_recipe("oulu")).read(path)
    assert presentation is not None
    return {**asdict(presentation), "reason": "no face"}
