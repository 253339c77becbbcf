"""LSTM-CNN: Xu, Li and Deng 2015, a small network for each frame of a clip and an LSTM over its features."""

from fas.methods.xu2015.cnn import Xu2015Cnn
from fas.methods.xu2015.lstm import Xu2015

METHOD = Xu2015
PARTS = {"cnn": Xu2015Cnn}

__all__ = ["METHOD", "PARTS", "Xu2015", "Xu2015Cnn"]
