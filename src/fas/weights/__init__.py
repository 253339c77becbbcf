"""Weights from other projects: the table of files, fetching them, and holding loaded networks."""
