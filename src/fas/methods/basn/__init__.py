"""BASN: bipartite auxiliary supervision network, Kim et al. 2019."""

from fas.methods.basn.module import Basn

METHOD = Basn

__all__ = ["METHOD", "Basn"]
