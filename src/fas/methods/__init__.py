"""The methods of the field, one folder each.

A folder `fas/methods/<name>/` is a method when its package names its class as `METHOD`; there is no other list.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from fas.errors import FasError

if TYPE_CHECKING:
    from fas.methods.base import Method


def known_methods() -> list[str]:
    """The names of all methods, sorted."""
    return sorted(module.name for module in iter_modules(__path__) if module.ispkg)


def method_class(name: str) -> type[Method]:
    """The class of a method, by the name of its folder.

    Raises:
        FasError: There is no such method. Only names of existing folders are ever imported.
    """
    if name not in known_methods():
        raise FasError(f"unknown method {name!r}", remedy=f"choose one of: {', '.join(known_methods())}")
    method: type[Method] = import_module(f"{__name__}.{name}").METHOD
    return method
