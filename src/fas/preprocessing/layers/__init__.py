"""How each optional layer is computed, in one file per layer. This table and `fas.layers` name the same layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fas.layers import DEPTH, REFLECTION
from fas.preprocessing.layers.depth import DepthMaker
from fas.preprocessing.layers.maker import LayerMaker
from fas.preprocessing.layers.reflection import ReflectionMaker
from fas.preprocessing.settings import LayerSettings

MAKERS: dict[str, Callable[[LayerSettings], LayerMaker]] = {DEPTH: DepthMaker, REFLECTION: ReflectionMaker}
"""Layer -> its maker, for the settings of a run."""


def make_makers(layers: Iterable[str], settings: LayerSettings) -> dict[str, LayerMaker]:
    """The makers of some layers, in that order.

    Args:
        layers: Names of optional layers.
        settings: Their settings.

    Raises:
        FasError: The settings do not fit, or weights are missing.
    """
    return {name: MAKERS[name](settings) for name in layers}
