"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable


def backoff_seconds(
    attempt: int, *, first: float, most: float, jitter: Callable[[], float] = random.random
) -> float:
    """How long to wait before repeat number *attempt*, from 1: full jitter, at least 5 %."""
    ceiling: float = min(most, first * 2 ** min(attempt - 1, 30))
    return ceiling * max(0.05, jitter())
