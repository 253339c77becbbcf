"""What a method may require, each through a real store and the DataModule."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fas.data.batch import Clip, Requirements
from fas.data.datamodule import FasDataModule
from fas.errors import FasError
from fas.layers import MESH
from fas.store import FrameReader, Store
from fas.store.codec import encode_array, encode_image
from tests.fakes.store import CROP, make_store


def mesh_of(video_id: str, frame: int) -> np.ndarray:
    points = np.random.default_rng([frame, *video_id.encode()]).uniform(0, CROP - 1, (468, 3))
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """Crops of 1.8 face boxes, with a mesh of known points for every frame."""
    store = make_store(tmp_path_factory.mktemp("store"), recipe={"size": CROP, "margin": 0.4})
    store.declare_layer(MESH, {})
    for video_id in store.video_ids():
        frames = [(frame, encode_array(mesh_of(video_id, frame))) for frame in (0, 5, 10)]
        store.write_shard(MESH, video_id, frames, {}, "npy")
    store.build_index()
    return store


def data_module(store: Store, **wanted) -> FasDataModule:
    settings = {key: wanted.pop(key) for key in ("sampling", "transforms", "frames_per_video") if key in wanted}
    return FasDataModule(
        dataset="oulu-simulated",
        protocol="1",
        requirements=Requirements(**{"input_size": CROP, **wanted}),
        store=store.path.parents[1],
        num_workers=0,
        batch_size=64,
        **settings,
    )


def batch_of(data: FasDataModule):
    data.setup("fit")
    return next(iter(data.train_dataloader()))


def stored(data: FasDataModule, batch, place: int) -> tuple[str, int]:
    return str(data.presentations["video_id"][batch["presentation"][place]]), int(batch["frame"][place])


def test_the_mesh_is_an_input_in_training_and_testing(store):
    data = data_module(store, inputs=("rgb", "mesh"))
    batch = batch_of(data)
    data.setup("predict")
    for one in (batch, next(iter(data.predict_dataloader()))):
        assert one["inputs"]["mesh"].shape[1:] == (468, 2)
        for place in (0, 3):
            # Pixel centres are at whole numbers: pixel p of n is at (2 p + 1) / n - 1.
            wanted = (2 * mesh_of(*stored(data, one, place))[:, :2] + 1) / CROP - 1
            np.testing.assert_allclose(one["inputs"]["mesh"][place], wanted, atol=1e-5)


def test_a_flip_moves_the_mesh_with_the_pixels(store):
    data = data_module(store, inputs=("rgb", "mesh"), augmentation=[{"HorizontalFlip": {"p": 1}}])
    batch = batch_of(data)
    reader = FrameReader(data.index)
    for place in (0, 5):
        video_id, frame = stored(data, batch, place)
        wanted = (2 * mesh_of(video_id, frame)[:, :2] + 1) / CROP - 1
        np.testing.assert_allclose(batch["inputs"]["mesh"][place], wanted * [-1, 1], atol=1e-5)
        row = int(
            np.flatnonzero(
                (data.index.presentation == batch["presentation"][place].item()) & (data.index.frame == frame)
            )[0]
        )
        pixels = (batch["inputs"]["rgb"][place] * 255).round().byte().permute(1, 2, 0).numpy()
        assert np.array_equal(pixels, reader.read(row)[:, ::-1])


def test_the_centre_crop_is_the_wanted_share_of_the_face_box_for_pixels_and_mesh(store):
    share = 0.9 / 1.8  # stored are 1.8 face boxes
    data = data_module(store, inputs=("rgb", "mesh"), input_size=CROP // 2, crop_scale=0.9)
    batch = batch_of(data)
    video_id, frame = stored(data, batch, 0)
    side, first = int(CROP * share), CROP // 4
    wanted = (2 * (mesh_of(video_id, frame)[:, :2] - first) + 1) / side - 1
    np.testing.assert_allclose(batch["inputs"]["mesh"][0], wanted, atol=1e-5)
    assert batch["inputs"]["rgb"].shape[2:] == (side, side)


def test_a_wider_crop_than_is_stored_is_an_error_with_the_margin_to_store(store):
    with pytest.raises(FasError, match=r"sees 2\.6 times the face box.*1\.8 times") as caught:
        batch_of(data_module(store, crop_scale=2.6))
    # 64 pixels show 1.8 face boxes; 2.6 need 92.4. The method's own layers come along.
    assert "`fas preprocess oulu --margin 0.8 --size 93`" in caught.value.remedy
    with pytest.raises(FasError) as caught:
        batch_of(data_module(store, crop_scale=2.6, targets={"depth": 8}))
    assert "--size 93 --depth`" in caught.value.remedy


def test_a_clip_has_the_mesh_of_each_frame(store):
    data = data_module(store, inputs=("rgb", "mesh"), targets={"depth": 8}, clip=Clip(2, 5))
    batch = batch_of(data)
    assert batch["inputs"]["rgb"].shape[1:] == (2, 3, CROP, CROP)
    assert batch["targets"]["depth"].shape[1:] == (2, 1, 8, 8)
    video_id, frame = stored(data, batch, 0)
    for place, number in enumerate((frame, frame + 5)):
        wanted = (2 * mesh_of(video_id, number)[:, :2] + 1) / CROP - 1
        np.testing.assert_allclose(batch["inputs"]["mesh"][0, place], wanted, atol=1e-5)


def test_domains_are_an_attribute_of_the_presentations_that_are_trained_on(store):
    data = data_module(store, domain="access", sampling="all")
    batch = batch_of(data)
    assert data.domains == ("1", "2", "3", "4", "5")
    for place in range(len(batch["label"])):
        access = stored(data, batch, place)[0].rsplit("_", 1)[1]
        assert data.domains[batch["domain"][place]] == access
    one_store = data_module(store, domain="dataset")
    assert set(batch_of(one_store)["domain"].tolist()) == {0} and one_store.domains == ("oulu-simulated",)


def test_an_attribute_that_presentations_lack_is_named(store):
    with pytest.raises(FasError, match="no attribute 'camera'") as caught:
        batch_of(data_module(store, domain="camera"))
    assert "phone" in caught.value.remedy


def test_presentations_that_are_only_tested_need_no_domain(tmp_path):
    store = make_store(tmp_path)
    facts = {"path": "x.avi", "subject": "36", "split": "test", "label": 1, "attack_type": "", "attributes": {}}
    facts["attributes"] = {"folder": "Test", "session": "3", "access": "1"}  # no phone
    crops = [(0, encode_image(np.zeros((CROP, CROP, 3), np.uint8)))]
    store.write_shard("rgb", "1_3_36_1", crops, {**facts, "frames": []}, "png")
    store.build_index()
    assert batch_of(data_module(store, domain="phone"))["domain"].unique().tolist() == [0]


def test_a_mistake_in_the_sampling_is_found_by_setup(store):
    with pytest.raises(FasError, match="needs a method with domains"):
        data_module(store, sampling="per_domain").setup("fit")


@pytest.mark.parametrize(
    ("sampling", "counts"),
    [
        ("all", {"": 6, "print": 12, "replay": 12}),  # 2 subjects, 3 frames, 1 + 2 + 2 accesses
        ("balanced", {"": 6, "attack": 6}),
        ("per_species", {"": 6, "print": 6, "replay": 6}),
    ],
)
def test_an_epoch_follows_the_rule_of_sampling(store, sampling, counts):
    data = data_module(store, sampling=sampling)
    batch = batch_of(data)
    species = [str(data.presentations["attack_type"][code]).partition("/")[0] for code in batch["presentation"]]
    if "attack" in counts:
        species = ["attack" if one else "" for one in species]
    assert {name: species.count(name) for name in set(species)} == counts


def test_per_domain_needs_domains_and_balances_each(store):
    with pytest.raises(FasError, match="needs a method with domains"):
        batch_of(data_module(store, sampling="per_domain"))
    batch = batch_of(data_module(store, domain="session", sampling="per_domain"))
    pairs = list(zip(batch["domain"].tolist(), batch["label"].tolist(), strict=True))
    assert {pair: pairs.count(pair) for pair in set(pairs)} == {(0, 0): 6, (0, 1): 6}  # one session is trained on


def test_a_partner_comes_with_training_samples_only(store):
    data = data_module(store, partner=True, targets={"depth": 8})
    batch = batch_of(data)
    assert torch.equal(batch["partner"]["label"], 1 - batch["label"])
    has_depth = batch["partner"]["targets"]["depth"].flatten(1).any(dim=1)
    assert torch.equal(has_depth.long(), batch["partner"]["label"])
    assert "partner" not in next(iter(data.val_dataloader()))


def test_the_methods_own_augmentation_can_be_replaced_and_switched_off(store):
    own = [{"InvertImg": {"p": 1}}]
    plain, inverted, replaced, off = (
        batch_of(data_module(store, **wanted))["inputs"]["rgb"]
        for wanted in (
            {},
            {"augmentation": own},
            {"augmentation": own, "transforms": [{"HorizontalFlip": {"p": 1}}]},
            {"augmentation": own, "transforms": []},
        )
    )
    torch.testing.assert_close(inverted, 1 - plain)
    assert torch.equal(replaced, plain.flip(3))
    assert torch.equal(off, plain)


def test_evaluation_sees_no_augmentation(store):
    data = data_module(store, augmentation=[{"InvertImg": {"p": 1}}])
    data.setup("fit")
    batch = next(iter(data.val_dataloader()))
    row = int(np.flatnonzero(data.index.presentation == batch["presentation"][0].item())[0])
    pixels = (batch["inputs"]["rgb"][0] * 255).round().byte().permute(1, 2, 0).numpy()
    assert np.array_equal(pixels, FrameReader(data.index).read(row))


def test_requirements_that_contradict_themselves_are_refused():
    with pytest.raises(ValueError, match="raw targets"):
        Requirements(input_size=8, raw=("depth",))
    with pytest.raises(ValueError, match="at least 1"):
        Clip(0)
