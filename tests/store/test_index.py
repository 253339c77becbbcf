from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fas.errors import FasError, FasWarning
from fas.store import FrameReader, Store, StoreIndex
from tests.fakes.small_store import add, image_of, new_store


def test_one_row_per_rgb_frame_sorted_by_presentation(store: Store) -> None:
    index = store.index()
    assert len(index) == 6
    assert index.presentation.tolist() == [0, 0, 0, 1, 1, 2]
    assert index.frame.tolist() == [0, 5, 10, 0, 3, 7]
    assert index.label.tolist() == [1, 1, 1, 0, 0, 0]
    assert index.has("rgb").all()
    assert index.has("depth").tolist() == [True, True, True, True, False, False]
    assert not index.has("reflection").any()
    assert not index.has("unheard").any()
    assert [index.video_id(code) for code in range(3)] == ["a", "b/1", "c"]
    assert index.layers == ("rgb", "depth", "reflection")
    assert index.shards == {"rgb": 3, "depth": 2, "reflection": 0}
    assert index.extensions == {"rgb": "png", "depth": "png"}
    assert (index.dataset, index.simulated) == ("toy", False)


def test_the_table_of_presentations(store: Store) -> None:
    table = store.index().presentations
    assert len(table) == 3
    assert table.video_id.tolist() == ["a", "b/1", "c"]
    assert table.subject.tolist() == ["07"] * 3
    assert table.split.tolist() == ["train", "dev", "test"]
    assert table.label.tolist() == [1, 0, 0]
    assert table.attack_type.tolist() == ["", "print/printer1", "replay"]
    assert table.attributes == [{"phone": "2"}] * 3
    assert (table.start.tolist(), table.stop.tolist()) == ([0, 3, 5], [3, 5, 6])


def test_text_columns_are_codes(store: Store) -> None:
    codes, texts = store.index().codes("split")
    assert [texts[code] for code in codes] == ["train"] * 3 + ["dev"] * 2 + ["test"]


def test_columns_are_views_of_the_mapped_file(store: Store) -> None:
    index = store.index()
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    ranges = [line.split()[0].split("-") for line in maps.read_text().splitlines() if str(index.path) in line]
    spans = [(int(start, 16), int(stop, 16)) for start, stop in ranges]
    columns = [index.label, index.presentation, index.frame, *index.spans("rgb"), *index.spans("depth")]
    for column in columns:
        address = column.__array_interface__["data"][0]
        assert any(start <= address < stop for start, stop in spans)
        assert not column.flags.writeable


def test_others_can_read_it_with_nulls_where_a_layer_lacks_the_frame(store: Store) -> None:
    table = pa.ipc.open_file(store.path / "index.arrow").read_all()
    assert table.num_rows == 6
    assert table.column("attack_type").to_pylist() == [""] * 3 + ["print/printer1"] * 2 + ["replay"]
    for name in ("offset", "length", "crc32"):
        assert table.column(f"rgb_{name}").null_count == 0
        values = table.column(f"depth_{name}").to_pylist()
        assert [value is None for value in values] == [False] * 4 + [True] * 2
        assert table.column(f"reflection_{name}").null_count == 6
    assert store.index().spans("depth").length.tolist()[4:] == [0, 0]


def test_a_store_without_shards_has_an_index_without_rows(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    index = store.build_index()
    assert len(index) == len(index.presentations) == len(index.has("rgb")) == 0
    assert len(pickle.loads(pickle.dumps(index))) == 0


def test_a_missing_index_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FasError, match="no index") as caught:
        new_store(tmp_path).index()
    assert "fas preprocess" in str(caught.value.remedy)


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"x" * 5000])
def test_what_is_not_an_index_is_reported(store: Store, content: bytes) -> None:
    (store.path / "index.arrow").write_bytes(content)
    with pytest.raises(FasError, match="index cannot be read"):
        store.index()


@pytest.mark.parametrize(
    ("there", "damaged"),
    [
        (b'"dataset"', b'"datasef"'),
        (b"depth_length", b"depti_length"),
        (b"print/printer1", b"\xffrint/printer1"),
        (b'{"phone":"2"}', b'{"phone":"2")'),
    ],
)
def test_a_damaged_index_is_reported(store: Store, there: bytes, damaged: bytes) -> None:
    path = store.path / "index.arrow"
    content = path.read_bytes()
    assert there in content
    path.write_bytes(content.replace(there, damaged))
    with pytest.raises(FasError, match="index cannot be read") as caught:
        index = StoreIndex(path)
        for layer in index.layers:
            index.spans(layer)
        assert index.presentations
    assert caught.value.path == path


def test_a_file_of_another_program_is_not_an_index(store: Store) -> None:
    path = store.path / "index.arrow"
    table = pa.table({"label": [1]})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(FasError, match="index cannot be read"):
        StoreIndex(path)


def test_an_unknown_layer_is_a_key_error(store: Store) -> None:
    with pytest.raises(KeyError):
        store.index().spans("unheard")


def test_a_cut_index_is_reported(store: Store) -> None:
    path = store.path / "index.arrow"
    content = path.read_bytes()
    for size in range(0, len(content) - 1, 97):
        path.write_bytes(content[:size])
        with pytest.raises(FasError, match="index"):
            StoreIndex(path)


def test_an_index_older_than_the_shards_is_reported(store: Store) -> None:
    add(store, "d", [1])
    with pytest.warns(FasWarning, match="4 rgb shards on disk, 3 in the index"):
        assert len(store.index()) == 6
    store.build_index()
    assert len(store.index()) == 7
    (store.path / "depth" / "a.zip").unlink()
    with pytest.warns(FasWarning, match="1 depth shards on disk, 2 in the index"):
        store.index()


def test_an_open_index_survives_a_rebuild(store: Store) -> None:
    index = store.index()
    reader = FrameReader(index)
    add(store, "A", [1])
    store.build_index()
    np.testing.assert_array_equal(reader.read(3), image_of("b/1", 0))
    with pytest.raises(FasError, match="rebuilt while it was in use"):
        pickle.loads(pickle.dumps(index))
