"""Frames of a store as samples: crop and maps resized, in [0, 1], with the maps' rule by label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from fas.data.augment import Augmentation
from fas.data.batch import Requirements
from fas.data.joined import JoinedIndex, make_reader
from fas.data.tensors import to_tensor
from fas.labels import ATTACK, BONA_FIDE
from fas.store.index import StoreIndex


@dataclass(frozen=True)
class MapRule:
    """How a stored map becomes a target.

    Attributes:
        channels: The map's channels.
        zero_for: The label whose samples have zeros as their target; the stored map is not read for them.
    """

    channels: int
    zero_for: int


MAP_RULES: Mapping[str, MapRule] = {
    # A print or a display is flat: no depth (BASN, section 3.1, eq. 1).
    "depth": MapRule(channels=1, zero_for=ATTACK),
    # A bona fide face has no reflecting medium before it (BASN, section 3.1, eq. 2).
    "reflection": MapRule(channels=3, zero_for=BONA_FIDE),
}
"""The map layers that methods may require. The store holds them as computed for every face; here the label decides."""


class FrameDataset(Dataset[dict[str, Tensor]]):
    """Rows of a store's index as samples of a `Batch`.

    Args:
        index: The index of a store, or of several.
        rows: `(N,)`, the rows that make up this dataset.
        requirements: What the method needs. The caller makes sure that the index has the layers.
        augmentation: Applied to crop and maps at the stored size; None for none.
    """

    def __init__(
        self,
        index: StoreIndex | JoinedIndex,
        rows: NDArray[np.integer],
        requirements: Requirements,
        augmentation: Augmentation | None = None,
    ) -> None:
        self._index = index
        self._reader = make_reader(index)
        self._rows = np.asarray(rows)
        self._requirements = requirements
        self._rules = {layer: MAP_RULES[layer] for layer in requirements.layers}
        self._augmentation = augmentation

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._rows)

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        """One sample: the entries of `Batch` without the batch dimension.

        Raises:
            FasError: A frame is missing or damaged.
        """
        row = int(self._rows[position])
        label = int(self._index.label[row])
        image = self._reader.read(row, "rgb")
        maps = {layer: self._reader.read(row, layer) for layer, rule in self._rules.items() if rule.zero_for != label}
        if self._augmentation is not None:
            image, maps = self._augmentation(image, maps)
        sample = {
            "image": to_tensor(image, self._requirements.input_size),
            "label": torch.tensor(label),
            "presentation": torch.tensor(int(self._index.presentation[row])),
            "frame": torch.tensor(int(self._index.frame[row])),
        }
        size = self._requirements.map_size
        for layer, rule in self._rules.items():
            values = maps.get(layer)
            sample[layer] = torch.zeros(rule.channels, size, size) if values is None else to_tensor(values, size)
        return sample
