"""Classifier: a backbone of timm with one linear layer, the baseline of every table."""

from fas.methods.classifier.module import Classifier

METHOD = Classifier

__all__ = ["METHOD", "Classifier"]
