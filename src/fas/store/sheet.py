"""A picture of crops next to their maps, for a look into a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fas.errors import FasError
from fas.layers import LAYERS
from fas.store.index import StoreIndex
from fas.store.reader import FrameReader

_TILE = 1.5  # inches
_CAPTION = 1.5


def choose_rows(index: StoreIndex, count: int, seed: int) -> list[int]:
    """Rows of the index, balanced over species: bona fide, then one of each species in turn.

    A presentation is used twice only after all others of its species.

    Args:
        index: The store's index.
        count: How many; fewer if the store has fewer frames.
        seed: Chooses presentations and frames.

    Raises:
        FasError: The store has no frames.
    """
    if not len(index):
        raise FasError("this store holds no frames", path=index.path.parent)
    generator = np.random.default_rng(seed)
    table = index.presentations
    species: dict[tuple[int, str], list[list[int]]] = {}
    for code in generator.permutation(len(table)):
        frames = generator.permutation(np.arange(table.start[code], table.stop[code])).tolist()
        species.setdefault((-int(table.label[code]), str(table.attack_type[code])), []).append(frames)
    rows: list[int] = []
    while len(rows) < count and species:
        for key in sorted(species):
            frames = species[key].pop(0)
            rows.append(frames.pop())
            if frames:
                species[key].append(frames)
            elif not species[key]:
                del species[key]
    return rows[:count]


def draw_sheet(index: StoreIndex, rows: list[int], out: Path) -> None:
    """Writes a PNG with one line per row: the crop and its maps as stored, whatever the label.

    Args:
        index: The store's index.
        rows: Rows of the index.
        out: The picture to write.

    Raises:
        FasError: A shard is damaged, or the picture cannot be written.
    """
    reader = FrameReader(index)
    layers = [
        layer
        for layer in index.layers
        if layer in LAYERS and LAYERS[layer].kind == "image" and layer in index.extensions
    ]
    size = (_TILE * len(layers) + _CAPTION, _TILE * len(rows) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(_title(index), fontsize=10, color="red" if index.simulated else "black")
    axes = figure.subplots(len(rows), len(layers), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        for axis, layer in zip(line, layers, strict=True):
            _draw_tile(axis, reader, index, row, layer)
        line[0].set_ylabel(_caption(index, row), rotation=0, ha="right", va="center", fontsize=8)
    for axis, layer in zip(axes[0], layers, strict=True):
        axis.set_title(layer, fontsize=9)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, format="png", dpi=110)
    except OSError as error:
        raise FasError(
            f"cannot write the picture: {error.strerror}", path=out, remedy="give --out FILE in a writable folder"
        ) from error


def _draw_tile(axis: Axes, reader: FrameReader, index: StoreIndex, row: int, layer: str) -> None:
    axis.set_box_aspect(1)
    axis.set_xticks([])
    axis.set_yticks([])
    if index.spans(layer).length[row]:
        axis.imshow(reader.read(row, layer), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    else:
        axis.text(0.5, 0.5, "missing", ha="center", va="center", color="red", transform=axis.transAxes)


def _title(index: StoreIndex) -> str:
    prefix = "SIMULATED DATA - " if index.simulated else ""
    return f"{prefix}{index.dataset} / {index.path.parent.name}"


def _caption(index: StoreIndex, row: int) -> str:
    table, code = index.presentations, int(index.presentation[row])
    species = table.attack_type[code] if table.label[code] == 0 else "bona fide"
    return f"{species}\n{table.video_id[code]}\nframe {index.frame[row]}"
