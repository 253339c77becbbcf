"""CNN and SVM: Yang, Lei and Li 2014, a convolutional network whose features a linear SVM classifies."""

from fas.methods.yang2014.cnn import Yang2014Cnn
from fas.methods.yang2014.svm import Yang2014

METHOD = Yang2014
PARTS = {"cnn": Yang2014Cnn}

__all__ = ["METHOD", "PARTS", "Yang2014", "Yang2014Cnn"]
