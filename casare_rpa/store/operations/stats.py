"""The fleet's figures, each from an index: cheap enough to be asked for every second."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.operations.lanes import Pool, parts
from casare_rpa.store.tables import is_held, is_ready, is_waiting, jobs
from casare_rpa.store.tx import Tx, moment
from casare_rpa.wire import EndedStats, FleetStats, QueueStats

#: There is no index on the end of jobs. Those submitted last are the ones that end last, so this
#: many of each status are looked at.
_LOOKED_AT = 10_000
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMEOUT)
_LANES = (
    sa.select(jobs.c.lane, sa.func.count().label("pending"), sa.func.min(jobs.c.created_at))
    .where(is_ready)
    .group_by(jobs.c.lane)
)
_DELAYED = sa.select(sa.func.count()).select_from(jobs).where(is_waiting)
_RUNNING = sa.select(sa.func.count()).select_from(jobs).where(is_held)


def stats(tx: Tx, *, window_seconds: float) -> FleetStats:
    ended = {status.value: _ended(tx, status, window_seconds) for status in _ENDED}
    return FleetStats(
        at=moment(tx.now),
        queues=_queues(tx),
        delayed=int(tx.scalar(_DELAYED)),
        running=int(tx.scalar(_RUNNING)),
        window_seconds=window_seconds,
        ended=EndedStats(**ended),
        ended_is_exact=max(ended.values()) < _LOOKED_AT,
    )


def _queues(tx: Tx) -> list[QueueStats]:
    """The lanes of a pool, which differ in the tags that a robot must have, as one."""
    pending: dict[Pool, int] = {}
    oldest: dict[Pool, float] = {}
    for lane, count, created_at in tx.db.execute(_LANES):
        pool = parts(lane).pool
        pending[pool] = pending.get(pool, 0) + count
        oldest[pool] = min(oldest.get(pool, created_at), created_at)
    return [
        QueueStats(
            environment=name if kind == "env" else None,
            robot_id=name if kind == "robot" else None,
            pending=pending[kind, name],
            oldest_created_at=moment(oldest[kind, name]),
        )
        for kind, name in sorted(pending, key=lambda pool: (-pending[pool], pool))
    ]


def _ended(tx: Tx, status: JobStatus, window_seconds: float) -> int:
    latest = (
        sa.select(jobs.c.completed_at)
        .where(jobs.c.status == status.value)
        .order_by(jobs.c.created_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    since = tx.now - window_seconds
    query = sa.select(sa.func.count()).select_from(latest).where(latest.c.completed_at > since)
    return int(tx.scalar(query))
