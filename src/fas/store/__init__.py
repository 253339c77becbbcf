"""The cached store of frames: atomic shards, a memory-mapped index, verification. Knows nothing of faces."""
