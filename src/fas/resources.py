"""Finds the folders that exist once, at the root of the checkout, and that the wheel carries inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent
_IN_WHEEL = {"conf": "conf", "preprocess": "recipes", "experiments": "experiments"}


def resource_dir(name: str) -> Path:
    """The folder `conf`, `preprocess` or `experiments`, from the checkout or from the installed wheel.

    Args:
        name: The folder's name at the root of the checkout.

    Returns:
        An absolute path to an existing folder.

    Raises:
        FileNotFoundError: The installation is broken: neither place has the folder.
    """
    for candidate in (_PACKAGE / _IN_WHEEL[name], _CHECKOUT / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"fas is installed without its folder {name!r} (looked next to {_PACKAGE})")
