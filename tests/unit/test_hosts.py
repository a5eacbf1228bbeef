from __future__ import annotations

import pytest

from casare_rpa.hosts import is_this_machine


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1"])
def test_these_are_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["", "127.evil.example", "x.localhost", "0.0.0.0", "10.0.0.1", "::2", "example.org"]
)
def test_these_may_be_others(host: str) -> None:
    assert not is_this_machine(host)
