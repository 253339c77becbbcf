"""A run's folder: the names of its files, what is written there, what is read from it."""
