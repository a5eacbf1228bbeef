"""The fleet's figures, for those who watch it."""

from __future__ import annotations

from datetime import datetime

from casare_rpa.wire.base import Wire


class QueueStats(Wire):
    """Jobs that could run now, of one environment, or pinned to one robot."""

    environment: str | None = None
    robot_id: str | None = None
    pending: int
    oldest_created_at: datetime


class EndedStats(Wire):
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    timeout: int = 0


class FleetStats(Wire):
    at: datetime
    #: The longest first.
    queues: list[QueueStats]
    #: Jobs that are not due yet.
    delayed: int
    #: Jobs that a robot holds.
    running: int
    window_seconds: float
    #: Jobs that ended within the last window_seconds.
    ended: EndedStats
    #: False: so many ended that only the latest submitted were counted.
    ended_is_exact: bool = True
