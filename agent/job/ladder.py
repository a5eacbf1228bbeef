"""Ending a job's process in steps: ask, SIGTERM, SIGKILL, give up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

Step = Callable[[], None]


class Ladder:
    """Takes its steps one by one, *grace_seconds* apart, whenever `climb` is called in time."""

    def __init__(self, steps: Sequence[Step], grace_seconds: float) -> None:
        self._steps = list(steps)
        self._grace = grace_seconds
        self._next_at = time.monotonic()

    @property
    def exhausted(self) -> bool:
        """All steps were taken and the grace after the last one is over."""
        return not self._steps and time.monotonic() >= self._next_at

    def due_seconds(self) -> float:
        """Time until `climb` has something to do."""
        return max(0.0, self._next_at - time.monotonic())

    def climb(self) -> None:
        """Take the next step if its time has come."""
        if self._steps and time.monotonic() >= self._next_at:
            self._steps.pop(0)()
            self._next_at = time.monotonic() + self._grace
