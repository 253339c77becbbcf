"""From a store to batches: datasets, samplers, augmentation, the Lightning data module."""
