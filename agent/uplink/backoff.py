"""Waiting after a failed call: full jitter, doubling, and what the server asked for."""

from __future__ import annotations

import random
from collections.abc import Callable

from casare_rpa.errors import CasareError, Unavailable
from casare_rpa.retrying import backoff_seconds


class Backoff:
    """One loop's patience. `pause` waits so many seconds, and answers True when told to stop."""

    def __init__(
        self,
        pause: Callable[[float], bool],
        *,
        first_seconds: float,
        most_seconds: float,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pause = pause
        self._first = first_seconds
        self._most = most_seconds
        self._jitter = jitter
        self.failures = 0

    def reset(self) -> None:
        """A call succeeded: the next failure waits a short time again."""
        self.failures = 0

    def next_seconds(self, error: CasareError | None = None) -> float:
        """How long to wait after a failure: never less than the Retry-After of *error*."""
        self.failures += 1
        wait = backoff_seconds(
            self.failures, first=self._first, most=self._most, jitter=self._jitter
        )
        if isinstance(error, Unavailable):
            return max(wait, error.retry_after_seconds)
        return wait

    def wait(self, error: CasareError | None = None) -> bool:
        """Wait after a failure. False when told to stop meanwhile."""
        return not self._pause(self.next_seconds(error))
