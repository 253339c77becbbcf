"""Training on several stores at once, by a protocol across datasets."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from fas.data.batch import Requirements
from fas.data.datamodule import FasDataModule
from fas.data.joined import JoinedIndex, JoinedReader
from fas.errors import FasError, FasWarning
from fas.store import Store
from fas.store.find import find_store
from fas.store.reader import FrameReader
from tests.fakes.small_store import image_of
from tests.fakes.store import make_store

MANIFEST = "path,label,attack_type,subject,split\n" + "".join(
    f"{name}.mp4,{int(not kind)},{kind},{name[0]},{split}\n"
    for name, kind, split in (("a1", "", "train"), ("a2", "print", "train"), ("b1", "", "test"), ("b2", "mask", "test"))
)
CROSS = """
name: both
title: OULU-NPU and our own to our own
about: x
train: [{dataset: oulu, protocol: 1, split: train}, {dataset: mine.csv, of: {split: train}}]
test: [{dataset: mine.csv, protocol: official, split: test}]
"""


def own_store(root: Path, recipe: dict) -> None:
    from fas.datasets.manifest import manifest_recipe
    from fas.store.codec import encode_image

    store = Store.create(root, "mine", recipe, {})
    store.declare_layer("rgb", {})
    own = {"dataset": "someone's name for it"}
    listed = manifest_recipe(root.parent / "mine.csv").listed
    for path, facts in listed.items():
        kind = facts["kind"].replace("bona_fide", "")
        meta = {"path": path, "subject": facts["subject"], "split": facts["set"], "label": int(not kind)}
        video_id = path.removesuffix(".mp4")
        frames = [(number, encode_image(image_of(video_id, number, size=64))) for number in range(2)]
        store.write_shard("rgb", video_id, frames, {**meta, "attack_type": kind, "attributes": own}, "png")
    store.build_index()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text(MANIFEST)
    (tmp_path / "both.yaml").write_text(CROSS)
    make_store(tmp_path / "store", layers=(), simulated=False)
    own_store(tmp_path / "store", find_store("oulu", tmp_path / "store").recipe)
    return tmp_path / "store"


def data_module(root: Path, **settings: object) -> FasDataModule:
    arguments = {"protocol": str(root.parent / "both.yaml"), "dataset": None, "store": root, "num_workers": 0}
    arguments["requirements"] = Requirements(input_size=32)
    return FasDataModule(**{**arguments, **settings})  # type: ignore[arg-type]


def test_splits_and_samples_come_from_both_stores(root: Path) -> None:
    data = data_module(root)
    with pytest.warns(FasWarning, match=r"train presentations are not in the store"):  # most of OULU-NPU
        data.setup("fit")
    data.setup("predict")
    names = {split: data.presentations["video_id"][part.codes].tolist() for split, part in data.splits.items()}
    assert names["train"] == [f"oulu/1_1_{s}_{a}" for s in ("01", "02") for a in range(1, 6)] + ["mine/a1", "mine/a2"]
    assert names["test"] == ["mine/b1", "mine/b2"]
    assert "dev" not in names
    assert set(data.presentations["subject"][data.splits["test"].codes]) == {"mine/b"}
    assert data.facts["dataset"] == "oulu+mine"
    assert data.facts["simulated"] is False
    drawn = np.concatenate([batch["presentation"].numpy() for batch in data.train_dataloader()])
    assert {name.partition("/")[0] for name in data.presentations["video_id"][drawn]} == {"oulu", "mine"}


def test_each_dataset_is_a_domain_whatever_its_own_attributes_say(root: Path) -> None:
    data = data_module(root, requirements=Requirements(input_size=8, domain="dataset", sampling="per_domain"))
    index = data.index
    assert {one["dataset"] for one in index.presentations.attributes} == {"oulu", "mine"}
    with pytest.warns(FasWarning, match=r"train presentations are not in the store"):
        data.setup("fit")
    assert data.domains == ("mine", "oulu")
    drawn = [
        (data.domains[domain], int(label), str(data.presentations["video_id"][code]).partition("/")[0])
        for batch in data.train_dataloader()
        for domain, label, code in zip(batch["domain"], batch["label"], batch["presentation"], strict=True)
    ]
    assert all(domain == dataset for domain, _, dataset in drawn)
    # 2 frames of one bona fide and of one attack presentation are the smallest groups.
    assert {one: drawn.count(one) for one in set(drawn)} == {
        (dataset, label, dataset): 2 for dataset in ("mine", "oulu") for label in (0, 1)
    }


def test_a_joined_index_is_its_parts_one_after_the_other(root: Path) -> None:
    parts = {name: find_store(name, root).index() for name in ("oulu", "mine")}
    joined = JoinedIndex(parts)
    assert len(joined) == sum(map(len, parts.values()))
    reader = JoinedReader(pickle.loads(pickle.dumps(joined)))
    readers = {name: FrameReader(index) for name, index in parts.items()}
    row = 0
    for name, index in parts.items():
        for own in range(len(index)):
            np.testing.assert_array_equal(reader.read(row, "rgb"), readers[name].read(own, "rgb"))
            code = int(joined.presentation[row])
            assert joined.video_id(code) == f"{name}/{index.video_id(int(index.presentation[own]))}"
            assert joined.presentations.start[code] <= row < joined.presentations.stop[code]
            assert (joined.label[row], joined.frame[row]) == (index.label[own], index.frame[own])
            row += 1
    assert not joined.has("depth").any()
    assert joined.has("rgb").all()


def test_stores_that_were_cut_in_different_ways_are_refused(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make_store(other, layers=(), simulated=False)
    (tmp_path / "mine.csv").write_text(MANIFEST)
    own_store(other, {**find_store("oulu", other).recipe, "margin": 0.7})
    with pytest.raises(FasError, match="the faces of oulu and mine were not cut in the same way: margin is"):
        data_module(other).setup("fit")


def test_what_is_no_protocol_across_datasets(root: Path) -> None:
    with pytest.raises(FasError, match="there is no protocol '1' across datasets"):
        data_module(root, protocol="1").setup("fit")
    with pytest.raises(FasError, match="has no fold and no recipe"):
        data_module(root, fold=2).setup("fit")


def test_a_dataset_that_was_not_preprocessed(root: Path) -> None:
    with pytest.raises(FasError, match="no store of dataset 'casia_fasd'"):
        data_module(root, protocol="ocim_m").setup("fit")


def test_the_config_of_protocols_across_datasets() -> None:
    from fas.training.compose import compose_experiment

    data = compose_experiment("basn", ["data=across", "data.protocol=ocim_m"]).data
    assert (data["dataset"], data["protocol"]) == (None, "ocim_m")
