from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from fas.data.batch import Requirements
from fas.data.datamodule import FasDataModule
from fas.errors import FasError, FasWarning
from fas.resources import resource_dir
from fas.store.codec import encode_image
from tests.fakes.failures import oulu_failure
from tests.fakes.store import make_store

BOTH = Requirements(input_size=32, targets={"depth": 8, "reflection": 8})


def data_module(root, **settings):
    base = {"dataset": "oulu-simulated", "protocol": "1", "requirements": BOTH, "num_workers": 0, "batch_size": 8}
    return FasDataModule(store=root, **{**base, **settings})


def rows(loader: DataLoader) -> list[tuple[int, int]]:
    return [
        pair for b in loader for pair in zip(b["presentation"].tolist(), b["frame"].tolist(), strict=True)
    ]  # fmt: skip


def test_splits_follow_the_protocol(store_root):
    data = data_module(store_root)
    data.setup("fit")
    names = {split: data.presentations["video_id"][part.codes].tolist() for split, part in data.splits.items()}
    # Protocol 1: sessions 1 and 2 to train and for dev, session 3 to test.
    assert names["train"] == [f"1_1_{subject}_{access}" for subject in ("01", "02") for access in range(1, 6)]
    assert names["dev"] == [f"1_1_{subject}_{access}" for subject in (21, 22) for access in range(1, 6)]
    assert names["test"] == [f"1_3_{subject}_{access}" for subject in (36, 37) for access in range(1, 6)]


def test_training_batches_are_balanced_over_the_epoch_and_complete(store_root):
    data = data_module(store_root)
    data.setup("fit")
    batches = list(data.train_dataloader())
    labels = torch.cat([batch["label"] for batch in batches])
    assert len(labels) == 12 and labels.sum() == 6  # 2 bona fide presentations of 3 frames
    assert batches[0]["inputs"]["rgb"].shape == (8, 3, 32, 32)
    shapes = {layer: tuple(one.shape) for layer, one in batches[0]["targets"].items()}
    assert shapes == {"depth": (8, 1, 8, 8), "reflection": (8, 3, 8, 8)}


def test_the_epoch_decides_what_is_drawn(store_root):
    data = data_module(store_root)
    data.setup("fit")
    loader = data.train_dataloader()
    epochs = []
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        epochs.append(rows(loader))
    loader.sampler.set_epoch(0)
    assert rows(loader) == epochs[0] != epochs[1]


def test_dev_is_every_frame_in_order_and_eval_frames_thins_it(store_root):
    data = data_module(store_root)
    data.setup("fit")
    codes = data.splits["dev"].codes.tolist()
    assert rows(data.val_dataloader()) == [(code, frame) for code in codes for frame in (0, 5, 10)]
    thinned = data_module(store_root, eval_frames=2)
    thinned.setup("fit")
    assert rows(thinned.val_dataloader()) == [(code, frame) for code in codes for frame in (0, 10)]


def test_scoring_takes_dev_then_test_and_no_maps(tmp_path):
    make_store(tmp_path, layers=())  # a store without maps can be scored
    data = data_module(tmp_path)
    data.setup("predict")
    loader = data.predict_dataloader()
    wanted = [*data.splits["dev"].codes.tolist(), *data.splits["test"].codes.tolist()]
    assert list(dict.fromkeys(code for code, _ in rows(loader))) == wanted
    batch = next(iter(loader))
    assert set(batch) == {"inputs", "targets", "label", "presentation", "frame", "synthesised"}
    assert batch["targets"] == {}


def test_presentations_are_the_table_behind_the_codes(store_root):
    data = data_module(store_root)
    data.setup("fit")
    for batch in data.val_dataloader():
        assert np.array_equal(data.presentations["label"][batch["presentation"]], batch["label"])


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_of_either_kind_read_the_same(store_root, context):
    alone, with_workers = data_module(store_root), data_module(store_root, num_workers=2)
    alone.setup("fit")
    with_workers.setup("fit")
    loader = with_workers.val_dataloader()
    loader.multiprocessing_context = context
    batches = list(loader)
    assert loader.persistent_workers
    for expected, got in zip(alone.val_dataloader(), batches, strict=True):
        assert all(torch.equal(expected[name], got[name]) for name in ("label", "presentation", "frame"))
        for part in ("inputs", "targets"):
            assert all(torch.equal(one, got[part][layer]) for layer, one in expected[part].items())


def test_a_missing_layer_is_found_before_training_with_the_command_that_makes_it(tmp_path):
    make_store(tmp_path, layers=("depth",))
    with pytest.raises(
        FasError, match="'reflection' is missing for 30 of 30 train frames, in 10 presentations"
    ) as caught:
        data_module(tmp_path).setup("fit")
    assert "fas preprocess oulu --reflection" in caught.value.remedy


