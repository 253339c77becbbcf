from __future__ import annotations

import pytest

from tests.fakes.store import make_store


@pytest.fixture(scope="session")
def store_root(tmp_path_factory):
    """A folder with a store of 30 simulated presentations of three frames, depth and reflection; only read."""
    root = tmp_path_factory.mktemp("store")
    make_store(root)
    return root
