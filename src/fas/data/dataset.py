"""Frames or clips of a store as samples: the inputs and targets that a method requires, zeroed by label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from fas.data.augment import Augmentation
from fas.data.batch import Clip, Requirements
from fas.data.clips import clip_rows
from fas.data.crops import centre_box, centre_crop
from fas.data.joined import JoinedIndex, make_reader
from fas.data.tensors import points_to_tensor, to_tensor
from fas.labels import ATTACK, BONA_FIDE
from fas.layers import LAYERS, RGB
from fas.store.index import StoreIndex

Image = NDArray[np.uint8]
Synthesis = Callable[[list[Image]], list[Image] | None]
"""A label-changing augmentation: turns the crops of a bona fide sample into an attack, or does nothing (None)."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What training samples have and evaluation samples must not have.

    Attributes:
        augmentation: Applied to crops, maps and points after the centre crop, before they get the size of the input.
        synthesis: Runs before the rule of zeros, so that an attack made from a bona fide face has an attack's targets.
        partners: Label -> rows of all training samples of that label, if the method requires partners.
    """

    augmentation: Augmentation | None = None
    synthesis: Synthesis | None = None
    partners: Mapping[int, NDArray[np.integer]] = field(default_factory=dict)


class FaceDataset(Dataset[dict[str, Any]]):
    """Rows of a store's index as samples of a `Batch`: single frames, or the clips that begin at these rows.

    Args:
        index: The index of a store, or of several.
        rows: `(N,)`, the rows that make up this dataset; for clips the rows of their first frames.
        requirements: What the method needs. The caller makes sure that the index has the layers and whole clips.
        share: Side of the centre crop as a share of the stored crop, see `fas.data.crops`.
        domains: `(presentations,)` domain code of each presentation, if the method requires it.
        training: What only training samples have; None for evaluation.
    """

    def __init__(
        self,
        index: StoreIndex | JoinedIndex,
        rows: NDArray[np.integer],
        requirements: Requirements,
        *,
        share: float = 1.0,
        domains: NDArray[np.integer] | None = None,
        training: Training | None = None,
    ) -> None:
        self._index = index
        self._reader = make_reader(index)
        self._rows = np.asarray(rows)
        self._requirements = requirements
        self._share = share
        self._domains = domains
        self._training = training or Training()

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._rows)

    def __getitem__(self, position: int) -> dict[str, Any]:
        """One sample: the entries of `Batch` without the batch dimension.

        Raises:
            FasError: A frame is missing or damaged.
        """
        row = int(self._rows[position])
        presentation = int(self._index.presentation[row])
        sample = self._sample(row)
        sample["presentation"] = torch.tensor(presentation)
        sample["frame"] = torch.tensor(int(self._index.frame[row]))
        if self._domains is not None:
            sample["domain"] = torch.tensor(int(self._domains[presentation]))
        if self._training.partners:
            # Opposite to what the sample has become; a partner stays what it is, else both could be attacks.
            rows = self._training.partners[ATTACK if sample["label"] == BONA_FIDE else BONA_FIDE]
            partner = self._sample(int(rows[int(torch.randint(len(rows), ()))]), synthesise=False)
            sample["partner"] = {key: partner[key] for key in ("inputs", "targets", "label")}
        return sample

    def _sample(self, row: int, *, synthesise: bool = True) -> dict[str, Any]:
        requirements, rows = self._requirements, self._rows_of(row)
        label, synthesised = int(self._index.label[row]), False
        images = [self._reader.read(one, RGB) for one in rows]
        if self._training.synthesis is not None and label == BONA_FIDE and synthesise:
            made = self._training.synthesis(images)
            if made is not None:
                images, label, synthesised = made, ATTACK, True
        layers = {layer: self._read(layer, rows) for layer in self._wanted(label)}
        layers = centre_cropped({RGB: images, **layers}, self._share)
        if self._training.augmentation is not None:
            layers = self._augmented(self._training.augmentation, layers)

        def tensor(layer: str, size: int) -> Tensor:
            return layer_tensor(layer, layers, size, requirements.clip)

        sample: dict[str, Any] = {
            "inputs": {layer: tensor(layer, requirements.input_size) for layer in requirements.inputs},
            "targets": {
                layer: self._zeros(layer, size) if self._is_zero(layer, label) else tensor(layer, size)
                for layer, size in requirements.targets.items()
            },
            "label": torch.tensor(label),
            "synthesised": torch.tensor(synthesised),
        }
        if requirements.raw:
            sample["raw"] = {layer: tensor(layer, requirements.targets[layer]) for layer in requirements.raw}
        return sample

    def _rows_of(self, row: int) -> list[int]:
        """The rows of a sample's frames."""
        clip = self._requirements.clip
        if clip is None:
            return [row]
        code = int(self._index.presentation[row])
        start, stop = np.searchsorted(self._index.presentation, [code, code + 1]).tolist()
        rows: list[int] = clip_rows(self._index.frame, start, stop, row, clip).tolist()
        return rows

    def _wanted(self, label: int) -> list[str]:
        """The layers besides rgb that must be read for a sample of this label."""
        requirements = self._requirements
        always = {*requirements.inputs, *requirements.raw}
        return [
            layer
            for layer in requirements.layers
            if layer != RGB and (layer in always or not self._is_zero(layer, label))
        ]

    def _is_zero(self, layer: str, label: int) -> bool:
        return LAYERS[layer].zero_for == label

    def _read(self, layer: str, rows: Sequence[int]) -> list[Any]:
        """The values of one layer: one per frame, or one for the presentation."""
        rows = rows if LAYERS[layer].unit == "frame" else rows[:1]
        return [self._reader.read(row, layer) for row in rows]

    @staticmethod
    def _augmented(augmentation: Augmentation, layers: dict[str, list[Any]]) -> dict[str, list[Any]]:
        maps, points = (
            {layer: values for layer, values in layers.items() if LAYERS[layer].kind == kind and layer != RGB}
            for kind in ("image", "points")
        )
        images, maps, points = augmentation(layers[RGB], maps, points)
        return {**layers, RGB: images, **maps, **points}

    def _zeros(self, layer: str, size: int) -> Tensor:
        """The target of a sample whose label requires zeros."""
        about = LAYERS[layer]
        if about.unit == "presentation":
            return torch.zeros(about.channels)
        frames = () if self._requirements.clip is None else (self._requirements.clip.length,)
        return torch.zeros(*frames, about.channels, size, size)


