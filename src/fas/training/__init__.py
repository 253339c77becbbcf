"""Experiments: compose the config, build the objects, fit, test, predict."""
