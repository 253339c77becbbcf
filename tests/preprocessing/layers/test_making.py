from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fas.layers import LAYERS
from fas.preprocessing.acquire import FaceCrop
from fas.preprocessing.layers import MAKERS, make_makers
from fas.preprocessing.layers.maker import LayerMaker, SeenFrame
from fas.preprocessing.layers.making import Making
from fas.preprocessing.settings import LayerSettings
from fas.store.codec import decode_image
from tests.fakes.layers import TABLE
from tests.fakes.mesh import face_mesh

FACE = FaceCrop(np.full((64, 64, 3), 90, np.uint8), np.asarray(face_mesh(), np.float32), np.eye(2, 3))
FRAME = SeenFrame(3, None, True, FACE)


class Given(LayerMaker):
    """Gives what it was given."""

    def __init__(self, of_frame: NDArray[Any] | None = None, of_presentation: NDArray[Any] | None = None) -> None:
        self.settings = {}
        self._of_frame, self._of_presentation = of_frame, of_presentation

    def see(self, frame: SeenFrame) -> NDArray[Any] | None:
        return self._of_frame

    def finish(self) -> NDArray[Any] | None:
        return self._of_presentation


class GivenOfMedia(Given):
    needs_media = True


def test_every_optional_layer_has_a_maker_and_every_maker_a_layer() -> None:
    assert list(MAKERS) == [name for name, layer in LAYERS.items() if layer.optional]


def test_makers_give_what_the_table_says() -> None:
    making = Making(make_makers(MAKERS, LayerSettings(tuple(MAKERS), map_size=16)))
    making.see(FRAME)
    assert making.finish() == []
    for name, values in making.values.items():
        ((number, data),) = values
        image = decode_image(data)
        assert number == 3 and image.shape == ((16, 16) if LAYERS[name].channels == 1 else (16, 16, 3))


def test_frames_that_are_not_stored_go_to_makers_that_need_media() -> None:
    making = Making({"depth": Given(np.zeros((8, 8), np.uint8))})
    making.see(SeenFrame(0, None, False, FACE))
    assert making.finish() == ["depth"]


@pytest.mark.parametrize(
    ("layer", "maker", "frame", "message"),
    [
        ("depth", Given(np.zeros((8, 8, 3), np.uint8)), FRAME, r"uint8 \(H, W\), not uint8 \(8, 8, 3\)"),
        ("depth", Given(np.zeros((8, 8), np.float32)), FRAME, "not float32"),
        ("depth", Given(of_presentation=np.zeros((8, 8), np.uint8)), FRAME, "no place for a value of the presentation"),
        ("glow", Given(np.zeros(3, np.float32)), FRAME, "no place for a value of frame 3"),
        ("glow", Given(of_presentation=np.zeros((3, 3), np.float32)), FRAME, r"float32 \(N,\)"),
        ("depth", GivenOfMedia(np.zeros((8, 8), np.uint8)), SeenFrame(2, None, False, FACE), "no place for .* frame 2"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_of_the_maker(
    monkeypatch: pytest.MonkeyPatch, layer: str, maker: LayerMaker, frame: SeenFrame, message: str
) -> None:
    for more in TABLE:
        monkeypatch.setitem(LAYERS, more.name, more)
    making = Making({layer: maker})
    with pytest.raises(ValueError, match=message):
        making.see(frame)
        making.finish()
