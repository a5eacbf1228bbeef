"""What services ask for when they are busy."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.nodes._pauses import seconds_in


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (0, 0.0),
        (1.5, 1.5),
        (" 30 ", 30.0),
        ("0.25", 0.25),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
        ([30], None),
        (-1, None),
        ("nan", None),
        (float("nan"), None),
        ("1e999", None),
        ("9" * 400, None),
    ],
)
def test_a_pause_is_a_number_of_seconds_or_none(asked: Any, seconds: float | None) -> None:
    assert seconds_in(asked) == seconds
