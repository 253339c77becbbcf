"""Where methods come from: the folders of this package, installed packages, and a folder that the user names.

A package outside fas offers methods by an entry point:

    [project.entry-points."fas.methods"]
    mine = "my_package.mine"          # a package that names its class as METHOD

A folder given as `fas --methods DIR ...` has a package `DIR/<name>/` for each method, which imports its own modules
relatively (`from .network import ...`). In both cases `conf/model/<name>.yaml` and `experiments/*.yaml` are expected
next to the method's package: `my_package/conf/`, `DIR/conf/`. Nothing in a config or a checkpoint ever names code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from fas.errors import FasError

ENTRY_POINTS = "fas.methods"
"""The group of entry points."""

_NAMESPACE = "fas_user_methods"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class MethodPackage:
    """A package that holds a method.

    Attributes:
        name: The method's name.
        origin: `fas`, the name of a module, or a folder.
        folder: The package's folder.
        load_module: Imports the package.
    """

    name: str
    origin: str
    folder: Path
    load_module: Callable[[], ModuleType]

    @cached_property
    def classes(self) -> dict[str, Any]:
        """The method and its parts by their names; imports the package.

        Raises:
            FasError: The package cannot be imported, or does not define METHOD.
        """
        try:
            module = self.load_module()
        except FasError:
            raise
        except Exception as error:
            if self.origin == "fas":
                raise
            raise FasError(
                f"method {self.name!r} cannot be imported: {type(error).__name__}: {error}",
                path=self.folder,
                remedy="fix the package; its own modules are imported relatively: from .network import ...",
            ) from error
        if not isinstance(method := getattr(module, "METHOD", None), type):
            raise FasError(
                f"the package of method {self.name!r} does not define METHOD",
                path=self.folder / "__init__.py",
                remedy="write METHOD = YourClass",
            )
        parts = {f"{self.name}/{part}": kind for part, kind in getattr(module, "PARTS", {}).items()}
        found = {self.name: method, **parts}
        for name, kind in found.items():
            if getattr(kind, "name", None) != name:
                raise FasError(
                    f"class {kind.__name__} must have the name {name!r}, after its folder",
                    path=self.folder,
                    remedy=f'write name: ClassVar[str] = "{name}"',
                )
        return found

    @property
    def names(self) -> list[str]:
        """The names of the method and its parts."""
        return list(self.classes)

    def load(self, name: str) -> Any:
        """The class of the method or of a part of it."""
        return self.classes[name]


_user_folder: Path | None = None


def use_methods_of(folder: Path) -> None:
    """Adds the methods of a folder for this process, on the user's request on the command line.

    Raises:
        FasError: There is no such folder, it has no method, or a method's name is taken.
    """
    global _user_folder
    if not folder.is_dir():
        raise FasError("there is no such folder of methods", path=folder, remedy="give --methods DIR")
    _user_folder = folder.resolve()
    try:
        if not any(True for _ in _of_folder(_user_folder)):
            raise FasError(
                "the folder holds no method", path=folder, remedy="each method is a subfolder with an __init__.py"
            )
        method_packages()
    except FasError:
        _user_folder = None
        raise


def user_folder() -> Path | None:
    """The folder that the user named, if any."""
    return _user_folder


def method_packages() -> dict[str, MethodPackage]:
    """Every method's package by its name. Imports none of them.

    Raises:
        FasError: Two packages have the same name.
    """
    found: dict[str, MethodPackage] = {}
    for package in (*_built_in(), *_installed(), *(_of_folder(_user_folder) if _user_folder else ())):
        if (other := found.get(package.name)) is not None:
            raise FasError(
                f"two methods are called {package.name!r}: one in {other.origin} and one in {package.origin}",
                path=package.folder,
                remedy="rename one of them",
            )
        found[package.name] = package
    return found


def config_folders(name: str) -> list[Path]:
    """The existing folders `conf` or `experiments` (by `name`) of methods outside fas."""
    folders = {package.folder.parent / name for package in method_packages().values() if package.origin != "fas"}
    return sorted(folder for folder in folders if folder.is_dir())


def _built_in() -> Iterator[MethodPackage]:
    here = Path(__file__).parent
    for module in iter_modules([str(here)]):
        if module.ispkg:
            load = partial(import_module, f"fas.methods.{module.name}")
            yield MethodPackage(module.name, "fas", here / module.name, load)


def _installed() -> Iterator[MethodPackage]:
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            spec = find_spec(point.module)  # imports the packages around it
        except Exception as error:  # of code that is not ours
            raise FasError(
                f"the entry point {point.name!r} of group {ENTRY_POINTS} cannot be found: "
                f"{type(error).__name__}: {error}",
                remedy="reinstall the package that declares it, or uninstall it",
            ) from error
        if spec is None or not spec.submodule_search_locations:
            raise FasError(
                f"the entry point {point.name!r} of group {ENTRY_POINTS} is not a package: {point.value}",
                remedy="reinstall the package that declares it",
            )
        folder = Path(next(iter(spec.submodule_search_locations)))
        load = partial(import_module, point.module)
        yield MethodPackage(_checked(point.name, folder), point.module, folder, load)


def _of_folder(folder: Path) -> Iterator[MethodPackage]:
    for path in sorted(folder.iterdir()):
        if (path / "__init__.py").is_file():
            yield MethodPackage(_checked(path.name, path), str(folder), path, partial(_import_folder, path))


def _checked(name: str, path: Path) -> str:
    if not _NAME.fullmatch(name):
        raise FasError(
            f"{name!r} cannot be the name of a method", path=path, remedy="use lower-case letters, digits and _"
        )
    return name


def _import_folder(path: Path) -> ModuleType:
    """Imports a folder as a package in a separate namespace, so that it shadows nothing."""
    if _NAMESPACE not in sys.modules:
        namespace = ModuleType(_NAMESPACE)
        namespace.__path__ = []
        sys.modules[_NAMESPACE] = namespace
    full = f"{_NAMESPACE}.{path.name}"
    if full in sys.modules:
        return sys.modules[full]
    spec = spec_from_file_location(full, path / "__init__.py", submodule_search_locations=[str(path)])
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module
