from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from agent.uplink.backoff import Backoff
from casare_rpa.errors import Unavailable, Unreachable


def backoff(jitter: float = 1.0, pause: threading.Event | None = None) -> Backoff:
    stop = pause or threading.Event()
    return Backoff(stop.wait, first_seconds=1, most_seconds=30, jitter=lambda: jitter)


def test_it_doubles_up_to_its_limit() -> None:
    waits = backoff()
    assert [waits.next_seconds(Unreachable("x")) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_success_begins_again() -> None:
    waits = backoff()
    for _ in range(5):
        waits.next_seconds(Unreachable("x"))
    waits.reset()
    assert waits.next_seconds(Unreachable("x")) == 1


@given(jitter=st.floats(0, 1, exclude_max=True), failures=st.integers(1, 200))
def test_jitter_is_full_but_never_nothing(jitter: float, failures: int) -> None:
    waits = backoff(jitter)
    waits.failures = failures - 1
    ceiling = min(30, 2 ** (failures - 1))
    assert 0.05 * ceiling <= waits.next_seconds(Unreachable("x")) <= ceiling


def test_what_the_server_asks_for_is_the_least() -> None:
    error = Unavailable("full", details={"retry_after_seconds": 17})
    assert backoff(0.0).next_seconds(error) == 17


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()
    stop.set()
    assert not Backoff(stop.wait, first_seconds=60, most_seconds=60).wait(Unreachable("x"))
