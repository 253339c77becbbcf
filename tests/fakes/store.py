"""Makes small stores of an OULU-NPU layout with the store's own writer, and a signal that a tiny network learns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from fas.store import Store
from fas.store.codec import encode_image

SUBJECTS = {"train": (1, 2), "dev": (21, 22), "test": (36, 37)}
ATTACK_TYPES = {2: "print/printer1", 3: "print/printer2", 4: "replay/display1", 5: "replay/display2"}
BONA_FIDE = 1
CROP, MAP = 64, 16

TINY = (
    "data=oulu_simulated",
    "data.batch_size=4",
    "data.num_workers=0",
    "model.input_size=64",
    "model.backbone=test_efficientnet",
    "model.pretrained=false",
    "model.afe_channels=[8,12,8]",
    "model.fusion_channels=8",
    "model.lr=0.01",
    "trainer.accelerator=cpu",
    "trainer.max_epochs=2",
)
"""Overrides that make BASN learn such a store within seconds."""


def presentations(sessions: Collection[int] = (1, 3)) -> Iterator[dict]:
    """The facts of every presentation: two subjects a split, one phone, all five access types."""
    for split, subjects in SUBJECTS.items():
        for subject in subjects:
            for session in sessions:
                for access in (BONA_FIDE, *ATTACK_TYPES):
                    video_id = f"1_{session}_{subject:02d}_{access}"
                    yield {
                        "video_id": video_id,
                        "path": f"{split.capitalize()}_files/{video_id}.avi",
                        "subject": f"{subject:02d}",
                        "split": split,
                        "label": int(access == BONA_FIDE),
                        "attack_type": ATTACK_TYPES.get(access, ""),
                        "attributes": {
                            "folder": split.capitalize(),
                            "phone": "1",
                            "session": str(session),
                            "access": str(access),
                        },
                    }


def crop(label: int, rng: np.random.Generator) -> np.ndarray:
    """Noise; attacks have stripes, as of a display."""
    image = rng.integers(60, 180, (CROP, CROP, 3))
    if not label:
        image[::2] += 60
    return image.astype(np.uint8)


def make_store(
    root: Path,
    *,
    frames: int = 3,
    layers: Collection[str] = ("depth", "reflection"),
    without: Collection[str] = (),
    simulated: bool = True,
    recipe: dict | None = None,
) -> Store:
    """Writes a store.

    Args:
        root: The folder of all stores.
        frames: Frames of each presentation, numbered 0, 5, 10, ...
        layers: The maps. Depth is 200 everywhere, reflection (50, 100, 150).
        without: `video_id`s to leave out.
        simulated: The dataset is `oulu-simulated`, else `oulu`.
        recipe: The store's recipe.
    """
    store = Store.create(
        root, "oulu-simulated" if simulated else "oulu", recipe or {"size": CROP}, {"fas": "test"}, simulated=simulated
    )
    for layer in ("rgb", *layers):
        store.declare_layer(layer, {"size": CROP if layer == "rgb" else MAP})
    rng = np.random.default_rng(0)
    maps = {
        "depth": np.full((MAP, MAP), 200, np.uint8),
        "reflection": np.full((MAP, MAP, 3), (50, 100, 150), np.uint8),
    }
    for facts in presentations():
        if facts["video_id"] in without:
            continue
        numbers = [5 * number for number in range(frames)]
        crops = [(number, encode_image(crop(facts["label"], rng))) for number in numbers]
        store.write_shard("rgb", facts["video_id"], crops, {**facts, "frames": []}, "png")
        for layer in layers:
            encoded = [(number, encode_image(maps[layer])) for number in numbers]
            store.write_shard(layer, facts["video_id"], encoded, {}, "png")
    store.build_index()
    return store
