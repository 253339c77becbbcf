from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fas.errors import FasError
from fas.layers import LAYERS
from fas.store.codec import (
    codec_extension,
    decode_array,
    decode_image,
    encode_array,
    encode_image,
    encode_value,
    layer_extension,
)

sizes = st.integers(1, 20)
colour = st.tuples(sizes, sizes, st.just(3)).flatmap(lambda shape: arrays(np.uint8, shape))
grey = st.tuples(sizes, sizes).flatmap(lambda shape: arrays(np.uint8, shape))


@given(colour | grey)
def test_png_is_lossless(image: np.ndarray) -> None:
    decoded = decode_image(encode_image(image, "png"))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, image)


@given(colour)
def test_webp_is_lossless(image: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_image(encode_image(image, "webp")), image)


@pytest.mark.parametrize("codec", ["png", "webp", "jpeg100"])
def test_channels_are_red_green_blue(codec: str) -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[:] = (250, 120, 10)
    decoded = decode_image(encode_image(image, codec)).astype(int)
    assert np.abs(decoded - (250, 120, 10)).max() <= 2


def test_the_png_can_be_read_by_others() -> None:
    import matplotlib.image

    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    import io

    read = matplotlib.image.imread(io.BytesIO(encode_image(image)))
    np.testing.assert_array_equal(np.round(read * 255).astype(np.uint8), image)


def test_jpeg_keeps_colour_resolution_and_obeys_quality() -> None:
    # Columns of red and green of equal lightness: 4:2:0 would mix them to one colour.
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)
    image[:, 1::2] = (0, 130, 0)
    good, bad = encode_image(image, "jpeg95"), encode_image(image, "jpeg5")
    assert len(good) > len(bad)
    assert np.abs(decode_image(good).astype(int) - image).mean() < 5


def test_grey_jpeg_stays_grey() -> None:
    assert decode_image(encode_image(np.full((8, 8), 77, np.uint8), "jpeg90")).shape == (8, 8)


@pytest.mark.parametrize(
    ("codec", "extension"), [("png", "png"), ("webp", "webp"), ("jpeg1", "jpg"), ("jpeg100", "jpg")]
)
def test_extensions(codec: str, extension: str) -> None:
    assert codec_extension(codec) == extension


@pytest.mark.parametrize("codec", ["", "jpeg", "jpeg0", "jpeg101", "jpeg095", "jpg", "PNG", "bmp", "../png"])
def test_unknown_codecs_are_reported(codec: str) -> None:
    with pytest.raises(FasError, match="no codec"):
        codec_extension(codec)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)],
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not a uint8 image"):
        encode_image(image)


def test_grey_webp_is_refused() -> None:
    with pytest.raises(ValueError, match="WebP"):
        encode_image(np.zeros((4, 4), np.uint8), "webp")


@pytest.mark.parametrize("data", [b"", b"no image", encode_image(np.ones((9, 9, 3), np.uint8))[:-20]])
def test_what_is_not_a_whole_image_is_reported(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a whole image"):
        decode_image(data)


def test_arrays_survive() -> None:
    values = np.random.default_rng(0).normal(size=(468, 3)).astype(np.float32)
    decoded = decode_array(encode_array(values), LAYERS["mesh"])
    np.testing.assert_array_equal(decoded, values)
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(np.load(io.BytesIO(encode_array(values)), allow_pickle=False), values)


def test_every_cut_array_is_an_error() -> None:
    data = encode_array(np.zeros((2, 3), np.float32))
    for length in range(len(data)):
        with pytest.raises(ValueError, match="not a whole array"):
            decode_array(data[:length])


def test_pickles_and_archives_are_never_loaded() -> None:
    pickled, archive = io.BytesIO(), io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(archive, a=np.zeros(3))
    for buffer in (pickled, archive):
        with pytest.raises(ValueError, match="not a whole array"):
            decode_array(buffer.getvalue())


@pytest.mark.parametrize(
    ("layer", "values", "extension"),
    [
        ("rgb", np.zeros((4, 4, 3), np.uint8), "png"),
        ("depth", np.zeros((4, 4), np.uint8), "png"),
        ("mesh", np.zeros((468, 3), np.float32), "npy"),
    ],
)
def test_the_table_of_layers_decides_how_a_value_is_encoded(layer: str, values: np.ndarray, extension: str) -> None:
    assert layer_extension(LAYERS[layer]) == extension
    data = encode_value(LAYERS[layer], values)
    decoded = decode_array(data) if extension == "npy" else decode_image(data)
    np.testing.assert_array_equal(decoded, values)
    for wrong in (values[None], values.astype(np.float64), values[:0]):
        with pytest.raises(ValueError, match=f"a value of layer '{layer}' is"):
            encode_value(LAYERS[layer], wrong)
