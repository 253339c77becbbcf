from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import PositiveInt

from fas.errors import FasError
from fas.training.arguments import check_arguments


class Thing:
    def __init__(
        self,
        *,
        size: int,
        rate: float = 0.5,
        kind: Literal["print", "replay"] = "print",
        channels: tuple[int, ...] = (1,),
        name: str | None = None,
        folder: Path | None = None,
        count: PositiveInt | None = None,
        extra: object = None,
    ) -> None: ...


def test_values_become_what_is_annotated():
    checked = check_arguments(
        Thing, {"size": 3, "rate": 1, "channels": [8, 12], "name": 7, "folder": "a/b"}, "model", ("extra",)
    )
    assert checked == {"size": 3, "rate": 1.0, "channels": (8, 12), "name": "7", "folder": Path("a/b")}
    assert isinstance(checked["rate"], float)


@pytest.mark.parametrize(
    ("settings", "says", "offers"),
    [
        ({"size": 3, "rat": 1}, "model has no key 'rat'", "did you mean rate"),
        ({"size": 3, "zzz": 1}, "model has no key 'zzz'", "keys: size, rate"),
        ({"size": 3, "extra": 1}, "model has no key 'extra'", ""),  # the caller's own
        ({}, "model lacks the key 'size'", ""),
        ({"size": "big"}, "size of model cannot be 'big': .*valid integer", ""),
        ({"size": 2.5}, "size of model cannot be 2.5", ""),
        ({"size": 3, "kind": "mask"}, "kind of model cannot be 'mask': .*'print' or 'replay'", ""),
        ({"size": 3, "channels": ["a"]}, "channels of model", ""),
        ({"size": 3, "count": 0}, "count of model cannot be 0: .*greater than 0", ""),
        ({"size": 3, "rate": None}, "rate of model cannot be None", ""),
        ([1, 2], "model must be a mapping", ""),
        (None, "model must be a mapping", ""),
    ],
)
def test_what_does_not_fit_is_said(settings, says, offers):
    with pytest.raises(FasError, match=says) as caught:
        check_arguments(Thing, settings, "model", ("extra",))
    assert offers in (caught.value.remedy or "")