def input_tensors(values: Mapping[str, Sequence[Any]], requirements: Requirements, share: float) -> dict[str, Tensor]:
    """The inputs of one sample, without the batch dimension, from stored or just computed values.

    Args:
        values: Layer -> one value for each of the sample's frames, as the store has them; `rgb` must be there.
        requirements: What the method needs.
        share: Side of the centre crop as a share of the crops, see `fas.data.crops`.
    """
    layers = centre_cropped({layer: list(of_layer) for layer, of_layer in values.items()}, share)
    return {
        layer: layer_tensor(layer, layers, requirements.input_size, requirements.clip) for layer in requirements.inputs
    }


def centre_cropped(layers: dict[str, list[Any]], share: float) -> dict[str, list[Any]]:
    """The centre of crops and maps, and points in pixels of it; `share` is that of the side."""
    if share >= 1:
        return layers
    height, width = layers[RGB][0].shape[:2]
    shift = np.array([centre_box(width, share)[0], centre_box(height, share)[0]], dtype=np.float32)

    def cropped(layer: str, value: Any) -> Any:
        kind = LAYERS[layer].kind
        if kind == "image":
            return centre_crop(value, share)
        return np.hstack([value[:, :2] - shift, value[:, 2:]]) if kind == "points" else value

    return {layer: [cropped(layer, value) for value in values] for layer, values in layers.items()}


def layer_tensor(layer: str, layers: Mapping[str, Sequence[Any]], size: int, clip: Clip | None) -> Tensor:
    """The values of one layer as one tensor, with an axis for the frames of a clip.

    Args:
        layer: Its name.
        layers: Layer -> value of each frame; `rgb` must be there.
        size: Side of an image in pixels.
        clip: The clip, if the sample is one.
    """
    about, values = LAYERS[layer], layers[layer]
    height, width = layers[RGB][0].shape[:2]
    if about.kind == "image":
        tensors = [to_tensor(one, size) for one in values]
    elif about.kind == "points":
        tensors = [points_to_tensor(one, height, width) for one in values]
    else:
        tensors = [torch.from_numpy(np.array(one, dtype=np.float32)) for one in values]
    return torch.stack(tensors) if clip is not None and about.unit == "frame" else tensors[0]


def evaluation_requirements(requirements: Requirements) -> Requirements:
    """What scoring needs: the inputs alone, without targets, domain and partner."""
    return replace(requirements, targets={}, raw=(), domain=None, partner=False)
