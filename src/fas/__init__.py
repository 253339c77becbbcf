"""fas: an experiment suite for face anti-spoofing (presentation attack detection)."""

__version__ = "0.1.0"
