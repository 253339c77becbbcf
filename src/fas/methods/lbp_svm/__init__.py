"""LBP-SVM: histograms of local binary patterns of grey or colour channels, and a support vector machine."""

from fas.methods.lbp_svm.module import LbpSvm

METHOD = LbpSvm
