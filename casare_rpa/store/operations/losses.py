"""Attempts that end without an outcome: lost, given back, taken away (P7, P16).

A job with on_lost "fail" is never run again by itself once an attempt had started: nobody knows
what it has done. Before the start, which the server knows of at the first renewal, nothing ran.
"""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.domain.jobs import FailureReason, JobStatus, OnLost
from casare_rpa.store.operations import endings
from casare_rpa.store.operations.claims import offer_waiting
from casare_rpa.store.operations.revision import COLUMNS, Revision
from casare_rpa.store.operations.side_effects import traces
from casare_rpa.store.records import Change, Reaped
from casare_rpa.store.tables import is_held, jobs
from casare_rpa.store.tx import Row, Tx


def lose(revision: Revision, reason: str) -> None:
    """The attempt is gone without an outcome (P16)."""
    settings = revision.tx.settings
    crashes = revision.row["crashes"] + 1
    revision.set(crashes=crashes)
    if revision.row["cancel_requested"]:
        endings.cancel(revision, reason=reason, **traces(revision))
    elif _ends_the_job(revision):
        _fail(revision, reason, f"the robot was lost while the job ran ({reason})")
    elif crashes >= settings.max_crashes:
        _give_up(revision, reason, crashes)
    else:
        wait = revision.tx.backoff_seconds(crashes - 1)
        revision.back_to_queue(reason, wait_seconds=wait, crashes=crashes, **traces(revision))


def give_back(
    revision: Revision, reason: str, *, failure_reason: FailureReason = FailureReason.LEASE_LOST
) -> None:
    """Not the job's fault: nothing is counted against it and it waits for nothing."""
    if revision.row["cancel_requested"]:
        endings.cancel(revision, reason=reason, **traces(revision))
    elif _ends_the_job(revision):
        _fail(revision, failure_reason, f"the job was stopped in the middle ({reason})")
    else:
        releases = revision.row["releases"] + 1
        revision.set(releases=releases)
        revision.back_to_queue(reason, releases=releases, **traces(revision))


def _ends_the_job(revision: Revision) -> bool:
    return revision.status is JobStatus.RUNNING and revision.row["on_lost"] == OnLost.FAIL


def _fail(revision: Revision, reason: str, what: str) -> None:
    known = reason in (FailureReason.AGENT_LOST, FailureReason.AGENT_STOP)
    named = FailureReason(reason) if known else FailureReason.LEASE_LOST
    endings.fail(
        revision,
        named.value,
        error_message=f"{what}; on_lost is fail, so it is not run again by itself",
        error_code=named.name,
        failed_node_id=revision.value("current_node"),
        story=traces(revision),
    )


def _give_up(revision: Revision, reason: str, crashes: int) -> None:
    endings.fail(
        revision,
        FailureReason.CRASH_LIMIT.value,
        error_message=f"given up after {crashes} lost attempts; the last: {reason}",
        error_code=FailureReason.CRASH_LIMIT.name,
        failed_node_id=revision.value("current_node"),
        story={"crashes": crashes, **traces(revision)},
    )


def requeue_expired(tx: Tx) -> Reaped:
    offered = offer_waiting(tx)
    if offered:
        tx.changed(Change(kind="queue"))
    late = sa.or_(jobs.c.lease_until < tx.now, jobs.c.start_by < tx.now)
    query = sa.select(*COLUMNS).where(is_held, late).order_by(jobs.c.id).limit(500)
    became: dict[JobStatus, list[str]] = {}
    for row in tx.rows(query.with_for_update(skip_locked=True)):
        unstarted = row["start_by"] is not None and row["start_by"] < tx.now
        status = _revoke(tx, row, "not_started" if unstarted else "lease_lost")
        became.setdefault(status, []).append(row["id"])
    return Reaped(
        requeued=tuple(became.get(JobStatus.PENDING, ())),
        failed=tuple(became.get(JobStatus.FAILED, ())),
        cancelled=tuple(became.get(JobStatus.CANCELLED, ())),
    )


def _revoke(tx: Tx, row: Row, reason: str) -> JobStatus:
    revision = Revision(tx, row)
    lose(revision, reason)
    revision.end_lease("lost")
    revision.announce(Change(kind="lease", job_id=row["id"], robot_id=row["robot_id"]))
    revision.save()
    return revision.status


def revoke_leases_of(tx: Tx, robot_id: str, *, reason: str = "revoked") -> int:
    mine = sa.select(*COLUMNS).where(is_held, jobs.c.robot_id == robot_id)
    rows = tx.rows(mine.order_by(jobs.c.id).with_for_update())
    for row in rows:
        revision = Revision(tx, row)
        give_back(revision, reason)
        revision.end_lease("revoked")
        revision.announce(Change(kind="lease", job_id=row["id"], robot_id=robot_id))
        revision.save()
    return len(rows)
