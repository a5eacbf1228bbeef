"""How long to wait before trying again, and trying again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from casare_rpa.errors import CasareError, Unavailable


def backoff_seconds(
    attempt: int, *, first: float, most: float, jitter: Callable[[], float] = random.random
) -> float:
    """How long to wait before repeat number *attempt*, from 1: full jitter, at least 5 %."""
    ceiling: float = min(most, first * 2 ** min(attempt - 1, 30))
    return ceiling * max(0.05, jitter())


def call_until(
    call: Callable[[], Any],
    *,
    deadline_seconds: float,
    first: float = 0.2,
    most: float = 5.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """Repeat *call* while its error is retryable and the deadline has not passed."""
    end = time.monotonic() + deadline_seconds
    attempt = 0
    while True:
        try:
            return call()
        except CasareError as error:
            attempt += 1
            wait = backoff_seconds(attempt, first=first, most=most)
            if isinstance(error, Unavailable):
                wait = max(wait, error.retry_after_seconds)
            if not error.retryable or time.monotonic() + wait > end:
                raise
            sleep(wait)
