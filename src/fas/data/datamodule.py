"""From a store and a protocol to the loaders of Lightning: exactly what a method requires, balanced and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytorch_lightning as pl
from lightning_fabric.utilities.seed import pl_worker_init_function
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveInt
from torch.utils.data import DataLoader, DistributedSampler, Sampler, SequentialSampler

from fas.data.augment import Augmentation, TransformSettings
from fas.data.batch import Requirements
from fas.data.dataset import FrameDataset
from fas.data.joined import JoinedIndex
from fas.data.sampler import BalancedSampler, evenly_spaced
from fas.data.source import Source, open_source
from fas.data.splits import Split, check_split, rows_of
from fas.errors import FasError
from fas.paths import store_root
from fas.processes import default_workers
from fas.store.index import StoreIndex

_MOST_WORKERS = 8


class FasDataModule(pl.LightningDataModule):
    """The train, dev and test frames of one protocol, of one dataset or across several.

    Training draws bona fide and attacks 1 : 1, anew every epoch; dev and test frames are taken in order. What is wrong
    with the data is found by `setup`, before a process is started or a batch is read.

    Args:
        dataset: Name of the dataset's folder in the store, such as `oulu` or `oulu-simulated`; None for a protocol
            across datasets.
        protocol: The protocol's name in the dataset's recipe; or one across datasets, by name or file.
        requirements: What the method needs of a batch.
        fold: The protocol's fold from 1; None for a protocol without folds.
        recipe: Name or path of the dataset's recipe; None finds it by the dataset's name.
        store: The folder that stores live in; None takes `$FAS_STORE`.
        recipe_hash: Which store of the dataset, where there are several; the beginning is enough.
        frames_per_video: Training frames drawn from each presentation in an epoch; None takes all.
        eval_frames: Evenly spaced frames of each dev and test presentation; None takes all.
        batch_size: Samples of a batch, per process.
        num_workers: Loading processes; None takes one per CPU core that this process may use, less the one that trains,
            at least 1 and at most 8.
        transforms: Augmentation of the training samples, see `Augmentation`.
        seed: Of the sampling.
    """

    def __init__(
        self,
        *,
        dataset: str | None,
        protocol: str,
        requirements: Requirements,
        fold: int | None = None,
        recipe: str | None = None,
        store: Path | None = None,
        recipe_hash: str | None = None,
        frames_per_video: PositiveInt | None = None,
        eval_frames: PositiveInt | None = None,
        batch_size: PositiveInt = 32,
        num_workers: NonNegativeInt | None = None,
        transforms: TransformSettings = (),
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._dataset = dataset
        self._protocol = protocol
        self._fold = fold
        self._recipe = recipe
        self._root = store
        self._recipe_hash = recipe_hash
        self._requirements = requirements
        self._frames_per_video = frames_per_video
        self._eval_frames = eval_frames
        self._batch_size = batch_size
        self._num_workers = _default_workers() if num_workers is None else num_workers
        self._seed = seed
        self._augmentation = Augmentation(transforms, requirements.layers) if transforms else None
        self._checked: set[str] = set()

    @cached_property
    def source(self) -> Source:
        """What the data is read from."""
        root = store_root() if self._root is None else self._root
        return open_source(self._dataset, self._protocol, self._fold, self._recipe, root, self._recipe_hash)

    @property
    def index(self) -> StoreIndex | JoinedIndex:
        """All stored frames."""
        return self.source.index

    @property
    def splits(self) -> dict[str, Split]:
        """Those of `train`, `dev` and `test` that the protocol has, restricted to what is stored."""
        return self.source.splits

    @property
    def scored_splits(self) -> tuple[str, ...]:
        """The splits that `fas test` scores: dev for the threshold, if the protocol has one, and test."""
        return self._needed("dev", "test")

    def _needed(self, *names: str) -> tuple[str, ...]:
        """Those of the splits that the protocol has."""
        return tuple(name for name in names if name in self.splits)

    @property
    def presentations(self) -> Mapping[str, NDArray[Any]]:
        """Columns `video_id`, `subject`, `label` and `attack_type`; row n is the presentation of code n in a batch."""
        table = self.index.presentations
        return {name: getattr(table, name) for name in ("video_id", "subject", "label", "attack_type")}

    @property
    def facts(self) -> dict[str, Any]:
        """Where the data comes from, for the record of a run and of its scores."""
        return {
            "dataset": self.source.dataset,
            "simulated": self.source.simulated,
            "protocol": self._protocol,
            "fold": self._fold,
            "recipe_hash": self.source.recipe_hash,
            "frames_per_video": self._frames_per_video,
            "eval_frames": self._eval_frames,
            "presentations": {name: len(split.codes) for name, split in self.splits.items()},
            "not_acquired": {name: len(split.not_acquired) for name, split in self.splits.items()},
            "absent": {name: len(split.absent) for name, split in self.splits.items()},
        }

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of its data, so that it can cut the faces of other videos in the same way."""
        source = self.source
        return {"dataset": source.dataset, "simulated": source.simulated, "recipe": source.recipe}

    def setup(self, stage: str) -> None:
        """Checks what a stage needs: `fit` train and dev with all layers, `predict` dev and test.

        Dev is needed only where the protocol has it.

        Raises:
            FasError: A split or class is empty, a layer is missing, or the augmentation fails.

        Warns:
            FasWarning: Presentations of the protocol are missing in the store.
        """
        # Crops are small, so threads cost more than they bring; and OpenCV's threads do not survive a fork.
        cv2.setNumThreads(0)
        for name in self._needed("train", "dev") if stage == "fit" else self.scored_splits:
            if name not in self._checked:
                fold = f", fold {self._fold}" if self._fold else ""
                where = f"{self.source.dataset}, protocol {self._protocol}{fold}"
                check_split(name, self.splits[name], self.index.presentations.label, where, self.source.path)
                self._checked.add(name)
            if stage == "fit":
                self._check_layers(name)
        if stage == "fit":
            self._training_dataset[0]

    def train_dataloader(self) -> DataLoader[Any]:
        """Bona fide and attacks 1 : 1, each rank its share."""
        rows = self._rows("train")
        sampler = BalancedSampler(
            self.index.label[rows],
            self.index.presentation[rows],
            frames_per_video=self._frames_per_video,
            seed=self._seed,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
        )
        return self._loader(self._training_dataset, sampler)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """The dev split with the layers for the loss; nothing for a protocol without one."""
        if "dev" not in self.splits:
            return []
        return self._evaluation_loader(("dev",), self._requirements)

    def predict_dataloader(self) -> DataLoader[Any]:
        """The dev and then the test split, without maps: scores need none."""
        return self._evaluation_loader(self.scored_splits, replace(self._requirements, layers=()))

    @cached_property
    def _training_dataset(self) -> FrameDataset:
        return FrameDataset(self.index, self._rows("train"), self._requirements, self._augmentation)

    def _rows(self, split: str) -> NDArray[np.int64]:
        part = self.splits[split]
        rows = rows_of(part.codes, self.index.presentations)
        if part.first_frames is None:
            return rows
        kept = rows[self.index.frame[rows] < part.first_frames]
        if lost := len(part.codes) - len(np.unique(self.index.presentation[kept])):
            raise FasError(
                f"{lost} {split} presentations have none of their first {part.first_frames} frames in the store, which "
                f"are all that protocol {self._protocol} uses",
                path=self.source.path,
                remedy="preprocess with more frames, such as --frames all",
            )
        return kept

    def _check_layers(self, split: str) -> None:
        rows = self._rows(split)
        for layer in self._requirements.layers:
            lacking = rows[~self.index.has(layer)[rows]]
            if len(lacking):
                videos = np.unique(self.index.presentation[lacking])
                dataset = self.source.dataset.removesuffix("-simulated")
                raise FasError(
                    f"layer {layer!r} is missing for {len(lacking)} of {len(rows)} {split} frames, "
                    f"in {len(videos)} presentations such as {self.index.video_id(int(videos[0]))}",
                    path=self.source.path,
                    remedy=f"make it with `fas preprocess {dataset} --{layer}`; nothing else is made again",
                )

    def _evaluation_loader(self, splits: Sequence[str], requirements: Requirements) -> DataLoader[Any]:
        rows = np.concatenate([self._rows(split) for split in splits])
        if self._eval_frames is not None:
            rows = rows[evenly_spaced(self.index.presentation[rows], self.index.frame[rows], self._eval_frames)]
        dataset = FrameDataset(self.index, rows, requirements)
        sampler: Sampler[int] = SequentialSampler(dataset)
        if self.trainer and self.trainer.world_size > 1:
            # Ranks get equally many by repeating some; a method counts every frame once (first_of_each_frame).
            sampler = DistributedSampler(dataset, self.trainer.world_size, self.trainer.global_rank, shuffle=False)
        return self._loader(dataset, sampler)

    def _loader(self, dataset: FrameDataset, sampler: Sampler[int]) -> DataLoader[Any]:
        return DataLoader(
            dataset,
            batch_size=self._batch_size,
            sampler=sampler,
            num_workers=self._num_workers,
            persistent_workers=self._num_workers > 0,
            pin_memory=self.trainer is not None and self.trainer.strategy.root_device.type == "cuda",
            worker_init_fn=_start_worker if self._num_workers else None,
        )


def _start_worker(worker: int) -> None:
    cv2.setNumThreads(0)
    pl_worker_init_function(worker)  # another seed for every worker and rank


def _default_workers() -> int:
    return min(max(default_workers() - 1, 1), _MOST_WORKERS)
