"""Scores files: our own format, those of others, and where scores come from."""
