"""The pipeline from a raw dataset to a store: decode, follow the face, crop, compute maps, write shards."""
