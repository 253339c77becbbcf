"""From a store and a protocol to Lightning's data loaders: exactly what a method requires, balanced and checked."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
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

from fas.data.augment import Augmentation
from fas.data.batch import Requirements, Sampling, TransformSettings
from fas.data.clips import clip_starts, separate_starts
from fas.data.crops import crop_share
from fas.data.dataset import FaceDataset, Training, evaluation_requirements
from fas.data.joined import JoinedIndex
from fas.data.sampler import GroupSampler, evenly_spaced, sample_groups
from fas.data.source import Source, open_source
from fas.data.splits import Split, check_split, rows_of
from fas.errors import FasError, FasWarning
from fas.labels import ATTACK, BONA_FIDE
from fas.layers import RGB, layer_options
from fas.paths import store_root
from fas.processes import default_workers
from fas.store.index import StoreIndex

_MOST_WORKERS = 8
_SHOWN = 3


class FasDataModule(pl.LightningDataModule):
    """The train, dev and test samples of one protocol, of one dataset or across several.

    A sample is a frame, or a clip where the method requires clips. Training draws by the method's rule of sampling,
    again in every epoch; dev and test samples are read in order. `setup` finds everything that is wrong with the data,
    before a process is started or a batch is read.

    Args:
        dataset: Name of the dataset's folder in the store, such as `oulu` or `oulu-simulated`; None for a protocol
            across datasets.
        protocol: The protocol's name in the dataset's recipe, or one across datasets, by name or file. None uses the
            only protocol of a dataset that has one.
        requirements: What the method needs of a batch.
        fold: The protocol's fold from 1; None for a protocol without folds.
        recipe: Name or path of the dataset's recipe; None uses the one that the store keeps.
        store: The folder that stores live in; None uses `$FAS_STORE`.
        recipe_hash: Which store of the dataset, where there are several; the beginning is enough.
        frames_per_video: Training samples drawn from each presentation in an epoch; None uses all.
        eval_frames: Evenly spaced samples of each dev and test presentation; None uses all. For clips: of those that
            follow each other.
        sampling: How an epoch is drawn; None uses the method's own rule.
        batch_size: Samples of a batch, per process.
        num_workers: Loading processes; None uses one per CPU core that this process may use, less the one that trains,
            at least 1 and at most 8.
        transforms: Augmentation of the training samples, see `Augmentation`; None uses the method's own.
        seed: Seed of the sampling.
    """

    def __init__(
        self,
        *,
        dataset: str | None,
        protocol: str | None,
        requirements: Requirements,
        fold: int | None = None,
        recipe: str | None = None,
        store: Path | None = None,
        recipe_hash: str | None = None,
        frames_per_video: PositiveInt | None = None,
        eval_frames: PositiveInt | None = None,
        sampling: Sampling | None = None,
        batch_size: PositiveInt = 32,
        num_workers: NonNegativeInt | None = None,
        transforms: TransformSettings | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._dataset = dataset
        self._wanted_protocol = protocol
        self._fold = fold
        self._recipe = recipe
        self._root = store
        self._recipe_hash = recipe_hash
        self._requirements = requirements
        self._frames_per_video = frames_per_video
        self._eval_frames = eval_frames
        self._sampling: Sampling = sampling or requirements.sampling
        self._batch_size = batch_size
        self._num_workers = _default_workers() if num_workers is None else num_workers
        self._seed = seed
        transforms = requirements.augmentation if transforms is None else transforms
        moved = [layer for layer in requirements.layers if layer != RGB]
        self._augmentation = Augmentation(transforms, moved) if transforms else None
        self._checked: set[str] = set()

    @cached_property
    def source(self) -> Source:
        """The source of the data."""
        root = store_root() if self._root is None else self._root
        return open_source(self._dataset, self._wanted_protocol, self._fold, self._recipe, root, self._recipe_hash)

    @property
    def index(self) -> StoreIndex | JoinedIndex:
        """All stored frames."""
        return self.source.index

    @property
    def splits(self) -> dict[str, Split]:
        """The protocol's splits among `train`, `dev` and `test`, restricted to what is stored."""
        return self.source.splits

    @property
    def scored_splits(self) -> tuple[str, ...]:
        """The splits that `fas test` scores: dev for the threshold, if the protocol has one, and test."""
        return self._existing("dev", "test")

    def _existing(self, *names: str) -> tuple[str, ...]:
        """The given splits that the protocol has."""
        return tuple(name for name in names if name in self.splits)

    @property
    def presentations(self) -> Mapping[str, NDArray[Any]]:
        """Columns `video_id`, `subject`, `label` and `attack_type`; row n is the presentation of code n in a batch."""
        table = self.index.presentations
        return {name: getattr(table, name) for name in ("video_id", "subject", "label", "attack_type")}

    @property
    def facts(self) -> dict[str, Any]:
        """The origin of the data, as a run and its scores record it."""
        return {
            "dataset": self.source.dataset,
            "simulated": self.source.simulated,
            "protocol": self.source.protocol,
            "fold": self._fold,
            "recipe_hash": self.source.recipe_hash,
            "frames_per_video": self._frames_per_video,
            "eval_frames": self._eval_frames,
            "sampling": self._sampling,
            "presentations": {name: len(split.codes) for name, split in self.splits.items()},
            "not_acquired": {name: len(split.not_acquired) for name, split in self.splits.items()},
            "absent": {name: len(split.absent) for name, split in self.splits.items()},
        }

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of its data, so that it can cut the faces of other videos in the same way."""
        source = self.source
        return {"dataset": source.dataset, "simulated": source.simulated, "recipe": source.recipe}

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains of the training split, sorted; none if the method has no domains."""
        if self._requirements.domain is None:
            return ()
        names = self._domain_names()
        return tuple(sorted({names[code] for code in self.splits["train"].codes.tolist()}))

    def setup(self, stage: str) -> None:
        """Checks what a stage needs: `fit` train and dev with all layers, `predict` dev and test with the inputs.

        Dev is needed only where the protocol has it.

        Raises:
            FasError: A split or class is empty, a layer is missing, crops are too small, no clip is whole, or the
                augmentation fails.

        Warns:
            FasWarning: Presentations of the protocol are missing in the store, or have no whole clip.
        """
        # Crops are small, so threads cost more than they gain; and OpenCV's threads do not survive a fork.
        cv2.setNumThreads(0)
        fitting = stage == "fit"
        requirements = self._requirements if fitting else evaluation_requirements(self._requirements)
        for name in self._existing("train", "dev") if fitting else self.scored_splits:
            if name not in self._checked:
                check_split(name, self.splits[name], self.index.presentations.label, self._where, self.source.path)
                self._check_clips(name)
                self._checked.add(name)
            self._check_layers(name, requirements)
        if fitting:
            _ = self._training_groups  # domains may be lacking
            self._training_dataset[0]

    @property
    def _where(self) -> str:
        fold = f", fold {self._fold}" if self._fold else ""
        return f"{self.source.dataset}, protocol {self.source.protocol}{fold}"

    def train_dataloader(self) -> DataLoader[Any]:
        """Training samples by the rule of sampling; each rank gets its share."""
        sampler = GroupSampler(
            self._training_groups,
            self.index.presentation[self._training_rows],
            per_presentation=self._frames_per_video,
            seed=self._seed,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
        )
        return self._loader(self._training_dataset, sampler)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """The dev split with the layers for the loss; no loader for a protocol without dev split."""
        if "dev" not in self.splits:
            return []
        return self._evaluation_loader(("dev",), self._requirements)

    def predict_dataloader(self) -> DataLoader[Any]:
        """The dev and then the test split with the inputs alone: scores need no targets."""
        return self._evaluation_loader(self.scored_splits, evaluation_requirements(self._requirements))

    def dataset(self, rows: Sequence[int] | NDArray[np.integer], *, targets: bool = True) -> FaceDataset:
        """Samples of chosen rows of the index, as in evaluation; for clips, the rows where they begin.

        Args:
            rows: Rows of the index.
            targets: Whether to include the targets of the loss.
        """
        requirements = self._requirements if targets else evaluation_requirements(self._requirements)
        return self._dataset_of(np.asarray(rows, dtype=np.int64), requirements)

    def sample_rows(self, split: str) -> NDArray[np.int64]:
        """The rows of the samples of a split that `fas test` scores, in order."""
        rows = self._rows(split)
        presentation, frame = self.index.presentation[rows], self.index.frame[rows]
        if (clip := self._requirements.clip) is not None:
            every = np.arange(len(rows), dtype=np.intp)
            rows = rows[separate_starts(every, presentation, frame, clip)]
            presentation, frame = self.index.presentation[rows], self.index.frame[rows]
        if self._eval_frames is None:
            return rows
        return rows[evenly_spaced(presentation, frame, self._eval_frames)]

    def without_sample(self, split: str) -> NDArray[np.intp]:
        """Codes of the presentations of a split that have no whole clip, so that they get no score."""
        codes = self.splits[split].codes
        return codes[~np.isin(codes, self.index.presentation[self._rows(split)])]

    @cached_property
    def _share(self) -> float:
        return crop_share(self.source.recipe, self._requirements.crop_scale, self._preprocess_command)

    @cached_property
    def _training_rows(self) -> NDArray[np.int64]:
        """The rows of all training samples."""
        return self._rows("train")

    @cached_property
    def _training_groups(self) -> NDArray[np.int64]:
        """The group of each training sample by the rule of sampling."""
        rows = self._training_rows
        presentation = self.index.presentation[rows]
        species = self.index.presentations.attack_type[presentation].tolist() if self._sampling == "per_species" else []
        domains = self._domain_codes[presentation] if self._sampling == "per_domain" else presentation
        return sample_groups(self._sampling, self.index.label[rows], species, domains)

    @cached_property
    def _training_dataset(self) -> FaceDataset:
        rows = self._training_rows
        partners = {}
        if self._requirements.partner:
            labels = self.index.label[rows]
            partners = {label: rows[labels == label] for label in (BONA_FIDE, ATTACK)}
        training = Training(augmentation=self._augmentation, partners=partners)
        return self._dataset_of(rows, self._requirements, training)

    def _dataset_of(
        self, rows: NDArray[np.int64], requirements: Requirements, training: Training | None = None
    ) -> FaceDataset:
        domains = None if requirements.domain is None else self._domain_codes
        return FaceDataset(self.index, rows, requirements, share=self._share, domains=domains, training=training)

    def _domain_names(self) -> list[str]:
        """The domain of every presentation code."""
        wanted = self._requirements.domain
        table = self.index.presentations
        if wanted is None:
            raise FasError(
                "data.sampling=per_domain needs a method with domains", remedy="choose another data.sampling"
            )
        if wanted == "dataset" and isinstance(self.index, StoreIndex):
            return [self.source.dataset] * len(table)
        names = [one.get(wanted) for one in table.attributes]
        used = np.concatenate([self.splits[name].codes for name in self._existing("train", "dev")]).tolist()
        if lacking := [code for code in used if names[code] is None]:
            known = sorted({key for code in used for key in table.attributes[code]})
            raise FasError(
                f"{len(lacking)} presentations such as {table.video_id[lacking[0]]} have no attribute {wanted!r}, "
                "which tells the method's domains apart",
                path=self.source.path,
                remedy=f"attributes here: {', '.join(known) or 'none'}",
            )
        return [str(name) for name in names]

    @cached_property
    def _domain_codes(self) -> NDArray[np.int64]:
        """The domain of every presentation code; -1 for one that is not trained on."""
        codes = {name: code for code, name in enumerate(self.domains)}
        return np.array([codes.get(name, -1) for name in self._domain_names()], dtype=np.int64)

    def _frame_rows(self, split: str) -> NDArray[np.int64]:
        """The rows of all frames of a split that its protocol uses."""
        part = self.splits[split]
        rows = rows_of(part.codes, self.index.presentations)
        return rows if part.first_frames is None else self._first_frames(split, part, rows, part.first_frames)

    def _rows(self, split: str) -> NDArray[np.int64]:
        """The rows of all samples of a split: frames, or the first frames of whole clips."""
        rows = self._frame_rows(split)
        if (clip := self._requirements.clip) is None:
            return rows
        ordered = np.sort(rows)  # by presentation and frame, as the index is
        whole = ordered[clip_starts(self.index.presentation[ordered], self.index.frame[ordered], clip)]
        return rows[np.isin(rows, whole)]

    def _first_frames(self, split: str, part: Split, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        kept = rows[self.index.frame[rows] < count]
        if lost := len(part.codes) - len(np.unique(self.index.presentation[kept])):
            raise FasError(
                f"{lost} {split} presentations have none of their first {count} frames in the store, which "
                f"are all that protocol {self.source.protocol} uses",
                path=self.source.path,
                remedy=self._more_frames(),
            )
        return kept

    def _check_clips(self, split: str) -> None:
        clip = self._requirements.clip
        if clip is None:
            return
        lacking = self.without_sample(split)
        if not len(lacking):
            return
        total = len(self.splits[split].codes)
        names = ", ".join(self.index.video_id(int(code)) for code in lacking[:_SHOWN])
        what = (
            f"{len(lacking)} of {total} {split} presentations have no {clip.length} frames at a distance of "
            f"{clip.step} without a gap: {names}{', ...' if len(lacking) > _SHOWN else ''}"
        )
        labels = self.index.presentations.label[np.setdiff1d(self.splits[split].codes, lacking)]
        if not (np.any(labels == BONA_FIDE) and np.any(labels == ATTACK)):
            raise FasError(f"{self._where}: {what}", path=self.source.path, remedy=self._more_frames())
        done = "they are not trained on" if split == "train" else "they get no score and count as failures to acquire"
        warnings.warn(FasWarning(f"{self._where}: {what}; {done}"), stacklevel=2)

    def _preprocess_command(self, *options: str) -> str:
        """The commands that make other stores of the same data, with all layers that the method needs."""
        layers = [option for layer in self._requirements.layers for option in layer_options(layer)]
        return self.source.preprocess_command(*options, *layers)

    def _more_frames(self) -> str:
        command = self._preprocess_command("--frames", "all")
        return f"make another store, of every frame, with `{command}` and name it by data.recipe_hash"

    def _check_layers(self, split: str, requirements: Requirements) -> None:
        rows = self._frame_rows(split)
        for layer in requirements.layers:
            if layer == RGB:
                continue
            lacking = rows[~self.index.has(layer)[rows]]
            if len(lacking):
                videos = np.unique(self.index.presentation[lacking])
                command = self.source.preprocess_command(*layer_options(layer))
                raise FasError(
                    f"layer {layer!r} is missing for {len(lacking)} of {len(rows)} {split} frames, "
                    f"in {len(videos)} presentations such as {self.index.video_id(int(videos[0]))}",
                    path=self.source.path,
                    remedy=f"add it with `{command}`; only what is missing is computed",
                )

    def _evaluation_loader(self, splits: Sequence[str], requirements: Requirements) -> DataLoader[Any]:
        dataset = self._dataset_of(np.concatenate([self.sample_rows(split) for split in splits]), requirements)
        sampler: Sampler[int] = SequentialSampler(dataset)
        if self.trainer and self.trainer.world_size > 1:
            # Ranks get equally many, some samples twice; a method counts each once (first_of_each_frame).
            sampler = DistributedSampler(dataset, self.trainer.world_size, self.trainer.global_rank, shuffle=False)
        return self._loader(dataset, sampler)

    def _loader(self, dataset: FaceDataset, sampler: Sampler[int]) -> DataLoader[Any]:
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
    pl_worker_init_function(worker)  # a different seed for every worker and rank


def _default_workers() -> int:
    return min(max(default_workers() - 1, 1), _MOST_WORKERS)
