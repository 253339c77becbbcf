from __future__ import annotations

from pathlib import Path

from fas.weights.sources import PackageMember
from fas.weights.table import MODELS


def test_table_is_complete():
    for name, model in MODELS.items():
        assert name == model.name == Path(name).name
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence and model.content and model.needed_by and model.sources
        for source in model.sources:
            assert isinstance(source, PackageMember) or source.url.startswith("https://")
