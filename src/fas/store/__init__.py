"""The cached store: format, writer, reader, index, verify. Knows nothing of faces."""

from fas.store.codec import codec_extension, decode_image, encode_image
from fas.store.find import find_store, list_stores
from fas.store.index import PresentationTable, StoreIndex
from fas.store.reader import FrameReader
from fas.store.store import Store, recipe_hash

__all__ = [
    "FrameReader",
    "PresentationTable",
    "Store",
    "StoreIndex",
    "codec_extension",
    "decode_image",
    "encode_image",
    "find_store",
    "list_stores",
    "recipe_hash",
]
