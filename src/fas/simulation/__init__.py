"""Simulated presentation attacks, for users without a dataset. Its output is never a result."""
