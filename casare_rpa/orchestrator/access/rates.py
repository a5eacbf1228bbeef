"""How often a key may call: one token bucket for each key and class of calls.

A bucket holds the calls of a minute and fills up evenly, so that a burst may use all of it at
once. The buckets are this process's own: several orchestrators allow as much each.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from casare_rpa.orchestrator.access.rules import RateClass
from casare_rpa.settings import Settings

#: Buckets remembered; the one that was used longest ago goes first, and is full when it is back.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a key may still do after this call."""

    limit: int
    remaining: int
    #: Until the bucket is full again.
    reset_seconds: float
    #: 0 when the call is allowed.
    wait_seconds: float

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset_seconds)),
        }


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Rates:
    """The buckets of one server."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = _limits(settings) if settings.rate_limits else {}
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, RateClass], _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key_id: str, rate: RateClass | None) -> Allowance | None:
        """Take one call out of the bucket; None where calls are not counted."""
        limit = self._limits.get(rate, 0) if rate else 0
        if not rate or not limit:
            return None
        bucket = self._filled((key_id, rate), limit)
        allowed = bucket.tokens >= 1
        bucket.tokens -= allowed
        per_second = limit / 60
        return Allowance(
            limit=limit,
            remaining=int(bucket.tokens),
            reset_seconds=(limit - bucket.tokens) / per_second,
            wait_seconds=0.0 if allowed else (1 - bucket.tokens) / per_second,
        )

    def _filled(self, name: tuple[str, RateClass], limit: int) -> _Bucket:
        """The bucket with what flowed into it since it was used last."""
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(limit, now))
        self._buckets.move_to_end(name)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(limit, bucket.tokens + (now - bucket.filled_at) * limit / 60)
        bucket.filled_at = now
        return bucket


def _limits(settings: Settings) -> dict[RateClass, int]:
    return {
        "read": settings.reads_per_minute,
        "write": settings.writes_per_minute,
        "admin": settings.admin_calls_per_minute,
        "ticket": settings.tickets_per_minute,
        "robot": settings.robot_calls_per_minute,
    }
