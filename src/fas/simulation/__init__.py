"""Simulated presentation attacks, for those who have no dataset yet. Its output is never a result."""
