from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fas.errors import FasError
from fas.store.seal import UNSEALED, canonical_json, is_sealed, read_sealed_json, seal, write_sealed_json


def sealed(before: bytes, after: bytes) -> bytes:
    file = io.BytesIO(before + UNSEALED.encode() + after)
    seal(file)
    return file.getvalue()


def test_the_digest_is_of_all_other_bytes() -> None:
    content = sealed(b"before ", b" after")
    digest = hashlib.sha256(b"before fas-seal: after").hexdigest()
    assert content == b"before fas-seal:" + digest.encode() + b" after"


@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_any_changed_byte_is_seen(before: bytes, after: bytes, data: st.DataObject) -> None:
    assume(b"fas-seal:" not in after)  # the last place counts
    content = bytearray(sealed(before, after))
    assert is_sealed(io.BytesIO(content))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    assert not is_sealed(io.BytesIO(content))


def test_any_cut_is_seen() -> None:
    content = sealed(b"before", b"after")
    assert not any(is_sealed(io.BytesIO(content[:size])) for size in range(len(content)))
    assert not is_sealed(io.BytesIO(content + b"x"))


def test_the_last_place_counts_in_large_files() -> None:
    content = sealed(UNSEALED.encode() + b"x" * 3_000_000, b"tail")
    assert content.startswith(UNSEALED.encode())
    assert is_sealed(io.BytesIO(content))


def test_json_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    content = {"b": [1, 2.5, None], "a": {"text": "ü", "fas-seal:": "misleading fas-seal:00"}}
    write_sealed_json(path, content)
    assert read_sealed_json(path, remedy="") == content


def test_damaged_json_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_sealed_json(path, {"a": 1})
    path.write_text(path.read_text().replace("1", "2", 1))
    with pytest.raises(FasError, match="does not match its seal") as caught:
        read_sealed_json(path, remedy="do this")
    assert (caught.value.path, caught.value.remedy) == (path, "do this")


def test_canonical_json_is_one_text() -> None:
    assert canonical_json({"b": 1, "a": (1, 2)}) == '{"a":[1,2],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})
