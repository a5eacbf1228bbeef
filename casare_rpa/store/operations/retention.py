"""Old jobs are deleted with all that belongs to them, a few at a time."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Gone, NotFound
from casare_rpa.store import facts
from casare_rpa.store.tables import attempts, dead_letters, events, idempotency, jobs, side_events
from casare_rpa.store.tx import Tx

#: Rows of history that one transaction deletes at most, so that no other writer waits long.
_MOST_EVENTS = 20_000
_HORIZON = "pruned_before"
_FINISHED = sorted(status.value for status in JobStatus if status.finished)


def prune(tx: Tx, *, older_than_seconds: float, limit: int) -> int:
    before = tx.now - older_than_seconds
    oldest = sa.select(jobs.c.id, jobs.c.last_seq).where(*_ended(before))
    rows = tx.rows(oldest.order_by(jobs.c.created_at).limit(limit))
    ids: list[str] = []
    room = _MOST_EVENTS
    for row in rows:
        if ids and row["last_seq"] > room:
            break
        ids.append(row["id"])
        room -= row["last_seq"]
    if ids:
        _delete(tx, ids)
        horizon = max(before, float(facts.fact(tx, _HORIZON) or 0))
        facts.set_fact(tx, _HORIZON, repr(horizon))
    return len(ids)


def count(tx: Tx, *, older_than_seconds: float) -> int:
    ended = _ended(tx.now - older_than_seconds)
    return int(tx.scalar(sa.select(sa.func.count()).select_from(jobs).where(*ended)))


def _ended(before: float) -> tuple[sa.ColumnElement[bool], ...]:
    # A job that ended by then was made by then too: the index is by the time of making.
    return (
        jobs.c.status.in_(_FINISHED),
        jobs.c.created_at < before,
        jobs.c.completed_at < before,
    )


def _delete(tx: Tx, ids: list[str]) -> None:
    for column in (
        events.c.job_id,
        side_events.c.job_id,
        attempts.c.job_id,
        dead_letters.c.job_id,
        idempotency.c.job_id,
        jobs.c.id,
    ):
        tx.run(sa.delete(column.table).where(column.in_(ids)))


def missing(tx: Tx, job_id: str) -> NotFound:
    """What to raise for a job that is not there: an id says when it was made."""
    horizon = facts.fact(tx, _HORIZON)
    if horizon is not None and _made_at(job_id) < float(horizon):
        return Gone(f"job {job_id} is older than what is kept", hint="See retention_days.")
    return NotFound(f"there is no job {job_id!r}")


def _made_at(job_id: str) -> float:
    """The time in a UUID of version 7; without one it was never ours, and always later."""
    try:
        value = uuid.UUID(job_id)
    except ValueError:
        return float("inf")
    return (value.int >> 80) / 1000 if value.version == 7 else float("inf")
