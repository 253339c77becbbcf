"""Weights from other projects: what is known of each file, how to get it, and how to hold a network once it is here."""
