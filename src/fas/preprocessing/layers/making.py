"""Feeds the frames of one presentation to makers, and collects and encodes their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fas.layers import LAYERS, is_per_presentation
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame
from fas.store.codec import encode_value


class Making:
    """The layers of one presentation while they are computed.

    Args:
        makers: By layer; they are started here.

    Attributes:
        values: By layer, frame numbers and encoded values; a value of the presentation is under frame 0.
    """

    def __init__(self, makers: Mapping[str, LayerMaker]) -> None:
        self._makers = makers
        self.values: dict[str, list[tuple[int, bytes]]] = {name: [] for name in makers}
        for maker in makers.values():
            maker.start()

    def see(self, frame: SeenFrame) -> None:
        """Shows the next frame to the makers that need it.

        Raises:
            ValueError: A maker gave a value that does not fit its layer, or one for a frame that is not stored.
        """
        # A layer added later to stored crops would not see it either.
        without_image = replace(frame, image=None)
        for name, maker in self._makers.items():
            if not (frame.stored or maker.needs_media):
                continue
            value = maker.see(frame if maker.needs_media else without_image)
            if value is None:
                continue
            if is_per_presentation(name) or not frame.stored:
                raise ValueError(f"layer {name!r} has no place for a value of frame {frame.number}")
            self.values[name].append((frame.number, encode_value(LAYERS[name], value)))

    def finish(self) -> list[str]:
        """Ends the presentation.

        Returns:
            The layers without any value.

        Raises:
            ValueError: A maker gave a value that does not fit its layer.
        """
        for name, maker in self._makers.items():
            value = maker.finish()
            if value is None:
                continue
            if not is_per_presentation(name):
                raise ValueError(f"layer {name!r} has no place for a value of the presentation")
            self.values[name].append((0, encode_value(LAYERS[name], value)))
        return [name for name, values in self.values.items() if not values]
