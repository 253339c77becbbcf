"""How a store was created: `source.json`, a copy of the user's own recipe, and the command that completes it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fas.datasets.dataset_name import DatasetName
from fas.errors import FasError
from fas.files import atomic_file
from fas.layers import layer_options
from fas.paths import store_root
from fas.store.names import DATASET_FOLDER, SOURCE_FILE, STORE_FILE
from fas.store.seal import read_sealed_json, write_sealed_json


@dataclass(frozen=True, slots=True)
class Source:
    """The arguments of `fas preprocess`.

    Attributes:
        dataset: The name of a known dataset, or the absolute path of a recipe or manifest file.
        root: The absolute path of the raw tree.
        simulated: Whether that tree is simulated.
        options: Option -> value, such as `frames` -> `even:8`: those that decide the store's recipe, if given.
        layers: Optional layer -> the options that it was made with, such as `map-size` -> `32`, if given.
        sha256: Of the recipe or manifest file; empty for a known dataset.
    """

    dataset: str
    root: str
    simulated: bool
    options: Mapping[str, str]
    layers: Mapping[str, Mapping[str, str]]
    sha256: str = ""

    def copy(self, store: Path) -> Path | None:
        """The path of a store's copy of the recipe or manifest file; None for a known dataset.

        Args:
            store: The store's folder.
        """
        path = Path(self.dataset)
        return store / DATASET_FOLDER / path.name if path.is_absolute() else None


def read_source(store: Path) -> Source | None:
    """Reads a store's `source.json`; None if there is none, as in older stores.

    Raises:
        FasError: It is damaged.
    """
    remedy = "remove this file and run the same `fas preprocess` again, which writes a new one"
    with suppress(FileNotFoundError, NotADirectoryError):
        return Source(**read_sealed_json(store / SOURCE_FILE, remedy=remedy))
    return None


def write_source(store: Path, source: Source) -> None:
    """Writes `source.json` and the copy of the recipe or manifest file, each only if it changed.

    Options of layers that this run did not make are kept. Given the store's own copy, the name of the original is kept.

    Args:
        store: The store's folder.
        source: The arguments of the run; `sha256` is filled in here.

    Raises:
        FasError: A file cannot be read or written.
    """
    try:
        known = read_source(store)
    except FasError:  # damaged: this run writes it again
        known = None
    if (copy := source.copy(store)) is not None:
        content = _read(Path(source.dataset))
        if known is not None and Path(source.dataset) == known.copy(store):
            source = replace(source, dataset=known.dataset)
        if not copy.exists() or _read(copy) != content:
            with atomic_file(copy) as file:
                file.write(content)
        source = replace(source, sha256=hashlib.sha256(content).hexdigest())
    if known is not None:
        source = replace(source, layers={**known.layers, **source.layers})
    if source != known:
        write_sealed_json(store / SOURCE_FILE, asdict(source))


def check_source(store: Path) -> None:
    """Compares a store's `source.json` with its seal, and the copy of the recipe with its SHA-256.

    Raises:
        FasError: One of them is damaged, or the copy is missing.
    """
    source = read_source(store)
    copy = None if source is None else source.copy(store)
    if source is None or copy is None:
        return
    content = _read(copy)
    if hashlib.sha256(content).hexdigest() != source.sha256:
        remedy = f"remove this file, then {rerun(store)}"
        raise FasError(f"differs from the file that {SOURCE_FILE} describes", path=copy, remedy=remedy)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "give the path of a readable recipe or manifest file"
        raise FasError(f"cannot be read: {error.strerror}", path=path, remedy=remedy) from error


def command_for(store: Path, name: DatasetName, *extra: str) -> str:
    """The `fas preprocess` command of a store, quoted for a shell.

    With a `source.json` it is complete: pasted into a shell it fills this store. An older store gives the dataset only.

    Args:
        store: The store's folder.
        name: Its data, for an older store.
        extra: Further options, such as `--depth`. A layer's option adds the options that the layer was computed with.

    Raises:
        FasError: `source.json` is damaged.
    """
    source = read_source(store)
    if source is None:
        return shlex.join(["fas", "preprocess", name.recipe, *extra])
    copy, dataset = source.copy(store), source.dataset
    if copy is not None and not Path(dataset).exists():
        dataset = str(copy)
    words = ["fas", "preprocess", dataset, "--root", source.root]
    root = store.parent.parent
    if root != store_root().absolute():
        words += ["--store", str(root)]
    options = dict(source.options)
    for layer, made_with in source.layers.items():
        if set(layer_options(layer)) & set(extra):
            options |= {option: value for option, value in made_with.items() if option not in options}
    for option, value in options.items():
        words += [f"--{option}", value]
    return shlex.join([*words, *extra])


def rerun(store: Path, *extra: str) -> str:
    """The part of a remedy that says which command to run: "run `fas preprocess ...`".

    As exact as the store allows: its complete command; the dataset of an older store; a general sentence where the
    store cannot be opened.

    Args:
        store: The store's folder.
        extra: Further options, such as `--depth`.
    """
    try:
        if read_source(store) is not None:
            return f"run `{command_for(store, DatasetName(''), *extra)}`"
        about = read_sealed_json(store / STORE_FILE, remedy="")
        command = command_for(store, DatasetName.of_folder(about["dataset"], about["simulated"]), *extra)
        return f"run `{command}` with the same root and settings"
    except (FasError, FileNotFoundError, NotADirectoryError, KeyError):  # KeyError: a store of another version
        options = f" with {' '.join(extra)}" if extra else ""
        return f"run the same `fas preprocess` again{options}"


def repair(store: Path, layer: str) -> str:
    """The remedy for a damaged shard.

    Args:
        store: The store's folder.
        layer: The shard's layer.
    """
    return f"`fas store verify {shlex.quote(str(store))}` lists all damage; remove this file, then " + rerun(
        store, *layer_options(layer)
    )


def rebuild(store: Path) -> str:
    """The remedy for an index that is missing or damaged.

    Args:
        store: The store's folder.
    """
    return f"remove this file if it is there, then {rerun(store)}: it builds the index from the shards"


@contextmanager
def exact_remedy(general: str, exact: Callable[[], str]) -> Iterator[None]:
    """Replaces the general remedy of an error by one with the store's own command, built only when needed.

    Args:
        general: The remedy to be replaced; errors with other remedies do not change.
        exact: Returns the replacement, such as `repair`.
    """
    try:
        yield
    except FasError as error:
        if error.remedy != general:
            raise
        raise FasError(error.cause, path=error.path, remedy=exact()) from error
