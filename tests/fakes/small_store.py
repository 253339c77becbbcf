"""Makes very small stores with known content, through the store's own writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fas.store import Store, encode_image

Image = NDArray[np.uint8]


def facts_of(label: int = 1, attack_type: str = "", split: str = "train") -> dict[str, Any]:
    return {
        "subject": "07",
        "split": split,
        "label": label,
        "attack_type": attack_type,
        "attributes": {"phone": "2"},
        "path": "media.avi",
    }


def image_of(video_id: str, frame: int, channels: int = 3, size: int = 4) -> Image:
    """The image that the store should hold: another one for every frame."""
    seed = [frame, channels, *video_id.encode()]
    shape = (size, size, 3) if channels == 3 else (size, size)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def add(store: Store, video_id: str, frames: Sequence[int], layers: Sequence[str] = ("rgb",), **of: Any) -> None:
    for layer in layers:
        channels = 1 if layer == "depth" else 3
        encoded = [(frame, encode_image(image_of(video_id, frame, channels))) for frame in frames]
        store.write_shard(layer, video_id, encoded, facts_of(**of) if layer == "rgb" else {}, "png")


def new_store(root: Path, **options: Any) -> Store:
    store = Store.create(root, "toy", {"size": 4}, {"tool": "1"}, **options)
    for layer in ("rgb", "depth", "reflection"):
        store.declare_layer(layer, {"layer": layer})
    return store
