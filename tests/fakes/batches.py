"""Random batches as the DataModule would give them, and small arguments for any method."""

from __future__ import annotations

import inspect

import torch

from fas.data.batch import Batch, Requirements
from fas.methods import method_class
from fas.methods.base import Method

# A convention for all methods: where a method has a hyper-parameter of this name, the tests set it so.
SMALL = {
    "input_size": 64,
    "backbone": "test_efficientnet",
    "pretrained": False,
    "afe_channels": (8, 12, 8),
    "fusion_channels": 8,
    "lr": 1e-2,
}

CHANNELS = {"depth": 1, "reflection": 3}


def small_method(name: str, **settings: object) -> Method:
    """A method with the small arguments that it knows."""
    torch.manual_seed(0)
    kind = method_class(name)
    known = inspect.signature(kind).parameters
    return kind(**{key: value for key, value in SMALL.items() if key in known}, **settings)


def random_batch(requirements: Requirements, size: int = 4, seed: int = 0) -> Batch:
    """Half bona fide, half attacks, in turns; exactly the layers that are required, with the labels' zeros."""
    generator = torch.Generator().manual_seed(seed)
    label = 1 - torch.arange(size) % 2
    batch = {
        "image": torch.rand(size, 3, requirements.input_size, requirements.input_size, generator=generator),
        "label": label,
        "presentation": torch.arange(size),
        "frame": torch.zeros(size, dtype=torch.int64),
    }
    for layer in requirements.layers:
        map_shape = (size, CHANNELS[layer], requirements.map_size, requirements.map_size)
        shows = label if layer == "depth" else 1 - label
        batch[layer] = torch.rand(map_shape, generator=generator) * shows.view(-1, 1, 1, 1)
    return batch
