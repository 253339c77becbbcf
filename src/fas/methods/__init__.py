"""The methods of the field, one folder each.

A folder `fas/methods/<name>/` is a method when its package names its class as `METHOD`. A method of several stages may
have parts that are methods of their own, such as the CNN whose features an SVM reads: its package names them in
`PARTS`, and they are called `<name>/<part>`. A user's own methods come from installed packages or from a folder; see
`fas.methods.sources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fas.errors import FasError
from fas.methods.sources import method_packages

if TYPE_CHECKING:
    from fas.methods.scorer import Scorer


def known_methods() -> list[str]:
    """The names of all methods and of their parts, sorted."""
    packages = method_packages()
    return sorted(name for package in packages.values() for name in package.names)


def method_class(name: str) -> type[Scorer]:
    """The class of a method or of a part of one.

    Raises:
        FasError: There is no such method. Only packages that were found or given are ever imported.
    """
    package = method_packages().get(name.partition("/")[0])
    if package is None or name not in package.names:
        raise FasError(f"unknown method {name!r}", remedy=f"choose one of: {', '.join(known_methods())}")
    kind: type[Scorer] = package.load(name)
    return kind
