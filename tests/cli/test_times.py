from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from casare_cli.terminal.times import time_of_day
from casare_rpa.errors import InvalidInput


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as here:
        here.setitem(os.environ, "TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "now", "found"),
    [
        ("18:30", "2026-11-30T12:00", "2026-11-30T17:30"),
        ("9:05", "2026-11-30T12:00", "2026-12-01T08:05"),
        ("12:00", "2026-11-30T12:00", "2026-12-01T11:00"),
        # The day between has 25 hours, the clock shows the same.
        ("12:00", "2026-10-24T13:00", "2026-10-25T11:00"),
    ],
)
def test_a_clock_time_is_the_next_time_that_the_clock_shows_it(
    text: str, now: str, found: str
) -> None:
    wanted = datetime.fromisoformat(f"{found}Z")
    assert time_of_day(text, "--start-at", now=datetime.fromisoformat(now)) == wanted


def test_a_date_says_its_zone() -> None:
    assert time_of_day("2026-12-01T08:00+01:00", "--start-at").utcoffset() is not None
    assert time_of_day("2026-12-01T08:00Z", "--start-at").tzinfo is not None


@pytest.mark.parametrize("text", ["", "soon", "24:00", "7", "12:60", "2026-12-01T08:00", "18h30"])
def test_anything_else_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(InvalidInput, match="--start-at"):
        time_of_day(text, "--start-at")


@pytest.mark.parametrize("text", ["2027-01-01", "2027-01-01T08:00", "2027-01-01Z"])
def test_what_a_refusal_says_to_write_is_understood(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        time_of_day(text, "--start-at")
    words = str(refused.value.hint).removeprefix("Write ").rstrip(".").replace(", or", "").split()
    offered = [word for word in words if word[0] == "2"]
    assert offered
    for word in offered:
        assert time_of_day(word, "--start-at").tzinfo is not None
