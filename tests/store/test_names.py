from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fas.errors import FasError
from fas.store.names import check_dataset, check_layer, shard_path

STORE = Path("/store/oulu/0123")


@pytest.mark.parametrize("video_id", ["1_1_01_1", "Train_files/1_1_01_1", "a/b/c", "prénom/画像", "a b", "a..b"])
def test_relative_paths_name_shards(video_id: str) -> None:
    assert shard_path(STORE, "rgb", video_id) == STORE / "rgb" / f"{video_id}.zip"


@pytest.mark.parametrize(
    "video_id",
    [
        "",
        ".",
        "..",
        "../x",
        "a/../x",
        "a/..",
        "/etc/passwd",
        "a//b",
        "a/",
        "/",
        "a\\b",
        "a\0b",
        "a\nb",
        ".hidden",
        "a/.b",
        "./a",
    ],
)
def test_names_that_lead_elsewhere_are_refused(video_id: str) -> None:
    with pytest.raises(FasError, match="cannot name a file"):
        shard_path(STORE, "rgb", video_id)


@given(st.text(alphabet=st.sampled_from("a./\\~\0 \n:é")) | st.text())
def test_no_accepted_name_escapes(video_id: str) -> None:
    try:
        path = shard_path(STORE, "depth", video_id)
    except FasError:
        return
    normal = Path(os.path.normpath(path))
    assert normal == path
    assert normal.is_relative_to(STORE / "depth")


@pytest.mark.parametrize("layer", ["", "RGB", "a/b", "..", "1a", "a-b", "rgb\n"])
def test_layer_names_are_plain(layer: str) -> None:
    with pytest.raises(FasError, match="layer name"):
        check_layer(layer)


@pytest.mark.parametrize("dataset", ["", "a/b", "..", ".x"])
def test_dataset_is_one_folder(dataset: str) -> None:
    with pytest.raises(FasError):
        check_dataset(dataset)