def test_a_layer_that_lacks_one_presentation_is_found(tmp_path):
    store = make_store(tmp_path)
    (store.path / "depth" / "1_1_22_3.zip").unlink()
    store.build_index()
    with pytest.raises(
        FasError, match="'depth' is missing for 3 of 30 dev frames, in 1 presentations such as 1_1_22_3"
    ):
        data_module(tmp_path).setup("fit")


def test_failures_to_acquire_are_named_and_counted(tmp_path):
    store = make_store(tmp_path, without=("1_1_22_3", "1_3_36_1"))
    for folder, name in (("Dev", "1_1_22_3"), ("Test", "1_3_36_1")):
        store.record_failure(oulu_failure(f"{folder}_files/{name}.avi"))
    data = data_module(tmp_path)
    with pytest.warns(
        FasWarning, match=r"1 of 10 dev presentations could not be acquired.*1 print/printer2 \(1_1_22_3\)"
    ):
        data.setup("fit")
    with pytest.warns(FasWarning, match=r"1 of 10 test presentations .* 1 bona fide \(1_3_36_1\)"):
        data.setup("predict")
    assert [one.video_id for one in data.splits["test"].not_acquired] == ["1_3_36_1"]
    assert data.facts["not_acquired"] == {"train": 0, "dev": 1, "test": 1}


def test_what_the_real_dataset_has_and_the_store_has_not_is_named(tmp_path):
    make_store(tmp_path, simulated=False)
    data = data_module(tmp_path, dataset="oulu")
    with (
        pytest.warns(FasWarning, match=r"1190 of 1200 train presentations are not in the store: .*238 bona fide"),
        pytest.warns(FasWarning, match="890 of 900 dev"),
    ):
        data.setup("fit")
    assert data.facts["simulated"] is False


def everything_but(*accesses: int, split: str) -> set[str]:
    subjects = {"train": ("01", "02"), "dev": ("21", "22"), "test": ("36", "37")}[split]
    return {
        f"1_{session}_{subject}_{access}" for session in (1, 3) for subject in subjects for access in range(1, 6)
    } - {f"1_{session}_{subject}_{access}" for session in (1, 3) for subject in subjects for access in accesses}


@pytest.mark.parametrize(
    ("without", "says"),
    [
        (everything_but(split="dev"), "no dev presentations in the store"),
        (everything_but(2, 3, 4, 5, split="train"), "train split of oulu-simulated, protocol 1 has no bona fide"),
        (everything_but(1, split="train"), "has no attack presentation"),
    ],
)
def test_an_empty_split_or_class_is_an_error(tmp_path, without, says):
    make_store(tmp_path, without=without)
    with pytest.raises(FasError, match=says):
        data_module(tmp_path).setup("fit")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dataset": "siw"}, "no store of dataset 'siw'"),
        ({"recipe_hash": "ffff"}, "with recipe 'ffff'"),
        ({"protocol": "9"}, "no protocol '9'"),
        ({"protocol": "3"}, "6 folds"),
        ({"fold": 2}, "no fold 2"),
        ({"recipe": "nothing"}, "unknown dataset 'nothing'"),
        ({"transforms": [{"RandomCrop": {"height": 999, "width": 999}}]}, "augmentation fails"),
    ],
)
def test_what_cannot_be_found_is_said(store_root, settings, says):
    with pytest.raises(FasError, match=says):
        data_module(store_root, **settings).setup("fit")


def test_two_stores_of_one_dataset_need_a_choice(tmp_path):
    first = make_store(tmp_path)
    make_store(tmp_path, recipe={"size": 999})
    with pytest.raises(FasError, match="several stores"):
        data_module(tmp_path).setup("fit")
    data = data_module(tmp_path, recipe_hash=first.path.name[:6])
    data.setup("fit")
    assert data.facts["recipe_hash"] == first.path.name


def recipe_with_first_frames(folder, count):
    text = (resource_dir("preprocess") / "oulu.yaml").read_text()
    path = folder / "first.yaml"
    about = "    about: unseen environment (session 3)\n"
    assert about in text
    path.write_text(text.replace(about, f"{about}    train_frames: {count}\n"))
    return str(path)


def test_a_protocol_may_train_on_the_first_frames_of_each_video_only(store_root, tmp_path):
    data = data_module(store_root, recipe=recipe_with_first_frames(tmp_path, 6))
    data.setup("fit")
    assert {frame for _, frame in rows(data.train_dataloader())} == {0, 5}
    assert {frame for _, frame in rows(data.val_dataloader())} == {0, 5, 10}


def test_videos_without_any_of_their_first_frames_are_an_error(tmp_path):
    store = make_store(tmp_path / "store", without=("1_1_01_1",))
    facts = {**oulu_failure("Train_files/1_1_01_1.avi"), "frames": []}
    store.write_shard("rgb", "1_1_01_1", [(7, encode_image(np.zeros((8, 8, 3), np.uint8)))], facts, "png")
    store.build_index()
    data = data_module(tmp_path / "store", recipe=recipe_with_first_frames(tmp_path, 2))
    with pytest.raises(FasError, match="1 train presentations have none of their first 2 frames in the store"):
        data.setup("fit")
