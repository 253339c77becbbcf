from __future__ import annotations

from fas.errors import first_line


def test_the_reason_of_another_package_is_one_line():
    assert first_line(ValueError("bad magic\nin line 3")) == "bad magic"
    assert first_line(AssertionError()) == "AssertionError"
